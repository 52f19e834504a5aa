//! What a load reports: exact counts, and timings apart from them.

use crate::counters::Counts;
use hdrhistogram::Histogram;
use serde::Serialize;

/// The outcome of a load.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Report {
    /// Exact.
    pub counts: Counts,
    /// Noisy, except in virtual time.
    pub timing: Timing,
}

/// How long things took.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Timing {
    /// From the first connect until the last connection was closed, in nanoseconds.
    pub elapsed_ns: u64,
    /// From sending a request until its last byte was back; requests that succeeded only.
    pub latency: Latency,
    /// Payload over the elapsed time.
    pub throughput: Throughput,
    /// Datagrams that came when nobody waited for them.
    pub strays: Strays,
}

/// Answers that nobody waited for any more. How many came before the load was over is up to the clock.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Strays {
    /// Answers to requests that had been given up.
    pub late: u64,
    /// Answers to requests that had one already.
    pub duplicated: u64,
}

/// Latencies in nanoseconds, the percentiles to three digits; all 0 where no request succeeded.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Latency {
    /// The shortest.
    pub min_ns: u64,
    /// The mean.
    pub mean_ns: u64,
    /// Half were no longer.
    pub p50_ns: u64,
    /// 90% were no longer.
    pub p90_ns: u64,
    /// 99% were no longer.
    pub p99_ns: u64,
    /// 99.9% were no longer.
    #[serde(rename = "p99.9_ns")]
    pub p999_ns: u64,
    /// The longest.
    pub max_ns: u64,
}

/// Payload bytes per second.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Throughput {
    /// To the target.
    pub sent_bytes_per_s: u64,
    /// From the target.
    pub received_bytes_per_s: u64,
}

impl Report {
    pub(crate) fn new(counts: Counts, latencies: &Latencies, strays: Strays, elapsed_ns: u64) -> Report {
        let per_second = |bytes: u64| {
            let rate = u128::from(bytes) * 1_000_000_000 / u128::from(elapsed_ns.max(1));
            u64::try_from(rate).unwrap_or(u64::MAX)
        };
        let throughput = Throughput {
            sent_bytes_per_s: per_second(counts.bytes.sent),
            received_bytes_per_s: per_second(counts.bytes.received),
        };
        Report { counts, timing: Timing { elapsed_ns, latency: latencies.summary(), throughput, strays } }
    }
}

/// Latencies as they are recorded: a histogram for the percentiles, and exactly what it would round.
pub(crate) struct Latencies {
    histogram: Histogram<u64>,
    min: u64,
    max: u64,
    sum: u128,
}

/// The longest latency that is told apart from longer ones: an hour, in nanoseconds.
const LONGEST: u64 = 3_600_000_000_000;
/// Digits of a percentile that are exact.
const DIGITS: u8 = 3;

impl Latencies {
    pub(crate) fn new() -> Latencies {
        let histogram =
            Histogram::new_with_max(LONGEST, DIGITS).unwrap_or_else(|_| unreachable!("fixed bounds"));
        Latencies { histogram, min: u64::MAX, max: 0, sum: 0 }
    }

    pub(crate) fn record(&mut self, ns: u64) {
        self.histogram.saturating_record(ns);
        self.min = self.min.min(ns);
        self.max = self.max.max(ns);
        self.sum += u128::from(ns);
    }

    fn summary(&self) -> Latency {
        let count = u128::from(self.histogram.len());
        if count == 0 {
            return Latency::default();
        }
        // A bucket's upper end may lie beyond anything that was recorded in it.
        let at = |quantile| self.histogram.value_at_quantile(quantile).clamp(self.min, self.max);
        Latency {
            min_ns: self.min,
            mean_ns: u64::try_from(self.sum / count).unwrap_or(u64::MAX),
            p50_ns: at(0.5),
            p90_ns: at(0.9),
            p99_ns: at(0.99),
            p999_ns: at(0.999),
            max_ns: self.max,
        }
    }
}
