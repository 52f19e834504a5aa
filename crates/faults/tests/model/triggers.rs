//! What arms a fault: patterns in the bytes, and how often.

use crate::datagram_drive::*;
use crate::drive::*;
use squall_faults::Direction::{Down, Up};
use squall_faults::{Action, Conn, FaultSpec, How};

fn write(offset: u64, len: u64) -> Option<Action> {
    Some(Action::Write { range: squall_faults::Range { offset, len }, alone: false })
}

/// What comes out of `text` when it is read in pieces of so many bytes, and where the connection ended.
fn chunked(specs: &[&str], text: &[u8], chunk: usize) -> (Vec<u64>, Option<usize>) {
    let mut conn = conn(&plan(7, specs), 1);
    let (mut delays, mut end) = (Vec::new(), None);
    for piece in text.chunks(chunk) {
        conn.push_bytes(Down, at(0), piece);
    }
    let mut now = 0;
    loop {
        while let Some(action) = conn.pop(Down, at(now)) {
            match action {
                Action::Write { range, .. } => delays.resize(delays.len() + range.len as usize, now),
                Action::End(_) => end = Some(delays.len()),
                _ => {}
            }
        }
        let Some(due) = conn.next_due() else { return (delays, end) };
        now = due.as_nanos();
    }
}

#[test]
fn a_match_arms_behind_itself_wherever_reads_are_cut() {
    let text = b"BEGIN; COMMCOMMIT; more; COMMIT; rest";
    for chunk in 1..=text.len() {
        let (delays, _) = chunked(&["latency:9ms,match=COMMIT"], text, chunk);
        assert_eq!(delays, [vec![0; 17], vec![9 * MS; 20]].concat(), "by {chunk}");
        let (delays, end) = chunked(&["reset:match=COMMIT"], text, chunk);
        assert_eq!((delays.len(), end), (17, Some(17)), "by {chunk}");
        let (_, end) = chunked(&["reset:3,match=\"; \"", "corrupt:at=1,match=x"], text, chunk);
        assert_eq!(end, Some(7 + 3), "by {chunk}");
        let (delays, end) = chunked(&["reset:match_hex=3b206d"], text, chunk);
        assert_eq!((delays.len(), end), (20, Some(20)), "by {chunk}");
        assert_eq!(chunked(&["reset:match=COMMITTED"], text, chunk).1, None);
    }
}

#[test]
fn two_patterns_are_found_each_for_itself() {
    let text = b"one two three two one";
    for chunk in 1..=text.len() {
        let (delays, end) =
            chunked(&["latency:2ms,match=two", "latency:1ms,match=one", "reset:match=three"], text, chunk);
        let expected = [vec![0; 3], vec![MS; 4], vec![3 * MS; 6]].concat();
        assert_eq!((delays, end), (expected, Some(13)), "by {chunk}");
    }
}

#[test]
fn a_cut_between_a_commit_and_its_answer() {
    let plan = plan(7, &["reset:match=COMMIT,match_on=up,times=1@down"]);
    for (number, cut) in [(1, true), (2, false)] {
        let mut conn = conn(&plan, number);
        assert!(conn.watches(Up) && !conn.watches(Down));
        conn.push(Down, at(0), 5);
        conn.push_bytes(Up, at(0), b"COM");
        conn.push_bytes(Up, at(0), b"MIT;");
        assert_eq!((conn.pop(Up, at(0)), conn.pop(Down, at(0))), (write(0, 7), write(0, 5)));
        assert!(!conn.watches(Up) && conn.ending().is_none());
        conn.push(Down, at(1), 2);
        assert_eq!(
            matches!(conn.ending().map(|e| e.how), Some(How::Reset { .. })),
            cut,
            "connection {number}"
        );
    }
    assert_eq!(plan.faults()[0].fired(), 1);
}

#[test]
fn a_match_on_datagrams_is_within_one() {
    let run = |payloads: &[&[u8]]| {
        let mut conn = conn(&session_plan(7, &["blackhole:match=abc@down"]), 1);
        payloads.iter().for_each(|payload| assert!(conn.push_datagram(Down, at(0), payload)));
        let out = std::iter::from_fn(|| conn.pop(Down, at(0)));
        out.map(|action| matches!(action, Action::Send { .. })).collect::<Vec<_>>()
    };
    assert_eq!(run(&[b"xab", b"c", b"", b"ab"]), [true; 4]);
    assert_eq!(run(&[b"xabcx", b"", b"y"]), [true, false, false]);
}

#[test]
fn only_the_first_match_of_a_connection_arms() {
    let text = b"a-a-a-";
    let (delays, _) = chunked(&["latency:5ms,match=a,for=1ms"], text, 1);
    assert_eq!(delays, [0, MS, MS, MS, MS, MS]);
}

#[test]
fn times_counts_windows_where_there_are_windows() {
    let trace = drive(
        conn(&plan(7, &["freeze:10ms,every=100ms,times=2"]), 1),
        Down,
        &[(MS, 1), (101 * MS, 1), (201 * MS, 1), (999 * MS, 1)],
        0,
    );
    assert_eq!(trace.written, [10 * MS, 110 * MS, 201 * MS, 999 * MS]);
}

#[test]
fn times_counts_armed_connections_where_there_is_a_trigger() {
    let plan = plan(7, &["reset:after=10,times=2"]);
    let ended = |number| drive(conn(&plan, number), Down, &[(0, 20)], 0).reset.is_some();
    assert_eq!([1, 2, 3, 4].map(ended), [true, true, false, false]);
}

#[test]
fn times_counts_what_the_fault_counts_where_there_is_neither() {
    let corrupt = plan(7, &["corrupt:50%,times=5"]);
    let flips: Vec<usize> =
        (1..4).map(|n| drive(conn(&corrupt, n), Down, &[(0, 8)], 0).flips.len()).collect();
    assert_eq!((flips.iter().sum::<usize>(), corrupt.faults()[0].fired()), (5, 5));
    let latency = plan(7, &["latency:1ms,times=2"]);
    let out: Vec<_> = (1..5).map(|n| drive(conn(&latency, n), Down, &[(0, 1)], 0).written[0]).collect();
    assert_eq!(out, [MS, MS, 0, 0]);
    for cut in ["reset:3,times=1", "truncate:3,times=1", "reset:p=100%,within=1,times=1"] {
        let plan = plan(7, &[cut]);
        let whole = |n| drive(conn(&plan, n), Down, &[(0, 9)], 0).written.len() == 9;
        assert_eq!([whole(1), whole(2)], [false, true], "{cut}");
        assert_eq!(plan.faults()[0].fired(), 1);
    }
}

#[test]
fn a_chance_per_mebibyte_holds_for_as_long_as_the_connection_lives() {
    // From an independent implementation of the scheme: the places of seed 7 at 40%, of eight connections over 4 MiB.
    let golden =
        [None, None, Some(2_524_982), Some(2_858_235), Some(3_963_834), None, Some(2_609_120), Some(282_236)];
    let plan = plan(7, &["reset:per_mib=40%"]);
    let place = |number: u64, pieces: &[u64]| {
        let mut conn: Conn = conn(&plan, number);
        let (mut read, mut written) = (0, 0);
        for piece in pieces.iter().cycle() {
            if conn.ending().is_some() || read >= 4 << 20 {
                break;
            }
            let piece = (*piece).min((4 << 20) - read);
            conn.push(Down, at(0), piece);
            read += piece;
            while let Some(action) = conn.pop(Down, at(0)) {
                if let Action::Write { range, .. } = action {
                    written = range.end();
                }
            }
        }
        conn.ending().map(|_| written)
    };
    for (number, expected) in (1..).zip(golden) {
        for pieces in [[4 << 20].as_slice(), &[65_536], &[1 << 20], &[1, 99_999]] {
            assert_eq!(place(number, pieces), expected, "connection {number}, {pieces:?}");
        }
    }
}

#[test]
fn a_chance_per_mebibyte_does_not_count_what_passed_before_it_was_added() {
    let mut plan = plan(7, &[]);
    let mut conn = conn(&plan, 1);
    conn.push(Down, at(0), 40 << 20);
    plan.add(spec("reset:per_mib=100%"), 1, at(0)).expect("a free name");
    conn.apply(&plan, at(0));
    conn.push(Down, at(0), 1);
    assert_eq!(conn.ending(), None);
    conn.push(Down, at(0), 2 << 20);
    assert!(conn.ending().is_some());
}

#[test]
fn what_arms_is_one_thing() {
    for (text, message) in [
        ("latency:1ms,match=a,match_hex=61", "`match` and `match_hex` exclude each other"),
        ("latency:1ms,match=a,after=3", "`after` and `match` exclude each other"),
        ("latency:1ms,match_on=up", "`match_on` needs `match`"),
        ("latency:1ms,times=0", "`times=0` is never"),
        ("latency:1ms,for=0s", "`for=0s` is no time at all"),
        ("latency:1ms,match=\"\"", "a pattern of 0 bytes"),
        ("latency:1ms,match_hex=6", "`6` is not hexadecimal bytes"),
    ] {
        assert_eq!(text.parse::<FaultSpec>().expect_err(text).message, message, "{text}");
    }
}

#[test]
fn a_fault_that_is_used_up_leaves_later_connections_alone() {
    for spec in [
        "timeout:300ms,times=1",
        "bandwidth:0B/s,times=1",
        "latency:1s,times=1",
        "blackhole:mode=stop,times=1@down",
    ] {
        let plan = plan(7, &[spec]);
        if spec.starts_with("blackhole") {
            // It counts what it holds, which is nothing where nothing is read.
            let mut first = conn(&plan, 1);
            first.push(Down, at(0), 1);
        } else {
            drive(conn(&plan, 1), Down, &[(0, 3_000)], 0);
        }
        let later = conn(&plan, 2);
        assert!(later.room(Down) > 0, "{spec}");
        let trace = drive(later, Down, &[(0, 3_000)], 0);
        assert_eq!((trace.written.len(), trace.fin), (3_000, Some(0)), "{spec}");
    }
}
