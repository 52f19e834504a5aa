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
}

/// Latencies in nanoseconds, to three digits; all 0 where no request succeeded.
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
    pub(crate) fn new(counts: Counts, histogram: &Histogram<u64>, elapsed_ns: u64) -> Report {
        let per_second = |bytes: u64| {
            let rate = u128::from(bytes) * 1_000_000_000 / u128::from(elapsed_ns.max(1));
            u64::try_from(rate).unwrap_or(u64::MAX)
        };
        let throughput = Throughput {
            sent_bytes_per_s: per_second(counts.bytes.sent),
            received_bytes_per_s: per_second(counts.bytes.received),
        };
        Report { counts, timing: Timing { elapsed_ns, latency: Latency::of(histogram), throughput } }
    }
}

impl Latency {
    fn of(histogram: &Histogram<u64>) -> Latency {
        if histogram.is_empty() {
            return Latency::default();
        }
        let at = |quantile| histogram.value_at_quantile(quantile);
        Latency {
            min_ns: histogram.min(),
            mean_ns: histogram.mean() as u64,
            p50_ns: at(0.5),
            p90_ns: at(0.9),
            p99_ns: at(0.99),
            p999_ns: at(0.999),
            max_ns: histogram.max(),
        }
    }
}
