//! However reads were cut, the same bytes meet the same faults at the same offsets.

use crate::drive::*;
use proptest::prelude::*;
use squall_faults::Decisions;
use squall_faults::Direction::{Down, Up};

const STACKS: [&[&str]; 31] = [
    &["half_open:12345,side=client", "latency:5ms,jitter=5ms"],
    &["latency:50ms,jitter=20ms"],
    &["latency:50ms,jitter=20ms", "latency:10ms,jitter=3ms"],
    &["reset:p=80%,within=32KiB"],
    &["reset:5001", "latency:50ms,jitter=20ms"],
    &["reset:p=50%,flush=false,after=3KB", "latency:2ms,jitter=1ms,after=10000"],
    &["latency:5ms,jitter=5ms,after=7777"],
    &["latency:5ms,probability=50%", "reset:p=50%,probability=50%"],
    &["truncate:9999", "latency:5ms,jitter=5ms"],
    &["corrupt:2%", "slow_close:3s", "latency:1ms"],
    &["corrupt:at=5000,bits=8,after=100", "freeze:40ms,every=100ms"],
    &["flap:on=30ms,off=20ms", "latency:3ms,jitter=1ms"],
    &["blackhole:after=7000,for=50ms", "latency:2ms"],
    &["slice:700,variation=300", "latency:5ms,jitter=1ms"],
    &["slice:700,spread=300", "latency:5ms,jitter=1ms,fin=false"],
    &["reset:5001,delay=20ms,at_end=true", "latency:2ms,jitter=1ms"],
    &["reset:p=30%,within=64KiB,side=client", "latency:1ms", "latency:2ms,jitter=1ms,after=1448"],
    &["corrupt:2%", "reset:5001"],
    &["corrupt:2%", "half_open:7001,side=server"],
    &["corrupt:2%", "reset:match=abab,at=100,flush=false"],
    &["corrupt:1%", "reset:per_mib=90%", "latency:3ms,jitter=3ms,distribution=normal"],
    &["loss:5%", "latency:20ms,jitter=5ms,distribution=normal"],
    &["loss:10%,burst=3,rtt=10ms", "slice:900,variation=700"],
    &["loss:20%,after=3000,rtt=1ms", "truncate:30000"],
    &["loss:10%,times=4", "corrupt:1%,times=7"],
    &["latency:4ms,match=bbaab", "corrupt:at=10,match_hex=6161", "loss:3%"],
    &["reset:match=aaaaa", "slow_close:5ms"],
    &["truncate:300,match=baab", "loss:1%"],
    &["half_open:100,match=abb,side=client", "latency:2ms"],
    &["blackhole:match=bbabb", "latency:3ms,jitter=1ms"],
    &["corrupt:3%", "truncate:4000", "reset:6000", "loss:3%"],
];

/// The same arrivals, each cut into pieces at the same instant.
fn recut(arrivals: &[(u64, u64)], cuts: &[u64]) -> Vec<(u64, u64)> {
    let mut cuts = cuts.iter().cycle();
    let mut pieces = Vec::new();
    for (t, len) in arrivals {
        let mut left = *len;
        while left > 0 {
            let n = cuts.next().copied().unwrap_or(1).clamp(1, left);
            pieces.push((*t, n));
            left -= n;
        }
    }
    pieces
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn recutting_changes_no_decision_and_no_schedule(
        stack in 0..STACKS.len(),
        seed in any::<u64>(),
        number in 1u64..50,
        gaps in prop::collection::vec((0u64..30 * MS, 1u64..6_000), 1..20),
        cuts in prop::collection::vec(1u64..3_000, 1..40),
    ) {
        let mut t = 0;
        let arrivals: Vec<_> = gaps.into_iter().map(|(gap, len)| { t += gap; (t, len) }).collect();
        for direction in [Up, Down] {
            let logs = [Decisions::default(), Decisions::default()];
            let [whole, pieces] = logs.each_ref().map(|log| plan(seed, STACKS[stack]).recording(log.clone()));
            let one = drive(conn(&whole, number), direction, &arrivals, 0);
            let two = drive(conn(&pieces, number), direction, &recut(&arrivals, &cuts), 0);
            // What is discarded behind a RST is nobody's decision: the rest of a read that was cut there, or nothing.
            prop_assert_eq!((&one.written, one.fin, one.reset), (&two.written, two.fin, two.reset));
            prop_assert_eq!(&one.flips, &two.flips);
            let fired = |plan: &squall_faults::Plan| plan.faults().iter().map(|f| f.fired()).collect::<Vec<_>>();
            prop_assert_eq!(fired(&whole), fired(&pieces));
            prop_assert_eq!(logs[0].sorted(), logs[1].sorted());
        }
    }

    #[test]
    fn recutting_moves_bandwidth_by_at_most_one_quantum(
        rate in 1_000u64..10_000_000,
        shared in any::<bool>(),
        lens in prop::collection::vec(1u64..60_000, 1..10),
        cuts in prop::collection::vec(1u64..3_000, 1..40),
    ) {
        let arrivals: Vec<_> = lens.into_iter().enumerate().map(|(i, len)| (i as u64 * 10 * MS, len)).collect();
        let spec = format!("bandwidth:{rate}B/s,shared={shared}");
        let one = drive(conn(&plan(0, &[&spec]), 1), Down, &arrivals, 0);
        let two = drive(conn(&plan(0, &[&spec]), 1), Down, &recut(&arrivals, &cuts), 0);
        let quantum = (rate / 1_000).clamp(64, 65_536) * 1_000_000_000 / rate + 1;
        for (a, b) in one.written.iter().zip(&two.written) {
            prop_assert!(a.abs_diff(*b) <= quantum, "{} against {}, a quantum is {}", a, b, quantum);
        }
        prop_assert!(one.fin.unwrap_or(0).abs_diff(two.fin.unwrap_or(0)) <= 1);
    }

    #[test]
    fn one_more_fault_leaves_the_decisions_of_the_others(seed in any::<u64>(), number in 1u64..1_000) {
        let reset = |specs: &[&str]| drive(conn(&plan(seed, specs), number), Down, &[(0, 40_000)], 0).reset.map(|r| r.1);
        prop_assert_eq!(reset(&["reset:p=50%"]), reset(&["reset:p=50%", "latency:1ms,jitter=1ms"]));
        prop_assert_eq!(reset(&["reset:p=50%"]), reset(&["reset:p=50%", "reset:1MB"]));
    }
}

/// The exact places of seed 7, so that no change of the scheme goes unseen.
#[test]
fn golden_resets_never_move() {
    let plan = plan(7, &["reset:p=30%"]);
    let places: Vec<_> = (1..=20)
        .filter_map(|n| Some((n, drive(conn(&plan, n), Down, &[(0, 1 << 20)], 0).reset?.1)))
        .collect();
    assert_eq!(places, GOLDEN);
}

/// From an independent implementation of the scheme.
const GOLDEN: [(u64, usize); 7] =
    [(10, 14_655), (11, 12_256), (13, 16_113), (15, 1_958), (17, 1_765), (18, 5_569), (20, 8_187)];
