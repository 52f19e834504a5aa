//! Latencies over time, as the report of a load has them.

use super::Beat;
use squall_load::{Moment, Report};

/// What a load says about its requests over time, in nanoseconds since it was started.
pub(crate) fn beats(report: &Report) -> Vec<Beat> {
    of(&report.moments, report.timing.elapsed_ns)
}

fn of(moments: &[Moment], elapsed: u64) -> Vec<Beat> {
    let mut moments = moments.to_vec();
    while is_scattered(&moments) {
        moments = doubled(&moments);
    }
    let beat = |moment: &Moment| Beat {
        from: moment.from_ns,
        to: moment.to_ns.min(elapsed.max(moment.from_ns)),
        requests: moment.measured,
        failed: moment.failed,
        mean_ns: moment.latency_sum_ns / moment.measured.max(1),
        max_ns: moment.latency_max_ns,
    };
    moments.iter().map(beat).collect()
}

/// Whether requests are further apart than spans are long, so that a line through the spans would be full of holes: most spans
/// stand alone, or there are many short gaps. A long gap is one in which nothing was answered.
fn is_scattered(moments: &[Moment]) -> bool {
    let gaps = moments.windows(2).filter(|pair| pair[0].to_ns < pair[1].from_ns);
    let short = |pair: &&[Moment]| pair[1].from_ns - pair[0].to_ns <= 2 * (pair[0].to_ns - pair[0].from_ns);
    let (all, short) = (gaps.clone().count(), gaps.filter(short).count());
    moments.len() > 2 && (all * 2 >= moments.len() || short * 8 > moments.len())
}

/// The same in spans of twice the length.
fn doubled(moments: &[Moment]) -> Vec<Moment> {
    let mut joined: Vec<Moment> = Vec::new();
    for moment in moments {
        let width = (moment.to_ns - moment.from_ns).saturating_mul(2).max(1);
        let from = moment.from_ns / width * width;
        match joined.last_mut().filter(|last| last.from_ns == from) {
            Some(last) => last.add(moment),
            None => joined.push(Moment { from_ns: from, to_ns: from.saturating_add(width), ..*moment }),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    fn at(ms: u64, measured: u64) -> Moment {
        let (from_ns, to_ns) = (ms * MS, (ms + 10) * MS);
        Moment { from_ns, to_ns, measured, latency_sum_ns: measured * 100, latency_max_ns: 250, failed: 0 }
    }

    #[test]
    fn each_span_is_a_beat_and_the_last_ends_with_the_load() {
        let failed = Moment { measured: 0, latency_sum_ns: 0, latency_max_ns: 0, failed: 3, ..at(20, 0) };
        let beats = of(&[at(0, 4), failed], 27 * MS);
        let first = Beat { from: 0, to: 10 * MS, requests: 4, failed: 0, mean_ns: 100, max_ns: 250 };
        let last = Beat { from: 20 * MS, to: 27 * MS, failed: 3, ..Beat::default() };
        assert_eq!(beats, [first, last]);
        assert_eq!(of(&[], 5), []);
    }

    #[test]
    fn requests_that_are_far_apart_share_longer_spans_and_an_outage_stays_a_gap() {
        let rare: Vec<Moment> = (0..20).map(|i| at(i * 100, 1)).collect();
        let beats = of(&rare, 2000 * MS);
        assert!((2..=20).contains(&beats.len()), "{beats:?}");
        assert!(beats.windows(2).all(|pair| pair[0].to == pair[1].from), "{beats:?}");
        assert_eq!(beats.iter().map(|beat| beat.requests).sum::<u64>(), 20);
        let outage: Vec<Moment> = (0..20).chain(80..100).map(|i| at(i * 10, 9)).collect();
        let beats = of(&outage, 1000 * MS);
        assert_eq!((beats.len(), beats[19].to, beats[20].from), (40, 200 * MS, 800 * MS));
    }
}
