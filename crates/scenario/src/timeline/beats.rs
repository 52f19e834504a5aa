//! Latencies over time, as the report of a load has them: second by second.

use super::Beat;
use squall_load::{Interval, Report};

/// The most that are kept. Of a longer load several seconds are one.
const MOST: u64 = 300;

const SECOND: u64 = 1_000_000_000;

/// What a load says about its requests over time, in nanoseconds since it was started.
pub(crate) fn beats(report: &Report) -> Vec<Beat> {
    of(&report.intervals, report.timing.elapsed_ns)
}

fn of(intervals: &[Interval], elapsed: u64) -> Vec<Beat> {
    let seconds =
        intervals.iter().map(|interval| interval.second).max().map_or(0, |last| last.saturating_add(1));
    let wide = seconds.div_ceil(MOST).max(1);
    let mut beats: Vec<(Beat, u64)> = Vec::new();
    for interval in intervals.iter().filter(|interval| interval.measured + interval.failed > 0) {
        let from = (interval.second / wide).saturating_mul(wide).saturating_mul(SECOND);
        if beats.last().is_none_or(|(last, _)| last.from != from) {
            let to = from.saturating_add(wide.saturating_mul(SECOND)).min(elapsed.max(from));
            beats.push((Beat { from, to, ..Beat::default() }, 0));
        }
        if let Some((beat, sum)) = beats.last_mut() {
            beat.requests += interval.measured;
            beat.failed += interval.failed;
            beat.max_ns = beat.max_ns.max(interval.latency_max_ns);
            *sum = sum.saturating_add(interval.latency_sum_ns);
            beat.mean_ns = *sum / beat.requests.max(1);
        }
    }
    beats.into_iter().map(|(beat, _)| beat).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interval(second: u64, measured: u64, sum: u64, max: u64) -> Interval {
        Interval { second, measured, latency_sum_ns: sum, latency_max_ns: max, ..Interval::default() }
    }

    #[test]
    fn each_second_is_a_beat_and_the_last_ends_with_the_load() {
        let nothing = Interval { second: 1, sent: 9, ..Interval::default() };
        let failed = Interval { second: 2, failed: 3, ..Interval::default() };
        let beats = of(&[interval(0, 4, 400, 250), nothing, failed], 2 * SECOND + 7);
        let first = Beat { from: 0, to: SECOND, requests: 4, failed: 0, mean_ns: 100, max_ns: 250 };
        let last = Beat { from: 2 * SECOND, to: 2 * SECOND + 7, failed: 3, ..Beat::default() };
        assert_eq!(beats, [first, last]);
        assert_eq!(of(&[], 5), []);
    }

    #[test]
    fn a_long_load_has_no_more_beats_than_a_page_can_show() {
        let seconds: Vec<Interval> =
            (0..3601).map(|second| interval(second, second % 2, second % 2 * 10, 10)).collect();
        let beats = of(&seconds, 3601 * SECOND);
        assert!(beats.len() as u64 <= MOST && beats.len() > 200, "{}", beats.len());
        assert_eq!(beats.iter().map(|beat| beat.requests).sum::<u64>(), 1800);
        assert!(beats.iter().all(|beat| beat.mean_ns == 10 || beat.requests == 0));
        assert!(beats.windows(2).all(|pair| pair[0].to == pair[1].from));
        assert_eq!(beats.last().map(|beat| beat.to), Some(3601 * SECOND));
    }
}
