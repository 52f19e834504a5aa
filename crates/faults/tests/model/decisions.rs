//! The log of decisions: what stands in it, that it does not depend on what it must not, and that it can be played again.

use crate::datagram_drive::*;
use crate::drive::*;
use squall_faults::Direction::{Down, Up};
use squall_faults::{Decision, Decisions, KINDS, Plan, Replay};

/// Faults with draws, on a stream and on datagrams.
const STREAM: [&str; 10] = [
    "latency:5ms,jitter=5ms",
    "latency:5ms,jitter=5ms,distribution=normal",
    "loss:5%,burst=3,rtt=4ms",
    "corrupt:2%,bits=3",
    "corrupt:at=77,bits=4",
    "slice:700,variation=600",
    "reset:p=70%",
    "reset:p=70%,flush=false,within=100KiB",
    "reset:per_mib=90%",
    "latency:3ms,probability=50%",
];
const DATAGRAM: [&str; 8] = [
    "latency:5ms,jitter=5ms",
    "latency:5ms,jitter=5ms,distribution=normal",
    "loss:20%",
    "loss:20%,burst=4",
    "corrupt:2%,bits=3",
    "duplicate:20%,copies=3",
    "reorder:20%,distance=3",
    "max_size:100,action=truncate,probability=60%",
];

fn arrivals(count: u64, each: u64) -> Vec<(u64, u64)> {
    (0..count).map(|i| (i * MS, each - i % 7)).collect()
}

/// Runs connections 1 to 8 and returns what they did.
fn streams(plan: &Plan) -> Vec<Trace> {
    // A MiB is long: it is sent where it counts.
    let count = if plan.find("reset").is_some() { 300 } else { 20 };
    (1..=8).map(|n| drive(conn(plan, n), Down, &arrivals(count, 5_000), 0)).collect()
}

fn sessions(plan: &Plan) -> Vec<Received> {
    (1..=8).map(|n| drive_datagrams(conn(plan, n), Down, &arrivals(100, 150), 0)).collect()
}

fn replayed(log: &Decisions) -> Replay {
    Replay::parse(&log.to_json_lines()).expect("a log")
}

#[test]
fn a_replay_does_the_same_under_another_seed_and_is_the_same_log() {
    for text in STREAM {
        let (log, again) = (Decisions::default(), Decisions::default());
        let one = streams(&plan(1, &[text]).recording(log.clone()));
        assert_ne!(one, streams(&plan(2, &[text])), "{text} draws");
        let two = streams(&plan(2, &[text]).replaying(replayed(&log)).recording(again.clone()));
        assert!(one == two, "{text}");
        assert_eq!(log.to_json_lines(), again.to_json_lines(), "{text}");
        assert!(!log.sorted().is_empty());
    }
}

#[test]
fn a_replay_of_datagrams_does_the_same_under_another_seed_and_is_the_same_log() {
    for text in DATAGRAM {
        let (log, again) = (Decisions::default(), Decisions::default());
        let one = sessions(&session_plan(1, &[text]).recording(log.clone()));
        assert_ne!(one, sessions(&session_plan(2, &[text])), "{text} draws");
        let two = sessions(&session_plan(2, &[text]).replaying(replayed(&log)).recording(again.clone()));
        assert!(one == two, "{text}");
        assert_eq!(log.to_json_lines(), again.to_json_lines(), "{text}");
        assert!(!log.sorted().is_empty());
    }
}

#[test]
fn every_kind_that_draws_is_replayed_here() {
    let tested: Vec<&str> = STREAM.iter().chain(&DATAGRAM).map(|text| spec(text).kind().name).collect();
    let drawing = ["corrupt", "duplicate", "latency", "loss", "reorder", "reset", "slice"];
    assert!(drawing.iter().all(|name| tested.contains(name)));
    let percentages = KINDS.iter().filter(|kind| kind.params.iter().any(|p| p.kind == "percentage"));
    assert!(percentages.map(|kind| kind.name).all(|name| drawing.contains(&name)));
}

#[test]
fn the_log_is_sorted_and_reads_back_line_by_line() {
    let log = Decisions::default();
    let plan = plan(3, &["corrupt:1%", "latency:1ms,jitter=1ms@both", "loss:2%"]).recording(log.clone());
    for n in [3, 1, 2] {
        drive(conn(&plan, n), Up, &[(0, 9_000)], 0);
        drive(labelled(&plan, n, n), Down, &[(0, 9_000)], 0);
    }
    let text = log.to_json_lines();
    let read: Vec<Decision> =
        text.lines().map(|line| serde_json::from_str(line).expect("a decision")).collect();
    assert!(read.is_sorted() && read == log.sorted() && read.len() > 100 && log.missed() == 0);
    let first = r#"{"link":"proxy","connection":1,"direction":"up","fault":"latency","index":0,"offset":0,"action":"act"}"#;
    assert_eq!(text.lines().next(), Some(first));
    assert!(text.contains(r#""connection":{"worker":2,"attempt":1},"direction":"down","fault":"corrupt""#));
}

#[test]
fn labelled_connections_decide_the_same_in_any_order() {
    let run = |order: [u64; 4]| {
        let log = Decisions::default();
        let plan = plan(3, &["reset:p=50%", "corrupt:1%", "latency:1ms,jitter=1ms"]).recording(log.clone());
        for (i, worker) in order.into_iter().enumerate() {
            drive(labelled(&plan, i as u64 + 1, worker), Down, &[(0, 20_000)], 0);
        }
        log.to_json_lines()
    };
    assert_eq!(run([0, 1, 2, 3]), run([3, 1, 0, 2]));
}

#[test]
fn one_more_fault_leaves_the_entries_of_the_others() {
    let entries = |specs: &[&str]| {
        let log = Decisions::default();
        let plan = plan(3, specs).recording(log.clone());
        drive(conn(&plan, 1), Down, &[(0, 60_000)], 0);
        log.sorted().into_iter().filter(|d| d.fault != "more").collect::<Vec<_>>()
    };
    let few = ["loss:5%", "corrupt:1%", "latency:1ms,jitter=1ms"];
    assert!(entries(&few).len() > 100);
    for more in ["loss:50%,name=more", "latency:9ms,jitter=9ms,name=more", "slice:100,variation=50,name=more"]
    {
        assert_eq!(entries(&few), entries(&[few.as_slice(), &[more]].concat()), "{more}");
        assert_eq!(entries(&few), entries(&[&[more], few.as_slice()].concat()), "{more}");
    }
}

#[test]
fn what_a_clock_decides_is_not_written_down() {
    for timed in
        ["freeze:1ms", "flap:on=1ms,off=1ms", "corrupt:50%,for=1h", "latency:1ms,after=1ms", "timeout:5ms"]
    {
        let log = Decisions::default();
        let plan = plan(3, &[timed]).recording(log.clone());
        drive(conn(&plan, 1), Down, &[(0, 3_000), (3 * MS / 2, 100)], 0);
        assert_eq!((plan.faults()[0].fired() > 0, log.sorted()), (true, vec![]), "{timed}");
    }
}

#[test]
fn a_text_that_is_no_log_is_told_where() {
    let good =
        r#"{"link":"a","connection":1,"direction":"up","fault":"f","index":0,"offset":0,"action":"act"}"#;
    let error = |text: &str| Replay::parse(text).map(drop).expect_err(text);
    assert!(Replay::parse(&format!("\n{good}\n\n{good}\n")).is_ok() && Replay::parse("").is_ok());
    assert_eq!(error(&format!("{good}\n\nx\n")).line, 3);
    assert_eq!(
        error("{}").to_string(),
        "line 1: not a decision as `--decisions` writes them: missing field `link`"
    );
    let sideways = good.replace("\"up\"", "\"sideways\"");
    let text = error(&format!("{good}\n{sideways}")).to_string();
    assert!(text.contains("line 2: ") && text.contains("unknown variant `sideways`"), "{text}");
    assert!(!text.contains("column"), "the place in the line is nobody's help: {text}");
}
