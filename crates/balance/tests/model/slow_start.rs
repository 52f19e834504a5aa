//! Slow start: a member that comes back is picked little at first, and more and more.

use crate::drive::*;
use squall_balance::{AdminState, Algorithm, Arrival, Condition, Ejection, EventKind, MemberId, Pool};
use std::time::Duration;

fn rising(algorithm: Algorithm) -> Pool {
    let mut config = config(algorithm, &[3, 3]);
    config.slow_start = Duration::from_secs(10);
    config.ejection = Some(Ejection { failures: 1, base: Duration::from_secs(5), ..Ejection::default() });
    Pool::new(config, 0).expect("a pool")
}

/// How often of 1000 picks in each second member 0 is picked.
fn windows(pool: &mut Pool, begin: u64, seconds: u64) -> Vec<usize> {
    let picks = |second: u64| {
        let one = |number: u64| {
            let source: [u8; 8] = (second * 1_000 + number).to_le_bytes();
            let now = begin + second * SECOND + number * (SECOND / 1_000);
            let arrival =
                Arrival::new(second * 1_000 + number).source(squall_balance::Source::Bytes(&source));
            let member = pool.pick(now, arrival).member.expect("a member");
            pool.closed(now, member);
            member.index() == 0
        };
        (0..1_000).map(one).filter(|picked| *picked).count()
    };
    (0..seconds).map(picks).collect()
}

#[test]
fn picks_rise_from_a_tenth_to_the_full_share() {
    for algorithm in [Algorithm::RoundRobin, Algorithm::LeastConnections] {
        let mut pool = rising(algorithm);
        let member = id(&pool, 0);
        pool.set_admin(0, member, AdminState::Down);
        pool.set_admin(0, member, AdminState::Up);
        assert_eq!(pool.condition(member), Some(Condition::SlowStart));
        let picks = windows(&mut pool, 0, 12);
        assert!(picks[..11].is_sorted(), "{picks:?}");
        // From 0.1/1.1 to 0.19/1.19 of a thousand, about 125 in the middle.
        assert!((115..=135).contains(&picks[0]), "{picks:?}");
        assert_eq!(picks[11], 500);
        assert_eq!(pool.condition(member), Some(Condition::Up));
    }
}

#[test]
fn draws_and_sources_come_back_by_and_by() {
    for algorithm in [Algorithm::Random, Algorithm::P2c, Algorithm::SourceHash] {
        let mut pool = rising(algorithm);
        let member = id(&pool, 0);
        pool.set_admin(0, member, AdminState::Drain);
        pool.set_admin(0, member, AdminState::Up);
        let picks = windows(&mut pool, 0, 11);
        assert!((80..=180).contains(&picks[0]), "{algorithm}: {picks:?}");
        assert!((430..=570).contains(&picks[10]), "{algorithm}: {picks:?}");
    }
}

#[test]
fn a_source_that_came_back_during_the_rise_stays() {
    let mut pool = rising(Algorithm::SourceHash);
    let member = id(&pool, 0);
    pool.set_admin(0, member, AdminState::Down);
    pool.set_admin(0, member, AdminState::Up);
    let mut before: Vec<u64> = Vec::new();
    for now in (0..=10).map(|second| second * SECOND) {
        let mut is_there = |source: &u64| {
            let bytes = source.to_le_bytes();
            let source = squall_balance::Source::Bytes(&bytes);
            let picked = pool.pick(now, Arrival::new(1).source(source)).member.map(MemberId::index);
            picked == Ok(0)
        };
        let there: Vec<u64> = (0..2_000).filter(|source| is_there(source)).collect();
        assert!(before.iter().all(|source| there.contains(source)));
        assert!(there.len() > before.len());
        before = there;
    }
}

#[test]
fn it_begins_when_an_ejection_ends_and_tells_when_it_is_over() {
    let mut pool = rising(Algorithm::RoundRobin);
    let member = id(&pool, 0);
    fail(&mut pool, 0, member, 1);
    assert_eq!(pool.next_change(), Some(5 * SECOND));
    let told = pool.advance(7 * SECOND);
    assert_eq!(told.iter().map(|event| event.kind).collect::<Vec<_>>(), [EventKind::Readmitted]);
    assert_eq!(pool.condition(member), Some(Condition::SlowStart));
    assert_eq!(pool.next_change(), Some(15 * SECOND));
    let told = pool.advance(60 * SECOND);
    let told: Vec<_> = told.iter().map(|event| (event.at, event.kind)).collect();
    assert_eq!(told, [(15 * SECOND, EventKind::FullWeight)]);
    assert_eq!(pool.next_change(), None);
}

#[test]
fn what_was_over_long_ago_is_told_in_order() {
    let mut pool = rising(Algorithm::RoundRobin);
    for member in pool.members() {
        fail(&mut pool, member.index() as u64 * SECOND, member, 1);
    }
    let told = pool.advance(60 * SECOND);
    let told: Vec<_> = told.iter().map(|event| (event.at / SECOND, event.member.index())).collect();
    assert_eq!(told, [(5, 0), (6, 1), (15, 0), (16, 1)]);
}

#[test]
fn nobody_starts_slowly_at_the_beginning() {
    let pool = rising(Algorithm::RoundRobin);
    assert!(pool.members().all(|member| pool.condition(member) == Some(Condition::Up)));
}
