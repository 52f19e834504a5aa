//! Traces of both formats, and what a schedule grants, against a model that walks over every opportunity.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

const MS: u64 = 1_000_000;
const TWO_STEPS: &str = include_str!("../../../../fixtures/traces/two-steps.csv");
const LTE_LIKE: &str = include_str!("../../../../fixtures/traces/lte-like.mahimahi");

fn read(text: &str) -> Schedule {
    Schedule::parse(text).unwrap_or_else(|error| panic!("{error} in {text:?}"))
}

/// The opportunities of a round, and its period.
fn parts(text: &str) -> (Vec<(u64, u64)>, u64) {
    let schedule = read(text);
    (schedule.opportunities.iter().map(|o| (o.at, o.bytes)).collect(), schedule.period)
}

fn error(text: &str) -> String {
    match Schedule::parse(text) {
        Ok(schedule) => panic!("{text:?} reads as {schedule:?}"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn lines_of_milliseconds_let_a_packet_pass_each() {
    let expected = (vec![(0, 1_500), (3 * MS, 4_500), (7 * MS, 1_500)], 7 * MS);
    assert_eq!(parts("0\n3\n3\n3\n7\n"), expected);
    assert_eq!(parts("# a comment\r\n0\r\n\r\n3\r\n3\r\n  3\r\n# 5\r\n7"), expected);
}

#[test]
fn rows_spread_their_bytes_over_milliseconds() {
    assert_eq!(parts("3ms,10"), (vec![(MS, 3), (2 * MS, 3), (3 * MS, 4)], 3 * MS));
    assert_eq!(parts("2.5ms,10"), (vec![(MS, 3), (2 * MS, 3), (2_500_000, 4)], 2_500_000));
    assert_eq!(parts("200us,7"), (vec![(200_000, 7)], 200_000));
    let rows = "# a comment\r\nduration,bytes\r\n\r\n 1ms , 1KB \r\n2ms,0\r\n500us,1KiB\r\n";
    assert_eq!(parts(rows), (vec![(MS, 1_000), (3_500_000, 1_024)], 3_500_000));
}

#[test]
fn fewer_bytes_than_steps_come_one_by_one() {
    assert_eq!(parts("5ms,2"), (vec![(3 * MS, 1), (5 * MS, 1)], 5 * MS));
    let hour = 3_600_000 * MS;
    assert_eq!(parts("1000000h,1"), (vec![(1_000_000 * hour, 1)], 1_000_000 * hour));
}

#[test]
fn the_format_is_told_by_the_first_line_that_means_something() {
    assert_eq!(read("# no row, this\n4"), Schedule::mahimahi("4").expect("a trace"));
    assert_eq!(read("\n4ms,1"), Schedule::csv("4ms,1").expect("a trace"));
    assert!(Schedule::mahimahi("4ms,1").is_err() && Schedule::csv("4").is_err());
}

#[test]
fn what_is_no_trace_is_refused_with_its_line() {
    for (text, expected) in [
        ("1\n\n# 3\nx\n", "line 4: `x` is not a number of milliseconds"),
        ("-1", "line 1: `-1` is not a number of milliseconds"),
        ("1.5", "line 1: `1.5` is not a number of milliseconds"),
        ("1\n99999999999999999999", "line 2: `99999999999999999999` is too large a number of milliseconds"),
        ("5\n4\n", "line 2: `4` is before the 5 above it"),
        ("0\n0\n", "line 2: the last line is 0: no time passes in a round"),
        ("1\n4611686018428", "line 2: the round is longer than 4611686018427387904 ns (146 years)"),
        ("1\n18446744073709551615", "line 2: the round is longer than 4611686018427387904 ns (146 years)"),
        ("", "the trace is empty"),
        ("# nothing\r\n", "the trace is empty"),
        ("duration,bytes\n", "the trace is empty"),
        ("100,5", "line 1: missing unit in `100`; write `100ms` or `100s`"),
        ("1ms,5\n1ms\n", "line 2: `1ms` is not a row `duration,bytes`"),
        ("1ms,5,6", "line 1: `1ms,5,6` is not a row `duration,bytes`"),
        ("1ms,x", "line 1: `x` is not a size"),
        ("1ms,10k", "line 1: `k` in `10k` could be 1000s or 1024s; write `KB` (1000) or `KiB` (1024)"),
        ("1ms,5\nduration,bytes", "line 2: `duration` is not a duration"),
        ("1ms,5\n0s,5", "line 2: a row of `0s` has no time for its bytes"),
        ("1s,0\n2s,0", "the trace lets nothing pass at all"),
        ("1281023h,1\n1h,1", "line 2: the round is longer than 4611686018427387904 ns (146 years)"),
        ("1ms,1\n10001s,1GB", "line 2: more than 10000000 opportunities in a round"),
        ("1000000h,16000000TB", "line 1: more than 10000000 opportunities in a round"),
        ("1ms,16000000TB\n1ms,16000000TB", "line 2: 2^64 bytes or more in a round"),
    ] {
        assert_eq!(error(text), expected, "{text:?}");
    }
    assert_eq!(Schedule::csv("1s,0").map_err(|error| error.line), Err(0));
}

#[test]
fn a_round_follows_a_round() {
    // The end of a round and the start of the next are one moment with two opportunities.
    let (schedule, mut credit) = (read("0\n2\n3"), Credit::default());
    let times: Vec<_> = (0..8).map(|_| schedule.take(&mut credit, 0, 1_500)).collect();
    let expected = [0, 2, 3, 3, 5, 6, 6, 8].map(|ms| (ms * MS, 1_500));
    assert_eq!(times, expected);
    for (now, grants) in [(3 * MS, [3, 3, 5]), (3 * MS + 1, [5, 6, 6]), (6 * MS, [6, 6, 8])] {
        let mut credit = Credit::default();
        assert_eq!(grants.map(|_| schedule.take(&mut credit, now, 1_500).0), grants.map(|ms| ms * MS));
    }
}

#[test]
fn an_opportunity_is_granted_in_parts() {
    let (schedule, mut credit) = (read("1ms,1000\n1ms,0\n1ms,500"), Credit::default());
    let wants = [400, 400, 400, 1_000, 1_000];
    let granted = wants.map(|want| schedule.take(&mut credit, 0, want));
    assert_eq!(granted, [(MS, 400), (MS, 400), (MS, 200), (3 * MS, 500), (4 * MS, 1_000)]);
}

#[test]
fn unused_credit_is_lost() {
    let (schedule, mut credit) = (read("1ms,1000\n1ms,500"), Credit::default());
    assert_eq!(schedule.take(&mut credit, MS, 1), (MS, 1));
    assert_eq!(schedule.take(&mut credit, MS + 1, 9_999), (2 * MS, 500));
    assert_eq!(schedule.take(&mut credit, 20 * MS, 9_999), (20 * MS, 500));
    assert_eq!(schedule.take(&mut credit, 0, 9_999), (21 * MS, 1_000));
}

#[test]
fn wanting_nothing_changes_nothing() {
    let (schedule, mut credit) = (read("1ms,1000"), Credit::default());
    assert_eq!(schedule.take(&mut credit, 0, 0), (0, 0));
    assert_eq!(schedule.take(&mut credit, 7, 0), (7, 0));
    assert_eq!(schedule.take(&mut credit, 0, 600), (MS, 600));
    assert_eq!(schedule.take(&mut credit, 7, 0), (MS, 0));
    assert_eq!(schedule.take(&mut credit, 9 * MS, 0), (9 * MS, 0));
    assert_eq!(schedule.take(&mut credit, 0, 600), (MS, 400));
}

#[test]
fn a_credit_of_another_schedule_does_no_harm() {
    let (long, short, mut credit) = (read("4ms,4000"), read("1ms,10"), Credit::default());
    assert_eq!(long.take(&mut credit, 3 * MS, 500), (3 * MS, 500));
    assert_eq!(short.take(&mut credit.clone(), 0, 0), (MS, 0));
    assert_eq!(short.take(&mut credit.clone(), 0, 500), (2 * MS, 10));
    assert_eq!(short.take(&mut credit, 9 * MS, 500), (9 * MS, 10));
}

#[test]
fn far_jumps_are_as_quick_as_near_ones() {
    // 10^15 rounds at a time: a walk over them would not end.
    let (schedule, mut credit) = (read("1us,1"), Credit::default());
    for step in 1..=18 {
        let now = step * 1_000_000_000_000_000_000;
        assert_eq!(schedule.take(&mut credit, now, 5), (now, 1));
        assert_eq!(schedule.take(&mut credit, now, 5), (now + 1_000, 1));
        assert_eq!(schedule.take(&mut credit, now + 1_001, 5), (now + 2_000, 1));
    }
}

#[test]
fn behind_the_last_nanosecond_time_stands_still() {
    for text in ["1ns,1", "7", "1000000h,3", "1000000h,1\n3ns,1"] {
        let (schedule, mut credit) = (read(text), Credit::default());
        let mut last = 0;
        for now in [u64::MAX - 3, u64::MAX - 1, u64::MAX, u64::MAX, u64::MAX, 0] {
            let (at, granted) = schedule.take(&mut credit, now, 1);
            assert!(at >= last && at >= now && granted == 1, "{text}: {at}");
            last = at;
        }
        assert_eq!(last, u64::MAX, "{text}");
    }
}

#[test]
fn the_mean_rate_counts_the_whole_round() {
    for (text, bits) in [
        (TWO_STEPS, 550_000),
        ("12", 1_000_000),
        ("3s,1", 2),
        ("1ns,16000000TB", u64::MAX),
        ("1000000h,1", 0),
    ] {
        assert_eq!(read(text).mean_rate(), bits);
    }
}

#[test]
fn the_fixtures_replay_to_the_byte() {
    let lines: Vec<u64> = LTE_LIKE.lines().filter_map(|line| line.parse().ok()).collect();
    for (text, bytes, seconds) in
        [(TWO_STEPS, 137_500, 2_000), (LTE_LIKE, 1_500 * lines.len() as u64, lines[lines.len() - 1])]
    {
        let (schedule, mut credit) = (read(text), Credit::default());
        let mut left = 3 * bytes;
        let mut at = 0;
        while left > 0 {
            let (time, granted) = schedule.take(&mut credit, at, left.min(1_448));
            assert!(time >= at && granted > 0);
            (at, left) = (time, left - granted);
        }
        // Three rounds hold exactly that much, and their ends are never silent.
        assert_eq!(at, 3 * seconds * MS);
        assert!(schedule.take(&mut credit, at, 1).0 > at);
    }
    let (steps, _) = parts(TWO_STEPS);
    assert_eq!(steps.len(), 2_000);
    assert!(steps[..1_000].iter().all(|(_, bytes)| *bytes == 125));
    assert!(steps[1_000..].iter().all(|(_, bytes)| matches!(bytes, 12 | 13)));
}

/// A trace as text, the opportunities of its round one by one (those of 0 bytes too), and the round's length.
type Model = (String, Vec<(u64, u64)>, u64);

fn rows() -> impl Strategy<Value = Model> {
    let row = (
        prop_oneof![1..3 * MS, (1u64..6).prop_map(|ms| ms * MS)],
        prop_oneof![Just(0), 0u64..12, 0u64..9_000],
    );
    prop::collection::vec(row, 1..8).prop_filter_map("nothing passes", |rows| {
        let (mut text, mut steps, mut start) = (String::new(), Vec::new(), 0);
        for (ns, bytes) in rows {
            text += &format!("{ns}ns,{bytes}\n");
            let n = ns.div_ceil(MS);
            steps.extend((1..=n).map(|k| (start + (k * MS).min(ns), bytes * k / n - bytes * (k - 1) / n)));
            start += ns;
        }
        steps.iter().any(|(_, bytes)| *bytes > 0).then_some((text, steps, start))
    })
}

fn lines() -> impl Strategy<Value = Model> {
    prop::collection::vec(prop_oneof![Just(0), 0u64..5], 1..12).prop_filter_map("no time passes", |gaps| {
        let (mut text, mut steps, mut ms) = (String::new(), Vec::new(), 0);
        for gap in gaps {
            ms += gap;
            text += &format!("{ms}\n");
            match steps.last_mut() {
                Some((at, bytes)) if *at == ms * MS => *bytes += 1_500,
                _ => steps.push((ms * MS, 1_500)),
            }
        }
        (ms > 0).then_some((text, steps, ms * MS))
    })
}

/// The opportunities of so many rounds, one after another.
fn rounds((_, steps, period): &Model, count: u64) -> Vec<(u64, u64)> {
    (0..count).flat_map(|round| steps.iter().map(move |(at, bytes)| (round * period + at, *bytes))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn taking_greedily_gets_exactly_what_every_opportunity_holds(
        model in prop_oneof![rows(), lines()],
        wants in prop::collection::vec(1u64..4_000, 1..20),
    ) {
        let (schedule, mut credit) = (read(&model.0), Credit::default());
        let all = rounds(&model, 4);
        let mut left: u64 = all.iter().map(|(_, bytes)| bytes).sum();
        let (mut granted, mut last) = (BTreeMap::<u64, u64>::new(), 0);
        for want in wants.into_iter().cycle() {
            if left == 0 {
                break;
            }
            let (at, bytes) = schedule.take(&mut credit, 0, want.min(left));
            prop_assert!(at >= last && (1..=want).contains(&bytes));
            *granted.entry(at).or_default() += bytes;
            (last, left) = (at, left - bytes);
        }
        let mut expected = BTreeMap::<u64, u64>::new();
        for (at, bytes) in all.into_iter().filter(|(_, bytes)| *bytes > 0) {
            *expected.entry(at).or_default() += bytes;
        }
        prop_assert_eq!(granted, expected);
    }

    #[test]
    fn taking_now_and_then_gets_what_a_walk_over_every_opportunity_finds(
        model in prop_oneof![rows(), lines()],
        calls in prop::collection::vec((0u64..5 * MS, 0u64..4_000, any::<bool>()), 1..60),
    ) {
        let (schedule, mut credit) = (read(&model.0), Credit::default());
        let (mut now, mut index, mut last) = (0, 0, 0);
        // A call goes at most a round beyond the time it names or the last grant.
        let gaps: u64 = calls.iter().map(|(gap, ..)| gap).sum();
        let mut all = rounds(&model, gaps / model.2 + 2 * calls.len() as u64 + 2);
        for (gap, want, on_time) in calls {
            now += gap;
            if want == 0 {
                prop_assert_eq!(schedule.take(&mut credit, now, 0), (now.max(last), 0));
                continue;
            }
            // Asking at the very moment of an opportunity gets it.
            if on_time {
                now = now.max(all[index].0);
            }
            while all[index].1 == 0 || all[index].0 < now {
                index += 1;
            }
            let granted = want.min(all[index].1);
            all[index].1 -= granted;
            last = all[index].0;
            prop_assert_eq!(schedule.take(&mut credit, now, want), (last, granted));
        }
    }
}
