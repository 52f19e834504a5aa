//! Durations that were measured one by one.

use std::time::Duration;

/// All of them, in nanoseconds; what takes longer than four seconds counts as that.
#[derive(Default)]
pub(crate) struct Samples(Vec<u32>);

impl Samples {
    pub(crate) fn with_capacity(count: usize) -> Samples {
        Samples(Vec::with_capacity(count))
    }

    pub(crate) fn add(&mut self, took: Duration) {
        self.0.push(u32::try_from(took.as_nanos()).unwrap_or(u32::MAX));
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The smallest that at least this share of all do not exceed, in microseconds; 0 without any.
    pub(crate) fn percentile(&mut self, share: f64) -> f64 {
        self.0.sort_unstable();
        let rank = (share * self.0.len() as f64).ceil() as usize;
        self.0.get(rank.saturating_sub(1)).map_or(0.0, |nanos| f64::from(*nanos) / 1e3)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_samples() {
        let mut samples = Samples::with_capacity(100);
        (1..=100).rev().for_each(|micros| samples.add(Duration::from_micros(micros)));
        assert_eq!(samples.percentile(0.5), 50.0);
        assert_eq!(samples.percentile(0.99), 99.0);
        assert_eq!(samples.percentile(1.0), 100.0);
        assert_eq!(Samples::default().percentile(0.5), 0.0);
    }

    #[test]
    fn what_takes_too_long_is_not_taken_for_short() {
        let mut samples = Samples::default();
        samples.add(Duration::from_secs(100));
        assert!(samples.percentile(0.5) > 4e6);
    }
}
