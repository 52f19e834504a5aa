//! How long things took, counted in buckets, so that whoever scrapes can tell a slow minority from a slow mean.

use std::time::Duration;

/// Times by length.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Durations {
    /// How many were no longer than each bound, and longer than the one before.
    counts: [u64; BOUNDS.len()],
    /// How many there were.
    pub count: u64,
    /// All together, in nanoseconds.
    pub sum_ns: u64,
}

/// From a dial over loopback to a connection that is kept for an hour.
const BOUNDS: [Duration; 14] = [
    Duration::from_micros(100),
    Duration::from_micros(500),
    Duration::from_millis(1),
    Duration::from_millis(5),
    Duration::from_millis(10),
    Duration::from_millis(50),
    Duration::from_millis(100),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(5),
    Duration::from_secs(10),
    Duration::from_secs(60),
    Duration::from_secs(600),
    Duration::from_secs(3_600),
];

impl Durations {
    pub(crate) fn note(&mut self, ns: u64) {
        let bound = BOUNDS.iter().position(|bound| u128::from(ns) <= bound.as_nanos());
        if let Some(count) = bound.and_then(|bound| self.counts.get_mut(bound)) {
            *count += 1;
        }
        self.count += 1;
        self.sum_ns = self.sum_ns.saturating_add(ns);
    }

    /// Adds what was counted elsewhere.
    pub fn add(&mut self, other: Durations) {
        self.counts.iter_mut().zip(other.counts).for_each(|(count, more)| *count += more);
        self.count += other.count;
        self.sum_ns = self.sum_ns.saturating_add(other.sum_ns);
    }

    /// Each bound, in rising order, with how many were no longer than that.
    pub fn cumulative(&self) -> impl Iterator<Item = (Duration, u64)> {
        let mut sum = 0;
        BOUNDS.into_iter().zip(self.counts).map(move |(bound, count)| {
            sum += count;
            (bound, sum)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_counts_for_every_bound_that_it_does_not_exceed() {
        let mut times = Durations::default();
        for ns in [0, 100_000, 100_001, 3_600_000_000_000, 3_600_000_000_001] {
            times.note(ns);
        }
        let counts: Vec<u64> = times.cumulative().map(|(_, count)| count).collect();
        assert_eq!((counts[0], counts[1], counts[12], counts[13]), (2, 3, 3, 4));
        assert_eq!((times.count, times.sum_ns), (5, 7_200_000_200_002));
        let mut twice = times;
        twice.add(times);
        assert_eq!(twice.cumulative().last(), Some((Duration::from_secs(3_600), 8)));
    }
}
