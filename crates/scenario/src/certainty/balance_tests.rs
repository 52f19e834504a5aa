//! What is exact of balancers on the real clock.

use super::Certainty;
use crate::read::tests::valid;

const PICKS: &str = "balance.pool.members.a.picks";
const TOTALS: [&str; 3] = ["balance.pool.connections.closed", "balance.pool.bytes.up", "load.l.ok"];
const BEHIND: &str = "echo.a.bytes";

/// A load over a balancer with two members, with further `keys` of the balancer, `load` keys, and `steps` behind the load.
fn balanced(keys: &str, load: &str, steps: &str) -> Certainty {
    Certainty::of(&valid(&format!(
        "scenario = 1\n[echo.a]\n[echo.b]\n[link.b]\nupstream = \"echo.b\"\n\
         [balance.pool]\nmembers = [\"echo.a\", \"link.b\"]\n{keys}\n\
         [[step]]\nname = \"l\"\nload = {{ target = \"balance.pool\", {load} }}\n{steps}\n"
    )))
}

/// Whether picks, all totals, and what is behind the members are exact.
fn exact(certainty: &Certainty) -> (bool, bool, bool) {
    let totals: Vec<bool> = TOTALS.iter().map(|path| certainty.is_exact(path)).collect();
    assert!(totals.iter().all(|exact| *exact == totals[0]), "{totals:?}");
    (certainty.is_exact(PICKS), totals[0], certainty.is_exact(BEHIND))
}

#[test]
fn who_is_picked_in_turn_is_exact_and_what_each_gets_is_where_all_get_the_same() {
    for keys in ["", "algorithm = \"random\"", "algorithm = \"source_hash\"", "slow_start = \"5s\""] {
        assert_eq!(exact(&balanced(keys, "connections = 4, requests = 8", "")), (true, true, true), "{keys}");
        assert_eq!(
            exact(&balanced(keys, "connections = 4, requests = 9", "")),
            (true, true, false),
            "{keys}"
        );
    }
    assert_eq!(exact(&balanced("", "requests = 9, per_conn = 2", "")), (true, true, true));
    assert_eq!(
        exact(&balanced("", "connections = 2, requests = 8, size = \"10-90\"", "")),
        (true, true, false)
    );
}

#[test]
fn who_has_fewest_connections_is_left_to_the_clock() {
    for keys in ["algorithm = \"p2c\"", "algorithm = \"least_connections\""] {
        assert_eq!(exact(&balanced(keys, "requests = 8, per_conn = 1", "")), (false, true, false), "{keys}");
    }
}

#[test]
fn probes_are_seen_behind_the_members_only() {
    let probed = balanced("check_interval = \"1s\"", "requests = 8", "");
    assert_eq!(exact(&probed), (true, true, false));
    assert!(!probed.is_exact("link.b.connections.accepted") && !probed.is_exact("echo.b.connections.closed"));
    let drawn = "check_interval = \"1s\"\n[[link.b.fault]]\nreset = \"p=1%\"";
    assert!(!balanced(&drawn.replace("p=1%", "4KiB"), "requests = 8", "").is_exact("load.l.ok"));
}

#[test]
fn a_member_that_fails_leaves_all_open_unless_no_clock_and_no_crowd_decides() {
    let stop = "[[step]]\nstop = \"echo.a\"";
    let faulty = "[[balance.pool.fault]]\nupstream_refuse = {}\nmember = \"a\"";
    assert_eq!(exact(&balanced("", "requests = 8", stop)), (false, false, false));
    assert_eq!(exact(&balanced("eject_after = 0", "requests = 8", stop)), (true, true, true));
    assert_eq!(
        exact(&balanced("eject_after = 0", "connections = 2, requests = 8", stop)),
        (false, false, false)
    );
    assert_eq!(exact(&balanced(faulty, "requests = 8", "")), (false, false, false));
    assert_eq!(
        exact(&balanced(&format!("eject_after = 0\n{faulty}"), "requests = 8", "")),
        (true, true, true)
    );
    assert_eq!(exact(&balanced("max_per_member = 1", "requests = 8", "")), (false, false, false));
}

#[test]
fn faults_of_a_member_are_exact_for_one_client_at_a_time() {
    let slow = "[[balance.pool.fault]]\nlatency = \"5ms\"\nmember = \"a\"";
    let fired = "balance.pool.members.a.faults.latency.fired";
    assert!(balanced(slow, "requests = 8, per_conn = 1", "").is_exact(fired));
    assert!(!balanced(slow, "connections = 2, requests = 8", "").is_exact(fired));
    let hashed = format!("algorithm = \"source_hash\"\n{slow}");
    assert!(balanced(&hashed, "connections = 2, requests = 8", "").is_exact(fired));
}

#[test]
fn a_member_that_is_put_out_under_a_running_load_is_not_exact() {
    let step = |state: &str| {
        format!("[[step]]\nbalance = {{ name = \"pool\", member = \"a\", state = \"{state}\" }}")
    };
    let running = |state: &str| {
        let certainty = balanced("", "requests = 8 }\nbackground = true\n#{", &step(state));
        exact(&certainty)
    };
    assert_eq!(running("drain"), (false, true, false));
    assert_eq!(running("down"), (false, false, false));
    assert_eq!(exact(&balanced("", "requests = 8", &step("down"))), (true, true, true));
    let rising = balanced("slow_start = \"5s\"", "requests = 8", &step("up"));
    assert_eq!(exact(&rising), (false, true, false));
}
