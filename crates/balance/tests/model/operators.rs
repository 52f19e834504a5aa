//! What operators ask for: drain, down, up, another weight.

use crate::drive::*;
use squall_balance::{AdminState, Algorithm, Condition, Event, EventKind, UnknownAdminState};

fn kinds(events: &[Event]) -> Vec<EventKind> {
    events.iter().map(|event| event.kind).collect()
}

#[test]
fn a_drained_member_keeps_what_it_has_and_tells_when_that_is_gone() {
    let mut pool = pool(Algorithm::RoundRobin, &[1, 1]);
    for connection in 1..=4 {
        open(&mut pool, 0, connection);
    }
    let member = id(&pool, 0);
    assert_eq!(kinds(&pool.set_admin(0, member, AdminState::Drain)), [EventKind::Admin(AdminState::Drain)]);
    assert!((5..=9).all(|connection| open(&mut pool, 0, connection) == Some(1)));
    assert_eq!(pool.snapshot().members[0].active, 2);
    assert_eq!(pool.closed(0, member), []);
    assert_eq!(kinds(&pool.closed(0, member)), [EventKind::Drained]);
    assert_eq!(pool.closed(0, member), []);
}

#[test]
fn a_member_without_connections_is_drained_at_once() {
    let mut pool = pool(Algorithm::RoundRobin, &[1]);
    let member = id(&pool, 0);
    let told = kinds(&pool.set_admin(0, member, AdminState::Drain));
    assert_eq!(told, [EventKind::Admin(AdminState::Drain), EventKind::Drained]);
    assert_eq!(pool.set_admin(0, member, AdminState::Drain), [], "nothing new");
}

#[test]
fn a_member_that_is_put_back_is_picked_again() {
    for state in [AdminState::Drain, AdminState::Down] {
        let mut pool = pool(Algorithm::LeastConnections, &[1, 1]);
        let member = id(&pool, 1);
        pool.set_admin(0, member, state);
        assert!((1..=3).all(|connection| open(&mut pool, 0, connection) == Some(0)));
        pool.set_admin(0, member, AdminState::Up);
        assert!((4..=6).all(|connection| open(&mut pool, 0, connection) == Some(1)));
    }
}

#[test]
fn another_weight_counts_from_the_next_pick() {
    let mut pool = pool(Algorithm::RoundRobin, &[1, 1]);
    let heavier = id(&pool, 1);
    let told = kinds(&pool.set_weight(0, heavier, 9).expect("a weight"));
    assert_eq!(told, [EventKind::Weight(9)]);
    assert_eq!(pool.set_weight(0, heavier, 9), Ok(vec![]), "nothing new");
    let picks = (1..=100).filter(|connection| open(&mut pool, 0, *connection) == Some(1));
    assert_eq!(picks.count(), 90);
    let message = pool.set_weight(0, heavier, 1001).expect_err("too much").to_string();
    assert_eq!(message, "member m1: the weight 1001 is not among 0 to 1000");
    assert_eq!(pool.snapshot().members[1].weight, 9);
}

#[test]
fn with_all_members_down_there_is_no_pick_and_the_reason_says_so() {
    for algorithm in Algorithm::ALL {
        let mut pool = pool(algorithm, &[1, 2, 3]);
        for member in pool.members() {
            pool.set_admin(0, member, AdminState::Down);
        }
        let first = id(&pool, 0);
        pool.set_admin(0, first, AdminState::Drain);
        let none = pool.pick(0, squall_balance::Arrival::new(1)).member.expect_err("nobody");
        assert_eq!(none.to_string(), "no member can take the connection: 2 down, 1 drain");
        assert_eq!(none.conditions[&Condition::Down], 2);
        assert_eq!((pool.snapshot().picks, pool.snapshot().unanswered), (0, 1));
    }
}

#[test]
fn states_read_and_show_as_their_names() {
    for state in AdminState::ALL {
        assert_eq!(state.to_string().parse(), Ok(state));
        assert_eq!(serde_json::to_value(state).expect("a word"), state.name());
    }
    assert_eq!("gone".parse::<AdminState>(), Err(UnknownAdminState("gone".to_owned())));
}

#[test]
fn events_read_as_the_end_of_a_sentence() {
    let shown = |kind: EventKind| format!("member a {kind}");
    assert_eq!(shown(EventKind::Ejected { until: 1, times: 1 }), "member a is ejected");
    assert_eq!(shown(EventKind::Ejected { until: 1, times: 3 }), "member a is ejected, for 3 times as long");
    assert_eq!(shown(EventKind::Admin(AdminState::Down)), "member a is set to down");
    assert_eq!(shown(EventKind::Weight(7)), "member a has the weight 7");
}
