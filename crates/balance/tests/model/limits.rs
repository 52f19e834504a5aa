//! Limits, weights of nothing, and other attempts of a connection.

use crate::drive::*;
use squall_balance::{Algorithm, Arrival, Condition, MemberId, Pool};
use std::collections::BTreeSet;

#[test]
fn a_full_member_gets_nothing_until_a_connection_ends() {
    for algorithm in Algorithm::ALL {
        let mut config = config(algorithm, &[1, 1]);
        config.members[0].max_connections = Some(2);
        config.members[1].max_connections = Some(1);
        let mut pool = Pool::new(config, 0).expect("a pool");
        assert!((1..=3).all(|connection| open(&mut pool, 0, connection).is_some()), "{algorithm}");
        let none = pool.pick(0, Arrival::new(4)).member.expect_err("full");
        assert_eq!(none.to_string(), "no member can take the connection: 2 full");
        let freed = id(&pool, 1);
        pool.closed(0, freed);
        assert_eq!(open(&mut pool, 0, 5), Some(1), "{algorithm}");
    }
}

#[test]
fn a_failed_dial_gives_its_place_back() {
    let mut config = config(Algorithm::Random, &[1]);
    config.members[0].max_connections = Some(1);
    let mut pool = Pool::new(config, 0).expect("a pool");
    let member = id(&pool, 0);
    for connection in 1..=5 {
        assert_eq!(open(&mut pool, 0, connection), Some(0));
        assert_eq!(pool.condition(member), Some(Condition::Full));
        pool.connect_failed(0, member);
    }
}

#[test]
fn a_member_of_weight_0_is_never_picked() {
    for algorithm in Algorithm::ALL {
        let mut pool = pool(algorithm, &[0, 3, 0]);
        assert!((1..=50).all(|connection| open(&mut pool, 0, connection) == Some(1)), "{algorithm}");
        let tried = [id(&pool, 1)];
        let none = pool.pick(0, Arrival::new(51).tried(&tried)).member.expect_err("nobody");
        assert_eq!(none.to_string(), "no member can take the connection: 2 weightless, 1 tried");
        let heavier = id(&pool, 2);
        pool.set_weight(0, heavier, 1).expect("a weight");
        assert!((52..=200u64).any(|connection| {
            let source = connection.to_le_bytes();
            let arrival = Arrival::new(connection).source(squall_balance::Source::Bytes(&source));
            pool.pick(0, arrival).member == Ok(heavier)
        }));
    }
}

#[test]
fn attempts_go_through_all_members_once() {
    for algorithm in Algorithm::ALL {
        let mut pool = pool(algorithm, &[1, 7, 2, 1000, 3]);
        let mut tried: Vec<MemberId> = Vec::new();
        for attempt in 1..=5 {
            let pick = pool.pick(0, Arrival::new(9).tried(&tried));
            assert_eq!(pick.attempt, attempt);
            let member = pick.member.expect("a member that has not been tried");
            pool.connect_failed(0, member);
            tried.push(member);
        }
        assert_eq!(tried.iter().collect::<BTreeSet<_>>().len(), 5, "{algorithm}");
        let none = pool.pick(0, Arrival::new(9).tried(&tried)).member.expect_err("all tried");
        assert_eq!(none.to_string(), "no member can take the connection: 5 tried");
        assert!(open(&mut pool, 0, 10).is_some(), "another connection has tried nobody");
    }
}

#[test]
fn ids_of_another_pool_do_nothing() {
    let foreign = id(&pool(Algorithm::Random, &[1; 9]), 8);
    let mut pool = pool(Algorithm::Random, &[1]);
    let before = pool.snapshot();
    assert_eq!(pool.connect_failed(0, foreign), []);
    assert_eq!(pool.closed(0, foreign), []);
    assert_eq!(pool.connected(0, foreign), []);
    assert_eq!(pool.probe_done(0, foreign, false), []);
    assert_eq!(pool.begin_probe(0, foreign), None);
    assert_eq!((pool.condition(foreign), pool.member_name(foreign)), (None, ""));
    assert!(pool.set_weight(0, foreign, 1).is_err());
    assert_eq!(pool.snapshot(), before);
    assert!(pool.pick(0, Arrival::new(1).tried(&[foreign])).member.is_ok());
}
