//! Ejection: dials that fail in a row take a member out for base times n, at most so long.

use crate::drive::*;
use squall_balance::{Algorithm, Condition, Ejection, EventKind, Pool};
use std::time::Duration;

const RULE: Ejection = Ejection {
    failures: 3,
    base: Duration::from_secs(10),
    max: Duration::from_secs(35),
    quiet: Duration::from_secs(60),
};

fn ejecting() -> Pool {
    let mut config = config(Algorithm::RoundRobin, &[1, 1]);
    config.ejection = Some(RULE);
    Pool::new(config, 0).expect("a pool")
}

/// Fails a member at `now` until it is ejected; for how many seconds that is.
fn eject(pool: &mut Pool, now: u64) -> u64 {
    let member = id(pool, 0);
    match fail(pool, now, member, 3).as_slice() {
        [.., EventKind::Ejected { until, .. }] => (until - now) / SECOND,
        other => panic!("no ejection but {other:?}"),
    }
}

#[test]
fn the_time_grows_by_the_base_up_to_the_most() {
    let mut pool = ejecting();
    let mut now = SECOND;
    let lengths: Vec<u64> = (0..6)
        .map(|_| {
            let length = eject(&mut pool, now);
            now += length * SECOND;
            length
        })
        .collect();
    assert_eq!(lengths, [10, 20, 30, 35, 35, 35]);
    assert_eq!(pool.snapshot().members[0].ejections, 6);
    assert_eq!(pool.snapshot().members[0].failures, 18);
}

#[test]
fn quiet_time_in_service_makes_up_for_ejections() {
    let mut pool = ejecting();
    assert_eq!(eject(&mut pool, 0), 10);
    assert_eq!(eject(&mut pool, 10 * SECOND), 20);
    // Back at 30 s; a minute short of a nanosecond makes up for nothing.
    assert_eq!(eject(&mut pool, 90 * SECOND - 1), 30);
    // Back just before 120 s; two minutes make up for two.
    assert_eq!(eject(&mut pool, 240 * SECOND), 20);
    assert_eq!(eject(&mut pool, 5_000 * SECOND), 10);
}

#[test]
fn one_success_breaks_the_row() {
    let mut pool = ejecting();
    let member = id(&pool, 0);
    assert_eq!(fail(&mut pool, 0, member, 2), []);
    pool.connected(0, member);
    assert_eq!(fail(&mut pool, 0, member, 2), []);
    assert_eq!(fail(&mut pool, 0, member, 1), [EventKind::Ejected { until: 10 * SECOND, times: 1 }]);
}

#[test]
fn an_ejected_member_comes_back_when_its_time_is_over_and_says_so() {
    let mut pool = ejecting();
    let member = id(&pool, 0);
    eject(&mut pool, 0);
    assert_eq!(pool.condition(member), Some(Condition::Ejected));
    assert_eq!(pool.next_change(), Some(10 * SECOND));
    assert!((1..=4).all(|connection| open(&mut pool, 10 * SECOND - 1, connection) == Some(1)));
    let pick = pool.pick(12 * SECOND, squall_balance::Arrival::new(5));
    let told: Vec<(u64, EventKind)> = pick.events.iter().map(|event| (event.at, event.kind)).collect();
    assert_eq!(told, [(10 * SECOND, EventKind::Readmitted)]);
    assert_eq!((pool.condition(member), pool.next_change()), (Some(Condition::Up), None));
    let both: Vec<_> = (6..=7).filter_map(|connection| open(&mut pool, 12 * SECOND, connection)).collect();
    assert!(both.contains(&0));
}

#[test]
fn dials_that_fail_during_an_ejection_do_not_prolong_it() {
    let mut pool = ejecting();
    let member = id(&pool, 0);
    eject(&mut pool, 0);
    assert_eq!(fail(&mut pool, SECOND, member, 10), []);
    assert_eq!(fail(&mut pool, 10 * SECOND, member, 2), [EventKind::Readmitted]);
    assert_eq!(pool.condition(member), Some(Condition::Up));
}

#[test]
fn without_a_rule_nobody_is_ejected() {
    let mut pool = pool(Algorithm::RoundRobin, &[1]);
    let member = id(&pool, 0);
    assert_eq!(fail(&mut pool, 0, member, 1_000), []);
    assert_eq!(pool.snapshot().members[0].failures, 1_000);
}
