//! Faults on datagrams.

use crate::datagram_drive::*;
use crate::drive::*;
use proptest::prelude::*;
use squall_faults::Direction::{Down, Up};
use squall_faults::{Action, Conn, FaultSpec, Opening, Tick};

fn ms(received: &Received) -> Vec<(u64, u64)> {
    received.sent.iter().map(|(time, number, _)| (time / MS, *number)).collect()
}

#[test]
fn without_faults_datagrams_leave_as_they_arrive_and_empty_ones_too() {
    let received = session(&[], &[(1, 3), (2, 0), (2, 5)]);
    assert_eq!(received.sent, [(1, 0, 3), (2, 1, 0), (2, 2, 5)]);
}

#[test]
fn a_duplicate_comes_out_once_more_for_each_copy() {
    let received = session(&["duplicate:100%,copies=2"], &[(0, 5), (MS, 0)]);
    assert_eq!((received.numbers(), received.copied), (vec![0, 0, 0, 1, 1, 1], 4));
    // Copies meet the faults behind each for itself.
    let received = session(&["duplicate:100%", "bandwidth:1KB/s"], &[(0, 5); 2]);
    assert_eq!(ms(&received), [(5, 0), (10, 0), (15, 1), (20, 1)]);
    let received = session(&["duplicate:100%", "duplicate:100%,copies=3"], &[(0, 5)]);
    assert_eq!((received.numbers().len(), received.copied), (8, 7));
    // From an independent implementation of the scheme.
    let chosen = session(&["duplicate:20%"], &[(0, 1); 40]).numbers();
    let twice: Vec<u64> = chosen.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]).collect();
    assert_eq!(twice, [7, 9, 10, 11, 27, 29, 30]);
}

#[test]
fn a_reordered_datagram_is_overtaken_by_as_many_as_asked_for() {
    // From an independent implementation of the scheme: of seed 7 at 20%, 7, 9 and 31 of the first 40 are late.
    let arrivals: Vec<_> = (0..40).map(|i| (i * MS, 10)).collect();
    let numbers = session(&["reorder:20%"], &arrivals).numbers();
    let expected: Vec<u64> =
        (0..7).chain([8, 7, 10, 9]).chain(11..31).chain([32, 31]).chain(33..40).collect();
    assert_eq!(numbers, expected);
    let numbers = session(&["reorder:20%,distance=3"], &arrivals).numbers();
    assert_eq!(numbers[7..13], [8, 10, 11, 7, 12, 9]);
}

#[test]
fn a_reordered_datagram_waits_no_longer_than_it_may() {
    let received = session(&["reorder:100%,wait=7ms"], &[(0, 10), (3 * MS, 10)]);
    assert_eq!(ms(&received), [(7, 0), (10, 1)]);
    assert_eq!(ms(&session(&["reorder:100%,times=1"], &[(0, 1)])), [(100, 0)]);
    // One that has gone is not waited for again.
    let received =
        session(&["reorder:100%,distance=2,wait=7ms,times=1"], &[(0, 1), (MS, 1), (8 * MS, 1), (9 * MS, 1)]);
    assert_eq!(ms(&received), [(1, 1), (7, 0), (8, 2), (9, 3)]);
}

#[test]
fn copies_that_are_held_back_go_together() {
    let specs = ["duplicate:100%,times=1", "reorder:100%,times=2,distance=2"];
    let received = session(&specs, &[(0, 1), (MS, 1), (2 * MS, 1)]);
    assert_eq!(ms(&received), [(1, 1), (2, 2), (2, 0), (2, 0)]);
}

#[test]
fn what_is_too_large_is_dropped_or_cut_short() {
    let sizes = [(0, 100), (0, 101), (0, 0), (0, 500)];
    let plan = session_plan(7, &["max_size:100"]);
    let received = drive_datagrams(conn(&plan, 1), Down, &sizes, 0);
    assert_eq!((received.numbers(), received.lost(), plan.faults()[0].fired()), (vec![0, 2], vec![1, 3], 2));
    let received = session(&["max_size:100,action=truncate"], &sizes);
    assert_eq!(received.sent.iter().map(|(.., len)| *len).collect::<Vec<_>>(), [100, 100, 0, 100]);
    let received = session(&["max_size:100,action=truncate", "max_size:100"], &sizes);
    assert!(received.lost().is_empty(), "what was cut short is no longer too large");
    let received = session(&["max_size:100,action=truncate", "bandwidth:100KB/s"], &sizes);
    assert_eq!(ms(&received), [(1, 0), (2, 1), (2, 2), (3, 3)], "nor does the rest take time");
}

#[test]
fn a_session_is_rebound_when_the_fault_arms() {
    let up = |specs: &[&str], arrivals: &[(u64, u64)]| {
        let plan = session_plan(7, specs);
        let received = drive_datagrams(conn(&plan, 1), Up, arrivals, 0);
        (received.rebound.iter().map(|t| t / MS).collect::<Vec<_>>(), plan.faults()[0].fired())
    };
    assert_eq!(up(&["rebind"], &[(0, 1), (MS, 1)]), (vec![0], 1));
    assert_eq!(up(&["rebind:after=10"], &[(0, 5), (3 * MS, 5), (4 * MS, 5), (5 * MS, 5)]), (vec![4], 1));
    assert_eq!(
        up(&["rebind:for=1ms,every=10ms,times=3"], &[(0, 1), (MS, 1), (99 * MS, 1)]),
        (vec![0, 10, 20], 3)
    );
    let mut conn = conn(&session_plan(7, &["rebind:after=1"]), 1);
    for _ in 0..2 {
        conn.push_datagram(Up, at(0), b"x");
    }
    let out: Vec<Action> = std::iter::from_fn(|| conn.pop(Up, at(0))).collect();
    assert_eq!(out, [Action::Send { number: 0, len: 1 }, Action::Rebind, Action::Send { number: 1, len: 1 }]);
}

#[test]
fn corruption_counts_from_the_start_of_each_datagram() {
    // From an independent implementation of the scheme: number and place of seed 7 at 2%.
    let golden = [(16, 5), (20, 5), (22, 9), (26, 0)].map(|(number, place)| number * 10 + place);
    let flips = |arrivals: &[(u64, u64)]| {
        session(&["corrupt:2%"], arrivals).flips.into_iter().map(|(offset, _)| offset).collect::<Vec<u64>>()
    };
    assert_eq!(flips(&[(0, 10); 40]), golden);
    let mut longer = [(0, 10); 40];
    longer[0].1 = 11;
    let moved: Vec<u64> = golden.iter().map(|offset| offset + 1).collect();
    assert_eq!(flips(&longer)[flips(&longer).len() - 4..], moved);
    assert_eq!(session(&["corrupt:at=12,bits=8"], &[(0, 10); 3]).flips, [(12, 255)]);
}

#[test]
fn what_a_link_that_stands_still_holds_comes_out_at_once() {
    let arrivals = [(0, 5), (5 * MS, 0), (12 * MS, 5)];
    assert_eq!(ms(&session(&["freeze:10ms"], &arrivals)), [(10, 0), (10, 1), (12, 2)]);
}

#[test]
fn what_comes_while_the_link_is_gone_is_dropped() {
    let arrivals = [(0, 5), (5 * MS, 0), (12 * MS, 5), (16 * MS, 0)];
    assert_eq!(session(&["flap:on=5ms,off=10ms"], &arrivals).lost(), [1, 2]);
    assert_eq!(session(&["blackhole:for=10ms"], &arrivals).lost(), [0, 1]);
    assert_eq!(session(&["blackhole:after=5"], &arrivals).lost(), [1, 2, 3]);
}

#[test]
fn what_does_not_fit_under_the_limit_is_dropped_at_once() {
    let plan = session_plan(7, &["latency:10ms"]);
    let mut conn = Conn::open(&plan, Opening { limit: 1_000, ..opening(1) }, Tick::ZERO);
    // Each that waits counts 64 bytes more, so that empty ones are bounded as well.
    let fits = [600, 337, 336, 0, 0].map(|len| conn.push_datagram(Down, at(0), &vec![0; len]));
    assert_eq!((fits, conn.held(Down)), ([true, false, true, false, false], 936));
    assert!(conn.push_datagram(Up, at(0), &[0; 1_000]), "each direction has its own");
    assert_eq!(conn.pop(Down, at(0)), Some(Action::Drop { number: 1 }));
    assert_eq!(conn.pop(Down, at(0)), Some(Action::Drop { number: 3 }));
    assert_eq!(conn.pop(Down, at(0)), Some(Action::Drop { number: 4 }));
    assert_eq!(conn.pop(Down, at(0)), None);
    assert!(conn.carries() && conn.pop(Down, at(10 * MS)).is_some());
}

#[test]
fn what_does_not_go_together_is_refused() {
    for (text, message) in [
        ("duplicate:1%,copies=0", "`duplicate` makes 1 to 100 `copies`"),
        ("duplicate:1%,copies=101", "`duplicate` makes 1 to 100 `copies`"),
        ("reorder:1%,distance=0", "`reorder` needs a `distance` of at least 1"),
        ("reorder:1%,wait=0s", "`reorder` needs a `wait` longer than zero"),
        ("flap:on=0s,off=1s", "`flap` needs `on` and `off` longer than zero"),
    ] {
        assert_eq!(text.parse::<FaultSpec>().expect_err(text).message, message, "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn waking_late_loses_nothing_and_delays_nothing_twice(
        stack in prop::collection::vec(prop::sample::select(&crate::specs::DATAGRAMS[..]), 1..4),
        seed in any::<u64>(),
        gaps in prop::collection::vec((0u64..3 * MS, 0u64..600), 1..40),
    ) {
        let mut now = 0;
        let arrivals: Vec<_> = gaps.into_iter().map(|(gap, len)| { now += gap; (now, len) }).collect();
        let run = |late| drive_datagrams(conn(&session_plan(seed, &stack), 1), Down, &arrivals, late);
        let (soon, late) = (run(0), run(MS));
        let number = |received: &Received| { let mut numbers = received.numbers(); numbers.sort_unstable(); numbers };
        prop_assert_eq!(number(&soon), number(&late));
        prop_assert_eq!((soon.flips, soon.copied), (late.flips, late.copied));
        for (a, b) in soon.sent.iter().zip(&late.sent) {
            prop_assert!(b.0 >= a.0 && b.0 <= a.0 + MS, "{} and {}", a.0, b.0);
        }
    }
}
