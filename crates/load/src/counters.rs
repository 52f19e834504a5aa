//! What a load counts, exactly.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The counts of a load. Every planned request ends up as ok or failed, each failed one under exactly one error; only a load that
/// was cut short has some that are neither.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    /// Requests asked for.
    pub planned: u64,
    /// Requests of which at least the sending began.
    pub sent: u64,
    /// Requests whose every byte came back.
    pub ok: u64,
    /// Requests that did not.
    pub failed: u64,
    /// Requests that are ok or failed and began in the time for warming up: they are counted, but not measured.
    pub warmup: u64,
    /// Datagrams that were sent again because no answer came in time.
    pub retried: u64,
    /// Payload bytes of the requests that are ok: how far others came before they failed is chance on real sockets.
    pub bytes: Transfer,
    /// Connections.
    pub connections: Connections,
    /// Bytes that were not what was sent.
    pub integrity: Integrity,
    /// Failed requests by cause.
    pub errors: Errors,
}

/// Payload bytes by direction.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct Transfer {
    /// Written to the target.
    pub sent: u64,
    /// Read from the target.
    pub received: u64,
}

/// Connections by what became of them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct Connections {
    /// Established.
    pub opened: u64,
    /// Ended by something else than the client's own orderly close.
    pub lost: u64,
    /// Attempts that did not lead to a connection.
    pub refused: u64,
}

/// Bytes that were not what was sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct Integrity {
    /// Requests of which another byte came back than was expected; of datagrams, answers that are nothing that was sent.
    pub corrupt: u64,
    /// Bytes that came back beyond what was expected.
    pub extra: u64,
    /// Datagrams of which only the beginning came back; framed replies, and bodies of HTTP, that are shorter than expected.
    pub truncated: u64,
}

/// Failed requests by cause.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct Errors {
    /// No connection could be made.
    pub refused: u64,
    /// The connection was reset.
    pub reset: u64,
    /// The target finished early.
    pub closed: u64,
    /// The timeout passed.
    pub timeout: u64,
    /// Another byte came back than was sent.
    pub corrupt: u64,
    /// Not sent, because the connection was lost before and was not to be reopened.
    pub not_sent: u64,
    /// What came back is not of the protocol that was spoken.
    pub malformed: u64,
    /// HTTP answers that ended in the middle: before the length that they have themselves.
    #[serde(default)]
    pub incomplete: u64,
    /// HTTP answers with the body of another request on the same connection.
    #[serde(default)]
    pub mixed_up: u64,
    /// HTTP answers of success, where another status was expected.
    #[serde(default)]
    pub status_2xx: u64,
    /// HTTP answers that send the client elsewhere.
    pub status_3xx: u64,
    /// HTTP answers that blame the request.
    pub status_4xx: u64,
    /// HTTP answers that blame the server.
    pub status_5xx: u64,
    /// Anything else.
    pub other: u64,
}

/// Why a request failed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Failure {
    Refused,
    Reset,
    Closed,
    Timeout,
    Corrupt,
    /// The answer is whole, and shorter than it has to be.
    Truncated,
    /// It is longer.
    Extra,
    NotSent,
    Malformed,
    Incomplete,
    MixedUp,
    /// An HTTP answer of this class, which was not expected.
    Status(u16),
    Other,
}

impl Failure {
    /// What an error on an established connection means.
    pub(crate) fn of(error: &std::io::Error) -> Failure {
        use std::io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset};
        match error.kind() {
            ConnectionReset | ConnectionAborted | BrokenPipe => Failure::Reset,
            _ => Failure::Other,
        }
    }
}

impl Counts {
    pub(crate) fn fail(&mut self, failure: Failure) {
        self.failed += 1;
        *match failure {
            Failure::Refused => &mut self.errors.refused,
            Failure::Reset => &mut self.errors.reset,
            Failure::Closed => &mut self.errors.closed,
            Failure::Timeout => &mut self.errors.timeout,
            Failure::Corrupt | Failure::Truncated | Failure::Extra => &mut self.errors.corrupt,
            Failure::Malformed => &mut self.errors.malformed,
            Failure::Incomplete => &mut self.errors.incomplete,
            Failure::MixedUp => &mut self.errors.mixed_up,
            Failure::Status(2) => &mut self.errors.status_2xx,
            Failure::Status(3) => &mut self.errors.status_3xx,
            Failure::Status(4) => &mut self.errors.status_4xx,
            Failure::Status(5) => &mut self.errors.status_5xx,
            Failure::Status(_) => &mut self.errors.other,
            Failure::NotSent => &mut self.errors.not_sent,
            Failure::Other => &mut self.errors.other,
        } += 1;
        match failure {
            Failure::Corrupt | Failure::MixedUp => self.integrity.corrupt += 1,
            Failure::Truncated => self.integrity.truncated += 1,
            _ => {}
        }
    }

    /// Adds what another part of the load counted.
    pub(crate) fn add(&mut self, other: &Counts) {
        self.planned += other.planned;
        self.sent += other.sent;
        self.ok += other.ok;
        self.failed += other.failed;
        self.warmup += other.warmup;
        self.retried += other.retried;
        self.bytes.add(&other.bytes);
        self.connections.add(&other.connections);
        self.integrity.add(&other.integrity);
        self.errors.add(&other.errors);
    }
}

impl Transfer {
    pub(crate) fn add(&mut self, other: &Transfer) {
        self.sent += other.sent;
        self.received += other.received;
    }
}

impl Connections {
    pub(crate) fn add(&mut self, other: &Connections) {
        self.opened += other.opened;
        self.lost += other.lost;
        self.refused += other.refused;
    }
}

impl Integrity {
    pub(crate) fn add(&mut self, other: &Integrity) {
        self.corrupt += other.corrupt;
        self.extra += other.extra;
        self.truncated += other.truncated;
    }
}

impl Errors {
    pub(crate) fn add(&mut self, other: &Errors) {
        self.refused += other.refused;
        self.reset += other.reset;
        self.closed += other.closed;
        self.timeout += other.timeout;
        self.corrupt += other.corrupt;
        self.not_sent += other.not_sent;
        self.malformed += other.malformed;
        self.incomplete += other.incomplete;
        self.mixed_up += other.mixed_up;
        self.status_2xx += other.status_2xx;
        self.status_3xx += other.status_3xx;
        self.status_4xx += other.status_4xx;
        self.status_5xx += other.status_5xx;
        self.other += other.other;
    }
}
