//! The groups of values in a report that programs read.

use super::{Throughput, Wrong};
use crate::histogram::Latency;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Requests by what became of them: `planned` is `ok`, `failed` and `dropped` together.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FullCounts {
    /// Asked for.
    pub planned: u64,
    /// Begun.
    pub sent: u64,
    /// Answered rightly and in time.
    pub ok: u64,
    /// Not so.
    pub failed: u64,
    /// Neither, because the load was cut short.
    pub dropped: u64,
    /// Begun later than planned by the generator's own doing; see `generator`. Always 0 but in an open loop in real time.
    pub late: u64,
    /// Of those that are ok or failed, those that were planned in the time for warming up, and not measured.
    pub warmup: u64,
    /// Datagrams that were sent again.
    pub retried: u64,
}

/// Connections by what became of them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FullConnections {
    /// Established; of datagrams, sockets.
    pub opened: u64,
    /// Ended by something else than the client's own orderly close.
    pub lost: u64,
    /// Attempts that did not lead to a connection.
    pub refused: u64,
}

/// What came back otherwise than it should have.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FullIntegrity {
    /// Requests with a wrong byte.
    pub corrupt: u64,
    /// Answers that are too short.
    pub truncated: u64,
    /// Bytes that were not asked for.
    pub extra: u64,
    /// Further answers to requests that had one.
    pub duplicated: u64,
    /// Answers that came before that to an earlier request.
    pub reordered: u64,
    /// Datagrams that were given up and never answered.
    pub lost: u64,
    /// Answers to requests that had been given up.
    pub late: u64,
    /// Where the first wrong byte was: that of the lowest connection and place.
    pub first: Option<Wrong>,
}

impl FullIntegrity {
    /// Whether bytes were wrong, too few or too many. Datagrams may be lost, doubled and out of order without that.
    pub fn is_wrong(&self) -> bool {
        self.corrupt > 0 || self.truncated > 0 || self.extra > 0
    }
}

/// How long things took. A group in which nothing was measured is null.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FullTiming {
    /// From the first connect until the last connection was closed, in nanoseconds.
    pub elapsed_ns: u64,
    /// From the instant that was planned for a request until its last byte was back.
    pub latency: Option<Latency>,
    /// From sending a request until its last byte was back.
    pub service_time: Option<Latency>,
    /// From sending a request until the first byte of its answer.
    pub first_byte: Option<Latency>,
    /// How much later than planned a request was sent whose connection was free.
    pub send_delay: Option<Latency>,
    /// How long it took to connect.
    pub connect: Option<Latency>,
    /// Payload over the elapsed time.
    pub throughput: Throughput,
    /// Requests that are ok, per second of the elapsed time.
    pub requests_per_s: u64,
    /// What a report has under `counts`, `bytes` and so on, where these are not exact: in a closed loop by duration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub figures: Option<super::Figures>,
}
