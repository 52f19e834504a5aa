//! `loss`: stalls of a stream, and datagrams that are gone.

use crate::datagram_drive::*;
use crate::drive::*;
use squall_faults::Direction::{self, Down};
use squall_faults::{Action, FaultSpec};

const SEGMENT: u64 = 1_448;

/// When the first byte of each segment came out, of segments that arrived at these times.
fn segments(specs: &[&str], arrivals: &[u64]) -> Vec<u64> {
    let arrivals: Vec<_> = arrivals.iter().map(|t| (t * MS, SEGMENT)).collect();
    let trace = drive(conn(&plan(7, specs), 1), Down, &arrivals, 0);
    assert_eq!((trace.written.len() as u64, trace.discarded), (arrivals.len() as u64 * SEGMENT, 0));
    assert_eq!(trace.fin, trace.written.last().copied().or(trace.fin));
    (0..arrivals.len()).map(|i| trace.written[i * SEGMENT as usize] / MS).collect()
}

/// Of seed 7, segments 1, 3, 10 and 19 are the first to be lost at 10%; with `times=1` it is the first alone.
const FIRST: &str = "loss:10%,rtt=20ms,times=1";

#[test]
fn a_loss_that_nothing_follows_waits_for_the_timeout() {
    assert_eq!(segments(&[FIRST], &[0, 5]), [0, 205]);
    assert_eq!(segments(&["loss:10%,rtt=150ms,times=1"], &[0, 5]), [0, 305]);
    assert_eq!(segments(&[FIRST], &[0, 5, 6, 7]), [0, 205, 205, 205]);
}

#[test]
fn a_loss_that_three_segments_follow_takes_a_round_trip() {
    assert_eq!(segments(&[FIRST], &[0, 1, 1, 1, 1, 1]), [0, 21, 21, 21, 21, 21]);
    assert_eq!(segments(&[FIRST], &[0, 1, 2, 3, 4, 60]), [0, 21, 21, 21, 21, 60]);
}

#[test]
fn a_loss_is_not_noticed_before_the_third_segment_behind_it() {
    assert_eq!(segments(&[FIRST], &[0, 1, 2, 3, 100]), [0, 100, 100, 100, 100]);
    assert_eq!(segments(&[FIRST], &[0, 1, 2, 3, 500]), [0, 201, 201, 201, 500]);
}

#[test]
fn a_second_loss_stalls_what_the_first_let_go() {
    let out = segments(&["loss:10%,rtt=20ms"], &[0; 8]);
    assert_eq!(out, [0, 20, 20, 20, 20, 20, 20, 20]);
    let out = segments(&["loss:10%,rtt=20ms"], &[0; 5]);
    assert_eq!(out, [0, 20, 20, 200, 200]);
}

#[test]
fn each_loss_in_a_row_doubles_the_timeout_up_to_six() {
    // Of seed 7 at 40%, segment 0 is lost twice in a row.
    assert_eq!(segments(&["loss:40%,rtt=20ms,times=1"], &[0; 9]), [600; 9]);
    assert_eq!(segments(&["loss:100%,rtt=20ms,times=1"], &[0; 9]), [63 * 200; 9]);
    assert_eq!(segments(&["loss:100%,rtt=200ms,times=1"], &[0; 9]), [63 * 400; 9]);
}

#[test]
fn a_stall_ends_with_its_window() {
    assert_eq!(segments(&["loss:10%,rtt=20ms,for=10ms,every=50ms"], &[0, 5, 50, 51]), [0, 10, 50, 60]);
}

#[test]
fn the_losses_of_a_seed_never_change() {
    // From an independent implementation of the scheme: segment and losses in a row.
    let golden = [
        (0, 2),
        (1, 3),
        (3, 1),
        (4, 1),
        (6, 1),
        (7, 6),
        (10, 2),
        (11, 1),
        (16, 1),
        (19, 2),
        (22, 1),
        (29, 1),
        (30, 1),
        (32, 2),
        (34, 1),
        (36, 2u64),
    ];
    let log = squall_faults::Decisions::default();
    let plan = plan(7, &["loss:40%"]).recording(log.clone());
    drive(conn(&plan, 1), Down, &[(0, 37 * SEGMENT)], 0);
    let lost: Vec<_> = log.sorted().iter().map(|decision| (decision.index, decision.value)).collect();
    assert_eq!((lost.as_slice(), plan.faults()[0].fired()), (golden.as_slice(), golden.len() as u64));
    assert_eq!(session(&["loss:10%"], &[(0, 9); 80]).lost(), [1, 3, 10, 19, 29, 30, 46, 55, 63]);
    let runs = session(&["loss:10%,burst=3"], &[(0, 9); 150]).lost();
    assert_eq!(runs, [1, 30, 55, 56, 57, 58, 63, 64, 65, 66, 106, 107, 138, 139]);
}

#[test]
fn the_round_trip_is_that_of_the_latencies_both_ways_and_at_least_a_millisecond() {
    let lossy = "loss:10%,times=1@down";
    assert_eq!(segments(&[lossy], &[0; 6])[1], 1);
    assert_eq!(segments(&[lossy, "latency:30ms@both", "latency:5ms@up"], &[0; 6])[1], 65 + 30);
    let timeout = segments(&[lossy, "latency:100ms@both"], &[0; 2]);
    assert_eq!(timeout, [100, 400 + 100]);
    // It follows the plan.
    let mut plan = plan(7, &[lossy]);
    let mut conn = conn(&plan, 1);
    plan.add(spec("latency:25ms@up"), 1, at(0)).expect("a free name");
    conn.apply(&plan, at(0));
    conn.push(Down, at(0), 6 * SEGMENT);
    assert_eq!(conn.next_due(), Some(at(25 * MS)));
}

#[test]
fn every_so_many_th_datagram_or_those_of_a_pattern_are_dropped() {
    assert_eq!(session(&["loss:nth=4"], &[(0, 0); 10]).lost(), [3, 7]);
    assert_eq!(session(&["loss:nth=1"], &[(0, 5); 3]).lost(), [0, 1, 2]);
    assert_eq!(session(&["loss:pattern=PPD"], &[(0, 5); 8]).lost(), [2, 5]);
    assert_eq!(session(&["loss:pattern=DP,after=25"], &[(0, 5); 9]).lost(), [6, 8]);
    assert_eq!(session(&["loss:100%,times=3"], &[(0, 5); 9]).lost(), [0, 1, 2]);
}

/// Which of a million datagrams are lost.
fn losses(spec: &str) -> Vec<bool> {
    let mut conn = conn(&session_plan(42, &[spec]), 1);
    let outcome = (0..1_000_000).map(|_| {
        conn.push_datagram(Direction::Down, at(0), &[]);
        matches!(conn.pop(Direction::Down, at(0)), Some(Action::Drop { .. }))
    });
    outcome.collect()
}

#[test]
fn the_rate_of_a_million_datagrams_is_within_a_binomial_bound() {
    let lost = losses("loss:5%").into_iter().filter(|lost| *lost).count() as f64;
    let sigma = (1e6f64 * 0.05 * 0.95).sqrt();
    assert!((lost - 50_000.0).abs() < 4.0 * sigma, "{lost}");
}

#[test]
fn in_runs_the_rate_stays_and_the_mean_run_is_as_long_as_asked_for() {
    let outcome = losses("loss:5%,burst=4");
    let lost = outcome.iter().filter(|lost| **lost).count() as f64;
    // The variance of a chain whose neighbours correlate by r is (1 + r) / (1 - r) times that of independent draws.
    let r = 0.75 - 0.05 / (4.0 * 0.95);
    let sigma = (1e6f64 * 0.05 * 0.95 * (1.0 + r) / (1.0 - r)).sqrt();
    assert!((lost - 50_000.0).abs() < 4.0 * sigma, "{lost}");
    let runs = outcome.chunk_by(|a, b| a == b).filter(|run| run[0]).count() as f64;
    // A run's length is geometric, with the deviation sqrt(4 * 3).
    assert!((lost / runs - 4.0).abs() < 4.0 * (12.0f64 / runs).sqrt(), "{} in a row", lost / runs);
}

#[test]
fn what_does_not_go_together_is_refused() {
    for (text, message) in [
        ("loss", "`loss` needs `p`, `nth` or `pattern`"),
        ("loss:1%,nth=3", "`loss` takes one of `p`, `nth` and `pattern`"),
        ("loss:nth=3,pattern=PD", "`loss` takes one of `p`, `nth` and `pattern`"),
        ("loss:nth=3,burst=2", "`loss` comes in a `burst` by chance only: give `p`"),
        ("loss:1%,burst=0", "`loss` cannot come in runs of none: `burst` must be at least 1"),
        ("loss:76%,burst=3", "`loss` cannot reach 76% in runs of 3: at most 3 of 4 can be lost"),
        ("loss:nth=0", "`loss` counts from 1: `nth` must be at least 1"),
        ("loss:pattern=PXD", "`X` in a pattern"),
        ("loss:pattern=\"\"", "a pattern of 0 letters; it takes 1 to 4096"),
    ] {
        assert_eq!(text.parse::<FaultSpec>().expect_err(text).message, message, "{text}");
    }
    assert!("loss:75%,burst=3".parse::<FaultSpec>().is_ok());
}
