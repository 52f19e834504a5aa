//! Pools that become others: who stays, who comes, who leaves, and what is known of each.

use crate::drive::*;
use proptest::prelude::*;
use squall_balance::{
    AdminState, Algorithm, Arrival, Condition, Ejection, Event, EventKind, HealthCheck, MemberConfig,
    MemberId, Pool, PoolConfig, PoolError,
};
use std::time::Duration;

/// Members by name and weight.
fn of(algorithm: Algorithm, members: &[(&str, u32)]) -> PoolConfig {
    let member = |(name, weight): &(&str, u32)| MemberConfig::new(*name).weight(*weight);
    PoolConfig::new(algorithm, members.iter().map(member).collect())
}

fn turns(members: &[(&str, u32)]) -> PoolConfig {
    of(Algorithm::RoundRobin, members)
}

fn change(pool: &mut Pool, config: PoolConfig) -> Vec<Event> {
    pool.reconfigure(0, config, &[], true).expect("a pool")
}

fn kinds(events: &[Event]) -> Vec<EventKind> {
    events.iter().map(|event| event.kind).collect()
}

fn names(pool: &Pool) -> Vec<String> {
    pool.snapshot().members.into_iter().map(|member| member.name).collect()
}

fn name_of(pool: &mut Pool, connection: u64) -> String {
    let member = pool.pick(0, Arrival::new(connection)).member.expect("a member");
    pool.member_name(member).to_owned()
}

#[test]
fn a_member_that_leaves_keeps_what_it_has_and_gets_nothing_new() {
    let mut pool = Pool::new(turns(&[("a", 1), ("b", 1)]), 0).expect("a pool");
    let a = pool.find("a").expect("a member");
    assert_eq!((open(&mut pool, 0, 1), open(&mut pool, 0, 2)), (Some(0), Some(1)));
    assert_eq!(kinds(&change(&mut pool, turns(&[("b", 1)]))), [EventKind::Left]);
    assert!((3..9).all(|connection| name_of(&mut pool, connection) == "b"));
    assert_eq!((names(&pool), pool.find("a"), pool.condition(a)), (vec!["b".to_owned()], None, None));
    assert_eq!((pool.active(a), pool.departure(a), pool.departed(1)), (1, Some(1), Some(a)));
    // A dial that fails now ejects nobody.
    assert_eq!(fail(&mut pool, 0, a, 1), [EventKind::Drained]);
}

#[test]
fn a_member_without_connections_has_left_at_once_and_its_id_is_free() {
    let mut pool = Pool::new(turns(&[("a", 1), ("b", 1)]), 0).expect("a pool");
    let b = pool.find("b").expect("a member");
    assert_eq!(kinds(&change(&mut pool, turns(&[("a", 1)]))), [EventKind::Left, EventKind::Drained]);
    assert_eq!(kinds(&change(&mut pool, turns(&[("a", 1), ("c", 1)]))), [EventKind::Joined]);
    assert_eq!((pool.find("c"), pool.departed(1)), (Some(b), None));
    // Where ids are written down, each is that of one member for ever.
    let mut pool = Pool::new(turns(&[("a", 1), ("b", 1)]), 0).expect("a pool");
    for config in [turns(&[("a", 1)]), turns(&[("a", 1), ("c", 1)])] {
        pool.reconfigure(0, config, &[], false).expect("a pool");
    }
    assert_eq!(pool.find("c").map(MemberId::index), Some(2));
}

#[test]
fn those_that_come_share_with_those_that_stay_by_weight() {
    for algorithm in Algorithm::ALL {
        let mut pool = Pool::new(of(algorithm, &[("a", 1), ("b", 1)]), 0).expect("a pool");
        let warm = (1..=7).filter_map(|connection| touch(&mut pool, 0, connection));
        assert_eq!(warm.count(), 7);
        change(&mut pool, of(algorithm, &[("b", 1), ("c", 2)]));
        let mut seen = [0_u32; 2];
        for connection in 8..1_008 {
            let source = std::net::IpAddr::from([10, 0, (connection / 256) as u8, connection as u8]);
            let member = pool.pick(0, Arrival::new(connection).source(source)).member.expect("a member");
            seen[usize::from(pool.member_name(member) == "c")] += 1;
            pool.closed(0, member);
        }
        let [b, c] = seen;
        let even = matches!(algorithm, Algorithm::RoundRobin);
        assert!(b + c == 1_000 && c > 550 && b > 200, "{algorithm:?}: {seen:?}");
        assert!(!even || b.abs_diff(333) <= 1, "{algorithm:?}: {seen:?}");
    }
}

#[test]
fn an_operators_wishes_hold_until_the_configuration_says_otherwise() {
    let mut pool = Pool::new(turns(&[("a", 1), ("b", 1)]), 0).expect("a pool");
    let a = pool.find("a").expect("a member");
    pool.set_weight(0, a, 7).expect("a weight");
    pool.set_admin(0, a, AdminState::Drain);
    assert_eq!(change(&mut pool, turns(&[("a", 1), ("b", 1), ("c", 1)])).len(), 1);
    let member = |pool: &Pool| pool.snapshot().members[0].clone();
    assert_eq!((member(&pool).weight, member(&pool).admin), (7, AdminState::Drain));
    assert_eq!(kinds(&change(&mut pool, turns(&[("a", 2), ("b", 1), ("c", 1)]))), [EventKind::Weight(2)]);
    assert_eq!((member(&pool).weight, member(&pool).admin), (2, AdminState::Drain));
    assert_eq!(change(&mut pool, turns(&[("c", 1), ("b", 1), ("a", 2)])), [], "the order alone is nothing");
}

#[test]
fn a_member_that_has_moved_is_another_server_of_which_the_same_is_wanted() {
    let mut config = turns(&[("a", 1), ("b", 1)]);
    config.ejection = Some(Ejection { failures: 2, ..Ejection::default() });
    let mut pool = Pool::new(config.clone(), 0).expect("a pool");
    let old = pool.find("a").expect("a member");
    open(&mut pool, 0, 1);
    pool.set_weight(0, old, 5).expect("a weight");
    fail(&mut pool, 0, old, 2);
    assert_eq!(pool.condition(old), Some(Condition::Ejected));
    let events = pool.reconfigure(0, config, &["a"], true).expect("a pool");
    assert_eq!(kinds(&events), [EventKind::Left, EventKind::Drained, EventKind::Joined]);
    let new = pool.find("a").expect("a member");
    let shown = pool.snapshot().members.into_iter().find(|member| member.name == "a").expect("shown");
    assert!(new != old && pool.condition(new) == Some(Condition::Up));
    assert_eq!((shown.weight, shown.picks, shown.failures, shown.ejections), (5, 1, 2, 1));
}

#[test]
fn rules_change_for_members_that_stay() {
    let seconds = Duration::from_secs;
    let mut pool = Pool::new(turns(&[("a", 1), ("b", 1)]), 0).expect("a pool");
    let a = pool.find("a").expect("a member");
    let mut config = turns(&[("a", 1), ("b", 1)]);
    config.ejection = Some(Ejection { failures: 1, ..Ejection::default() });
    config.slow_start = seconds(10);
    config.members[1].max_connections = Some(1);
    change(&mut pool, config);
    fail(&mut pool, 0, a, 1);
    assert_eq!(pool.condition(a), Some(Condition::Ejected));
    assert_eq!((open(&mut pool, 0, 1), open(&mut pool, 0, 2)), (Some(1), None), "one is full");
    // No ejections any more: whoever is out comes back, and begins a slow start.
    let mut config = turns(&[("a", 1), ("b", 1)]);
    config.slow_start = seconds(10);
    assert_eq!(kinds(&change(&mut pool, config)), [EventKind::Readmitted]);
    assert_eq!(pool.condition(a), Some(Condition::SlowStart));
    // No slow starts either.
    assert_eq!(kinds(&change(&mut pool, turns(&[("a", 1), ("b", 1)]))), [EventKind::FullWeight]);
    assert_eq!(pool.condition(a), Some(Condition::Up));
}

#[test]
fn probes_begin_end_and_go_on_by_other_rules() {
    let check = |fall| HealthCheck { interval: Duration::from_secs(1), fall, ..HealthCheck::default() };
    let with = |health| PoolConfig { health, ..turns(&[("a", 1), ("b", 1)]) };
    let mut pool = Pool::new(with(None), 0).expect("a pool");
    let a = pool.find("a").expect("a member");
    assert_eq!(pool.next_probe(), None);
    change(&mut pool, with(Some(check(2))));
    assert!(pool.next_probe().is_some_and(|(at, _)| at < SECOND));
    assert_eq!(pool.begin_probe(SECOND, a).map(|probe| probe.number), Some(1));
    assert_eq!(pool.probe_done(SECOND, a, false), []);
    // One failure is known already; by the new rule the next one is enough, as it was by the old.
    change(&mut pool, with(Some(check(1))));
    assert!(pool.begin_probe(2 * SECOND, a).is_some());
    assert_eq!(kinds(&pool.probe_done(2 * SECOND, a, false)), [EventKind::Unhealthy]);
    change(&mut pool, with(None));
    assert_eq!((pool.next_probe(), pool.condition(a)), (None, Some(Condition::Up)));
}

#[test]
fn a_member_that_has_left_is_not_probed_and_its_id_waits_for_the_probe_under_way() {
    let health = Some(HealthCheck { interval: Duration::from_secs(1), ..HealthCheck::default() });
    let with = |members: &[(&str, u32)]| PoolConfig { health, ..turns(members) };
    let mut pool = Pool::new(with(&[("a", 1), ("b", 1)]), 0).expect("a pool");
    let a = pool.find("a").expect("a member");
    assert!(pool.begin_probe(SECOND, a).is_some());
    change(&mut pool, with(&[("b", 1)]));
    change(&mut pool, with(&[("b", 1), ("c", 1)]));
    assert_eq!(pool.find("c").map(MemberId::index), Some(2));
    assert_eq!(pool.probe_done(SECOND, a, false), []);
    assert!(pool.next_probe_of(a).is_none() && pool.begin_probe(9 * SECOND, a).is_none());
    assert!(pool.next_probe().is_some_and(|(_, next)| next != a));
}

#[test]
fn a_wrong_configuration_changes_nothing() {
    let mut pool = Pool::new(turns(&[("a", 1)]), 0).expect("a pool");
    let before = pool.snapshot();
    assert_eq!(pool.reconfigure(0, turns(&[]), &[], true), Err(PoolError::NoMembers));
    assert!(pool.reconfigure(0, turns(&[("b", 1), ("b", 1)]), &[], true).is_err());
    assert_eq!(pool.snapshot(), before);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whoever comes and goes, only members are picked, their weights are honoured, and what they have is counted until it ends.
    #[test]
    fn only_members_are_picked_and_nothing_is_lost_count_of(
        algorithm in prop::sample::select(Algorithm::ALL.to_vec()),
        stretches in prop::collection::vec((1u8..=255, 0usize..20, any::<u64>()), 1..12),
    ) {
        const NAMES: [&str; 8] = ["a", "b", "c", "d", "e", "f", "g", "h"];
        let chosen = |mask: u8| -> Vec<(&str, u32)> {
            let present = NAMES.into_iter().enumerate().filter(|(index, _)| mask >> index & 1 == 1);
            present.map(|(index, name)| (name, index as u32 % 3 + 1)).collect()
        };
        let mut pool = Pool::new(of(algorithm, &chosen(stretches[0].0)), 0).expect("a pool");
        let mut open: Vec<MemberId> = Vec::new();
        let mut connection = 0;
        for (mask, picks, dice) in stretches {
            let wanted = chosen(mask);
            let moved: Vec<&str> = wanted.iter().map(|(name, _)| *name).filter(|_| dice & 1 == 1).take(2).collect();
            pool.reconfigure(0, of(algorithm, &wanted), &moved, dice & 2 == 2).expect("a pool");
            let mut shown = names(&pool);
            shown.sort();
            prop_assert_eq!(shown, wanted.iter().map(|(name, _)| name.to_string()).collect::<Vec<_>>());
            for _ in 0..picks {
                connection += 1;
                let member = pool.pick(0, Arrival::new(connection)).member.expect("all are up");
                prop_assert!(wanted.iter().any(|(name, _)| *name == pool.member_name(member)));
                open.push(member);
                if connection % 3 == dice % 3 {
                    pool.closed(0, open.swap_remove(dice as usize % open.len()));
                }
            }
            for member in &open {
                prop_assert_eq!(pool.active(*member), open.iter().filter(|other| *other == member).count() as u64);
            }
        }
    }
}
