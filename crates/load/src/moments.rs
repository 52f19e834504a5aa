//! Latencies over time, in spans that grow with the load: some hundred of them, however long it takes.

use std::time::Duration;

/// Never more spans than these. When there would be, they are joined in pairs.
const MOST: usize = 200;

/// How long the first spans are, in nanoseconds.
const SHORTEST: u64 = Duration::from_millis(10).as_nanos() as u64;

/// The operations that ended in one span of a load, and how long they took.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Moment {
    /// When it begins, in nanoseconds since the load did.
    pub from_ns: u64,
    /// When it ends. All spans of a report are of the same length.
    pub to_ns: u64,
    /// Operations that succeeded and were measured.
    pub measured: u64,
    /// Operations that failed.
    pub failed: u64,
    /// The latencies of those measured together, in nanoseconds.
    pub latency_sum_ns: u64,
    /// The longest of them, in nanoseconds.
    pub latency_max_ns: u64,
}

impl Moment {
    /// Adds what another span has; its times stay as they are.
    pub fn add(&mut self, other: &Moment) {
        self.measured += other.measured;
        self.failed += other.failed;
        self.latency_sum_ns = self.latency_sum_ns.saturating_add(other.latency_sum_ns);
        self.latency_max_ns = self.latency_max_ns.max(other.latency_max_ns);
    }
}

/// All spans from the beginning on.
#[derive(Clone, Debug)]
pub(crate) struct Moments {
    width: u64,
    spans: Vec<Moment>,
}

impl Moments {
    pub(crate) fn new() -> Moments {
        Moments { width: SHORTEST, spans: Vec::new() }
    }

    /// An operation that was measured ended at `since`.
    pub(crate) fn measured(&mut self, since: u64, latency: u64) {
        let one =
            Moment { measured: 1, latency_sum_ns: latency, latency_max_ns: latency, ..Moment::default() };
        self.at(since).add(&one);
    }

    /// An operation failed at `since`.
    pub(crate) fn failed(&mut self, since: u64) {
        self.at(since).failed += 1;
    }

    /// The span that has `since` in it.
    fn at(&mut self, since: u64) -> &mut Moment {
        while since / self.width >= MOST as u64 {
            self.double();
        }
        // Below the most, and so no number that could be cut off.
        let place = (since / self.width) as usize;
        if self.spans.len() <= place {
            self.spans.resize(place + 1, Moment::default());
        }
        &mut self.spans[place]
    }

    fn double(&mut self) {
        self.width = self.width.saturating_mul(2);
        let joined = self.spans.chunks(2).map(|pair| {
            pair.iter().fold(Moment::default(), |mut sum, span| {
                sum.add(span);
                sum
            })
        });
        self.spans = joined.collect();
    }

    /// Adds another shard's.
    pub(crate) fn add(&mut self, other: &Moments) {
        while self.width < other.width {
            self.double();
        }
        for (place, span) in other.spans.iter().enumerate() {
            self.at(other.width.saturating_mul(place as u64)).add(span);
        }
    }

    /// The spans in which anything ended.
    pub(crate) fn into_report(self) -> Vec<Moment> {
        let width = self.width;
        let placed = (0..).zip(self.spans).map(|(place, span): (u64, Moment)| {
            let from_ns = width.saturating_mul(place);
            Moment { from_ns, to_ns: from_ns.saturating_add(width), ..span }
        });
        placed.filter(|span| span.measured + span.failed > 0).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    #[test]
    fn short_loads_have_spans_of_ten_milliseconds_and_those_without_anything_are_left_out() {
        let mut moments = Moments::new();
        moments.measured(0, 5);
        moments.measured(10 * MS - 1, 7);
        moments.failed(35 * MS);
        let first = Moment {
            to_ns: 10 * MS,
            measured: 2,
            latency_sum_ns: 12,
            latency_max_ns: 7,
            ..Moment::default()
        };
        let last = Moment { from_ns: 30 * MS, to_ns: 40 * MS, failed: 1, ..Moment::default() };
        assert_eq!(moments.into_report(), [first, last]);
    }

    #[test]
    fn a_load_of_any_length_has_some_hundred_spans_and_loses_nothing() {
        for seconds in [2_u64, 5, 60, 3600, 1_000_000] {
            let mut moments = Moments::new();
            let step = seconds * 1000 * MS / 1000;
            (0..1000).for_each(|i| moments.measured(i * step, i));
            let spans = moments.into_report();
            assert!((100..=MOST).contains(&spans.len()), "{seconds}: {}", spans.len());
            assert_eq!(spans.iter().map(|span| span.measured).sum::<u64>(), 1000);
            assert_eq!(spans.iter().map(|span| span.latency_sum_ns).sum::<u64>(), 999 * 500);
            assert_eq!(spans.last().map(|span| span.latency_max_ns), Some(999));
            assert!(spans.windows(2).all(|pair| pair[0].to_ns == pair[1].from_ns));
        }
        let mut far = Moments::new();
        far.failed(u64::MAX);
        assert_eq!(far.into_report().len(), 1);
    }

    #[test]
    fn shards_that_ended_at_different_times_are_added_in_either_order() {
        let (mut short, mut long) = (Moments::new(), Moments::new());
        (0..100).for_each(|i| short.measured(i * MS, i));
        (0..100).for_each(|i| long.measured(i * 1000 * MS, i));
        let (mut one, mut other) = (short.clone(), long.clone());
        one.add(&long);
        other.add(&short);
        let one = one.into_report();
        assert_eq!(one, other.into_report());
        assert_eq!(one.iter().map(|span| span.measured).sum::<u64>(), 200);
    }
}
