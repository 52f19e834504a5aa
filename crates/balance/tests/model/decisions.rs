//! The decision log: one line of JSON for each pick, without a time.

use crate::drive::*;
use squall_balance::{AdminState, Algorithm, Arrival, Decision};

#[test]
fn a_pick_is_a_line_with_its_connection_attempt_and_member() {
    let mut pool = pool(Algorithm::RoundRobin, &[1, 1]);
    let pick = pool.pick(0, Arrival::new(7));
    let line = serde_json::to_string(&pool.decision(&pick)).expect("a line");
    assert_eq!(line, r#"{"balancer":"balance","connection":7,"attempt":1,"member":"m0"}"#);
    let tried = [id(&pool, 0)];
    let pick = pool.pick(0, Arrival::new(7).tried(&tried));
    let line = serde_json::to_string(&pool.decision(&pick)).expect("a line");
    assert_eq!(line, r#"{"balancer":"balance","connection":7,"attempt":2,"member":"m1"}"#);
}

#[test]
fn p2c_tells_both_candidates() {
    let mut pool = pool(Algorithm::P2c, &[1, 1]);
    let pick = pool.pick(0, Arrival::new(1));
    let decision = pool.decision(&pick);
    assert_eq!(decision.candidates.len(), 2);
    assert_eq!(decision.member.as_ref(), decision.candidates.first());
}

#[test]
fn a_pick_of_nobody_tells_why() {
    let mut pool = pool(Algorithm::P2c, &[1, 1, 1]);
    let [first, second] = [id(&pool, 0), id(&pool, 1)];
    pool.set_admin(0, first, AdminState::Down);
    pool.set_admin(0, second, AdminState::Drain);
    let tried = [id(&pool, 2)];
    let pick = pool.pick(0, Arrival::new(1).tried(&tried));
    let line = serde_json::to_string(&pool.decision(&pick)).expect("a line");
    assert_eq!(
        line,
        r#"{"balancer":"balance","connection":1,"attempt":2,"member":null,"reason":{"down":1,"drain":1,"tried":1}}"#
    );
    let read: Decision = serde_json::from_str(&line).expect("the line");
    assert_eq!(read, pool.decision(&pick));
}

#[test]
fn a_snapshot_is_json_too() {
    let mut pool = pool(Algorithm::SourceHash, &[2]);
    open(&mut pool, 0, 1);
    let json = serde_json::to_value(pool.snapshot()).expect("JSON");
    let expected = serde_json::json!({
        "balancer": "balance", "algorithm": "source_hash", "picks": 1, "unanswered": 0,
        "members": [{
            "name": "m0", "weight": 2, "state": "up", "admin": "up", "healthy": true,
            "active": 1, "picks": 1, "failures": 0, "ejections": 0,
        }],
    });
    assert_eq!(json, expected);
}
