//! What a load reports: exact counts, and timings apart from them.

mod document;
mod measures;
mod merge;
mod parts;

pub use document::{Document, Figures, Histograms, Outcome, Plan, RunInfo, SCHEMA, Threshold, schema};
pub use merge::MergeError;
pub use parts::{FullConnections, FullCounts, FullIntegrity, FullTiming};

use crate::counters::Counts;
use crate::generator::Generator;
use crate::histogram::Latency;
use crate::moments::Moment;
use crate::tally::{Series, Tally};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The outcome of a load.
#[derive(Clone, PartialEq, Debug)]
pub struct Report {
    /// Exact.
    pub counts: Counts,
    /// Noisy, except in virtual time.
    pub timing: Timing,
    /// Where the first wrong byte was: that of the lowest connection and place.
    pub first_wrong: Option<Wrong>,
    /// The servers that framed connections met, and how many connections each had.
    pub members: BTreeMap<String, u64>,
    /// What happened in each second.
    pub intervals: Vec<Interval>,
    /// Latencies over time, since the load began: in some hundred spans, or of 10 ms where that makes less. Those in which nothing
    /// ended are left out.
    pub moments: Vec<Moment>,
    /// How the generator itself did.
    pub generator: Generator,
    pub(crate) series: Series,
}

/// How long things took.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Timing {
    /// From the first connect until the last connection was closed, in nanoseconds.
    pub elapsed_ns: u64,
    /// From the instant that was planned for a request until its last byte was back; requests that succeeded only. In a closed
    /// loop a request is planned when it is sent.
    pub latency: Latency,
    /// From sending a request until its last byte was back.
    pub service_time: Latency,
    /// From sending a request until the first byte of its answer.
    pub first_byte: Latency,
    /// How much later than planned a request was sent that did not have to wait for its connection; open loops only.
    pub send_delay: Latency,
    /// How long it took to connect.
    pub connect: Latency,
    /// Payload over the elapsed time.
    pub throughput: Throughput,
    /// Datagrams that came when nobody waited for them.
    pub strays: Strays,
}

/// Answers that nobody waited for any more. How many came before the load was over is up to the clock.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Strays {
    /// Answers to requests that had been given up.
    pub late: u64,
    /// Answers to requests that had one already.
    pub duplicated: u64,
    /// Answers that came before that to an earlier request.
    pub reordered: u64,
    /// Requests that were given up and never answered.
    pub lost: u64,
}

impl Strays {
    pub(crate) fn add(&mut self, other: &Strays) {
        self.late += other.late;
        self.duplicated += other.duplicated;
        self.reordered += other.reordered;
        self.lost += other.lost;
    }
}

/// Payload bytes per second.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Throughput {
    /// To the target.
    pub sent_bytes_per_s: u64,
    /// From the target.
    pub received_bytes_per_s: u64,
}

/// A way that bytes go.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Way {
    /// To the target; it said so.
    Up,
    /// From the target.
    Down,
}

/// Where a wrong byte was.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Wrong {
    /// The connection's number, from 1.
    pub connection: u64,
    /// How often that connection had been made, from 1.
    pub attempt: u64,
    /// The number of the request on that connection, from 0.
    pub sequence: u64,
    /// The byte in what the connection carried that way, from 0; of a datagram, in its payload.
    pub offset: u64,
    /// Which way.
    pub way: Way,
}

impl std::fmt::Display for Wrong {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Wrong { connection, sequence, offset, way, .. } = self;
        let way = if *way == Way::Up { "to the target" } else { "from the target" };
        write!(f, "connection {connection}, request {sequence}, byte {offset} {way}")
    }
}

impl Wrong {
    /// The first of two.
    pub(crate) fn first(one: Option<Wrong>, other: Option<Wrong>) -> Option<Wrong> {
        one.into_iter().chain(other).min()
    }
}

/// What happened in one second of a load.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Interval {
    /// Which second, from 0.
    pub second: u64,
    /// Requests that began.
    pub sent: u64,
    /// Requests that succeeded.
    pub ok: u64,
    /// Requests that failed.
    pub failed: u64,
    /// Payload bytes of the answers.
    pub bytes_received: u64,
    /// Requests that succeeded and were measured.
    pub measured: u64,
    /// Their latencies together, in nanoseconds.
    pub latency_sum_ns: u64,
    /// The longest of them, in nanoseconds.
    pub latency_max_ns: u64,
}

impl Interval {
    pub(crate) fn add(&mut self, other: &Interval) {
        self.sent += other.sent;
        self.ok += other.ok;
        self.failed += other.failed;
        self.bytes_received += other.bytes_received;
        self.measured += other.measured;
        self.latency_sum_ns = self.latency_sum_ns.saturating_add(other.latency_sum_ns);
        self.latency_max_ns = self.latency_max_ns.max(other.latency_max_ns);
    }
}

impl Throughput {
    pub(crate) fn of(sent: u64, received: u64, elapsed_ns: u64) -> Throughput {
        let per_second = |bytes: u64| {
            let rate = u128::from(bytes) * 1_000_000_000 / u128::from(elapsed_ns.max(1));
            u64::try_from(rate).unwrap_or(u64::MAX)
        };
        Throughput { sent_bytes_per_s: per_second(sent), received_bytes_per_s: per_second(received) }
    }
}

impl Report {
    pub(crate) fn new(tally: Tally, generator: Generator, elapsed_ns: u64) -> Report {
        let Tally { counts, strays, series, intervals, moments, members, first, .. } = tally;
        let timing = Timing {
            elapsed_ns,
            latency: series.latency.summary(),
            service_time: series.service_time.summary(),
            first_byte: series.first_byte.summary(),
            send_delay: series.send_delay.summary(),
            connect: series.connect.summary(),
            throughput: Throughput::of(counts.bytes.sent, counts.bytes.received, elapsed_ns),
            strays,
        };
        let intervals = intervals.into_values().collect();
        let moments = moments.into_report();
        Report { counts, timing, first_wrong: first, members, intervals, moments, generator, series }
    }
}
