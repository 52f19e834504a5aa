//! `bandwidth` and `trace`: rates that connections share, their queues, and datagrams.

use crate::datagram_drive::*;
use crate::drive::*;
use squall_faults::Direction::Down;
use squall_faults::{Action, Conn, FaultSpec, LinkId, Plan, Schedule, Shape, Trace};

/// Eight connections that always have something to send, for a second: how many bytes of each came out.
fn greedy(plan: &Plan, start: impl Fn(usize) -> u64) -> Vec<u64> {
    let mut conns: Vec<Conn> = (1..=8).map(|n| conn(plan, n)).collect();
    let (mut written, mut now) = (vec![0; 8], 0);
    while now < 1_000 * MS {
        for (i, conn) in conns.iter_mut().enumerate() {
            while let Some(action) = conn.pop(Down, at(now)) {
                let Action::Write { range, .. } = action else { panic!("{action:?}") };
                written[i] += range.len;
            }
            let room = conn.room(Down);
            if now >= start(i) && room > 0 {
                conn.push(Down, at(now), room);
            }
        }
        let due = conns.iter().filter_map(Conn::next_due).min().expect("something is always due");
        now = due.as_nanos().min((0..8).map(&start).filter(|t| *t > now).min().unwrap_or(u64::MAX));
    }
    written
}

fn assert_fair(written: &[u64], total: u64) {
    let sum: u64 = written.iter().sum();
    assert!(sum.abs_diff(total) <= total / 100, "{sum} of {total}");
    assert!(written.iter().all(|n| n.abs_diff(sum / 8) <= sum / 80), "{written:?}");
}

#[test]
fn connections_share_one_wire_evenly_and_fill_it() {
    for (rate, bytes) in [("1MB/s", 1_000_000), ("80Mbit/s", 10_000_000), ("100KB/s", 100_000)] {
        let spec = format!("bandwidth:{rate},shared=true,queue=20KB");
        assert_fair(&greedy(&plan(7, &[&spec]), |_| 0), bytes);
        let own = greedy(&plan(7, &[&spec.replace("shared=true,", "")]), |_| 0);
        assert_fair(&own, 8 * bytes);
    }
}

#[test]
fn one_that_comes_late_does_not_starve() {
    let written = greedy(&plan(7, &["bandwidth:1MB/s,shared=true"]), |i| if i == 7 { 500 * MS } else { 0 });
    assert!(written[7].abs_diff(500_000 / 8) < 8_000, "{written:?}");
}

#[test]
fn one_connection_has_the_shared_wire_for_itself() {
    let spec = "bandwidth:1MB/s,shared=true,queue=1MB";
    let trace = drive(conn(&plan(7, &[spec]), 1), Down, &[(0, 500_000), (100 * MS, 500_000)], 0);
    assert_eq!((trace.written[499_999], trace.written[999_999]), (500 * MS, 1_000 * MS));
    assert_eq!(trace.fin, Some(1_000 * MS));
    let odd = drive(conn(&plan(7, &["bandwidth:7B/s,shared=true"]), 1), Down, &[(0, 700)], 0);
    assert_eq!(odd.written.last(), Some(&(100_000 * MS)));
}

#[test]
fn a_shared_wire_works_again_after_a_window_that_ended_in_the_middle() {
    let spec = "bandwidth:1MB/s,shared=true,for=10ms,every=1s";
    let arrivals = [(0, 50_000), (1_000 * MS, 1_000)];
    let trace = drive(conn(&plan(7, &[spec]), 1), Down, &arrivals, 0);
    assert_eq!(
        (trace.written[9_999], trace.written[10_000], trace.written[49_999]),
        (10 * MS, 10 * MS, 10 * MS)
    );
    assert_eq!(trace.written[50_999], 1_001 * MS);
    for rate in [
        "bandwidth:1MB/s,for=10ms,every=20ms",
        "trace:steps.csv,for=10ms,every=20ms",
        "slice:1KB,delay=1ms,for=10ms,every=20ms",
    ] {
        let trace = drive(conn(&plan(7, &[rate]), 1), Down, &[(0, 500_000), (20 * MS, 1_000)], 0);
        assert!(trace.written[500_000] < 22 * MS, "{rate} {}", trace.written[500_000]);
    }
}

#[test]
fn a_wire_drops_the_datagrams_that_come_last() {
    // 10 ms each; 2.5 of them wait beside the one that is being sent.
    let received = session(&["bandwidth:100KB/s,queue=3500B"], &[(0, 1_000); 6]);
    assert_eq!((received.numbers(), received.lost()), (vec![0, 1, 2], vec![3, 4, 5]));
    assert_eq!(received.sent.iter().map(|(t, ..)| t / MS).collect::<Vec<_>>(), [10, 20, 30]);
    let later =
        session(&["bandwidth:100KB/s,queue=3500B"], &[(0, 1_000), (0, 1_000), (0, 1_000), (5 * MS, 1_000)]);
    assert_eq!(later.sent[3], (40 * MS, 3, 1_000));
}

#[test]
fn an_idle_wire_takes_a_datagram_larger_than_its_queue() {
    for spec in ["bandwidth:100KB/s,queue=500B", "trace:steps.csv,queue=500B"] {
        let received = session(&[spec], &[(0, 1_000), (0, 1_000), (500 * MS, 1_000)]);
        assert_eq!((received.numbers(), received.lost()), (vec![0, 2], vec![1]), "{spec}");
    }
}

#[test]
fn a_rate_of_zero_drops_datagrams() {
    assert_eq!(session(&["bandwidth:0B/s"], &[(0, 1), (0, 0)]).lost(), [0, 1]);
}

#[test]
fn sessions_share_one_wire() {
    let plan = session_plan(7, &["bandwidth:100KB/s,shared=true"]);
    let mut conns = [conn(&plan, 1), conn(&plan, 2)];
    for conn in &mut conns {
        conn.push_datagram(Down, at(0), &[0; 1_000]);
    }
    assert_eq!(conns.map(|conn| conn.next_due()), [Some(at(10 * MS)), Some(at(20 * MS))]);
}

fn traced(trace: Trace) -> Plan {
    let mut plan = Plan::new(LinkId::new("proxy", 7));
    plan.add(trace.down(), 0, at(0)).expect("a free name");
    plan
}

#[test]
fn a_trace_lets_bytes_pass_when_the_recorded_link_did() {
    // 3,000 bytes at 1 ms, 1,500 at 4 ms, and again.
    for text in [ROWS, "1\n1\n4\n"] {
        let plan = traced(Trace::new(Schedule::parse(text).expect("a trace")));
        let trace = drive(conn(&plan, 1), Down, &[(0, 5_000), (20 * MS + 1, 10)], 0);
        let times = [0, 2_999, 3_000, 4_499, 4_500, 4_999, 5_000].map(|i| trace.written[i] / MS);
        assert_eq!(times, [1, 1, 4, 4, 5, 5, 21]);
        assert_eq!(trace.fin, Some(21 * MS));
        assert_eq!(plan.faults()[0].fired(), 1);
    }
}

#[test]
fn both_formats_are_read_from_what_the_file_holds() {
    for (file, first) in [("steps.csv", MS), ("lines", 0)] {
        let spec: FaultSpec = format!("trace:{file}").parse().expect("a spec");
        assert_eq!(spec.wants(), Some(file));
        let error =
            Plan::new(LinkId::new("proxy", 7)).add(spec, 0, at(0)).map(drop).expect_err("no contents");
        let expected = format!("`trace` has not been given the contents of `{file}`; see FaultSpec::supply");
        assert_eq!(error.to_string(), expected);
        let trace = drive(conn(&plan(7, &[&format!("trace:{file}")]), 1), Down, &[(0, 10)], 0);
        assert_eq!(trace.written[0], first);
    }
    let bad = "trace:x".parse::<FaultSpec>().expect("a spec").supply("1\nx");
    assert_eq!(bad.map(drop).expect_err("no trace").message, "line 2: `x` is not a number of milliseconds");
}

#[test]
fn headers_take_up_their_part_of_a_trace() {
    // A segment with its headers is what one line lets pass.
    let plan = traced(Trace::new(Schedule::parse("1").expect("a trace")).overhead(52));
    let trace = drive(conn(&plan, 1), Down, &[(0, 3 * 1_448)], 0);
    assert_eq!([0, 1_447, 1_448, 4_343].map(|i| trace.written[i] / MS), [1, 1, 2, 3]);
    let received = session(&["trace:steps.csv,overhead=500"], &[(0, 1_000); 4]);
    assert_eq!(received.sent.iter().map(|(t, ..)| t / MS).collect::<Vec<_>>(), [1, 1, 4, 5]);
    let error = "trace:x,overhead=1MB".parse::<FaultSpec>().expect_err("more than a packet");
    assert_eq!(error.message, "`trace` adds headers of at most 65535 bytes as `overhead`");
}

#[test]
fn connections_share_what_a_trace_offers() {
    let plan = traced(Trace::new(Schedule::parse("1ms,1000").expect("a trace")));
    assert_fair(&greedy(&plan, |_| 0), 1_000_000);
    let both = plan.faults()[0].clone();
    assert_eq!(both.fired(), 8);
}

#[test]
fn a_trace_queue_stops_reading_or_drops() {
    let plan = plan(7, &["trace:steps.csv,queue=2KB"]);
    let mut conn = conn(&plan, 1);
    conn.push(Down, at(0), 1_500);
    assert_eq!(conn.room(Down), 500);
    assert_eq!(session(&["trace:steps.csv,queue=2KB"], &[(0, 900); 4]).lost(), [2, 3]);
}
