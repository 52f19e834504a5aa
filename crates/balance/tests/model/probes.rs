//! Active health: when members are probed, and what results do.

use crate::drive::*;
use squall_balance::{Algorithm, Condition, EventKind, HealthCheck, MemberId, Pool};
use std::collections::BTreeSet;
use std::time::Duration;

const CHECK: HealthCheck =
    HealthCheck { interval: Duration::from_secs(4), timeout: Duration::from_secs(1), rise: 2, fall: 3 };

fn probed(members: usize, seed: u64) -> Pool {
    let mut config = config(Algorithm::RoundRobin, &vec![1; members]);
    config.health = Some(CHECK);
    config.seed = seed;
    Pool::new(config, 100).expect("a pool")
}

/// Carries out the next probe of a member: it takes a millisecond.
fn probe(pool: &mut Pool, member: MemberId, ok: bool) -> Vec<EventKind> {
    let at = pool.next_probe_of(member).expect("no probe is under way");
    assert!(pool.begin_probe(at, member).is_some(), "it is due");
    pool.probe_done(at + 1_000_000, member, ok).iter().map(|event| event.kind).collect()
}

#[test]
fn results_in_a_row_make_a_member_unhealthy_and_healthy() {
    let mut pool = probed(2, 0);
    let member = id(&pool, 0);
    for ok in [false, false, true, false, false] {
        assert_eq!(probe(&mut pool, member, ok), []);
    }
    assert_eq!(probe(&mut pool, member, false), [EventKind::Unhealthy]);
    assert_eq!(pool.condition(member), Some(Condition::Unhealthy));
    assert!((1..=5).all(|connection| open(&mut pool, 0, connection) == Some(1)));
    for ok in [false, true, false, true] {
        assert_eq!(probe(&mut pool, member, ok), []);
    }
    assert_eq!(probe(&mut pool, member, true), [EventKind::Healthy]);
    assert_eq!(pool.condition(member), Some(Condition::Up));
    assert!(pool.snapshot().members[0].healthy);
}

#[test]
fn first_probes_are_spread_over_the_first_interval_by_the_seed() {
    let firsts = |seed| -> Vec<u64> {
        let pool = probed(20, seed);
        pool.members().filter_map(|member| pool.next_probe_of(member)).collect()
    };
    let interval = 4 * SECOND;
    assert!(firsts(1).iter().all(|at| (100..100 + interval).contains(at)));
    assert_eq!(firsts(1).iter().collect::<BTreeSet<_>>().len(), 20);
    let halves = firsts(1).iter().filter(|at| **at < 100 + interval / 2).count();
    assert!((4..=16).contains(&halves), "{halves} of 20 in the first half");
    assert_eq!(firsts(1), firsts(1));
    assert_ne!(firsts(1), firsts(2));
}

#[test]
fn probes_keep_their_cadence_and_wait_for_one_another() {
    let mut pool = probed(1, 0);
    let member = id(&pool, 0);
    let first = pool.next_probe_of(member).expect("a probe");
    assert_eq!(pool.begin_probe(first - 1, member), None, "not due");
    let running = pool.begin_probe(first, member).expect("due");
    assert_eq!((running.number, running.deadline), (1, first + SECOND));
    assert_eq!(pool.next_probe(), None);
    assert_eq!(pool.begin_probe(first + 9 * SECOND, member), None, "one is under way");
    pool.probe_done(first + SECOND / 2, member, true);
    assert_eq!(pool.next_probe(), Some((first + 4 * SECOND, member)));
    // A probe that takes longer than the interval puts the next one off.
    let second = pool.begin_probe(first + 4 * SECOND, member).expect("due");
    assert_eq!(second.number, 2);
    pool.probe_done(first + 11 * SECOND, member, false);
    assert_eq!(pool.next_probe_of(member), Some(first + 11 * SECOND));
}

#[test]
fn the_next_probe_of_all_is_the_earliest() {
    let mut pool = probed(10, 3);
    let mut last = 0;
    for _ in 0..50 {
        let (at, member) = pool.next_probe().expect("a probe");
        assert!(at >= last);
        last = at;
        assert!(pool.begin_probe(at, member).is_some());
        pool.probe_done(at, member, true);
    }
}

#[test]
fn a_success_after_the_deadline_is_a_failure() {
    let mut pool = probed(1, 0);
    let member = id(&pool, 0);
    let mut told = Vec::new();
    for _ in 0..3 {
        let at = pool.next_probe_of(member).expect("a probe");
        let running = pool.begin_probe(at, member).expect("due");
        told = pool.probe_done(running.deadline + 1, member, true);
    }
    assert_eq!(told.iter().map(|event| event.kind).collect::<Vec<_>>(), [EventKind::Unhealthy]);
}

#[test]
fn results_that_nobody_waits_for_are_ignored() {
    let mut pool = probed(1, 0);
    let member = id(&pool, 0);
    for _ in 0..10 {
        assert_eq!(pool.probe_done(0, member, false), []);
    }
    assert_eq!(pool.condition(member), Some(Condition::Up));
}

#[test]
fn without_health_checks_there_are_no_probes() {
    let mut pool = pool(Algorithm::RoundRobin, &[1]);
    let member = id(&pool, 0);
    assert_eq!((pool.next_probe(), pool.begin_probe(SECOND, member)), (None, None));
}
