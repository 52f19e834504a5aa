//! What a load counts, exactly.

use serde::Serialize;

/// The counts of a load. Every planned request ends up as ok or failed, each failed one under exactly one error.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Counts {
    /// Requests asked for.
    pub planned: u64,
    /// Requests of which at least the sending began.
    pub sent: u64,
    /// Requests whose every byte came back.
    pub ok: u64,
    /// Requests that did not.
    pub failed: u64,
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
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Transfer {
    /// Written to the target.
    pub sent: u64,
    /// Read from the target.
    pub received: u64,
}

/// Connections by what became of them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Connections {
    /// Established.
    pub opened: u64,
    /// Ended by something else than the client's own orderly close.
    pub lost: u64,
    /// Attempts that did not lead to a connection.
    pub refused: u64,
}

/// Bytes that were not what was sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Integrity {
    /// Requests of which another byte came back than was sent; of datagrams, answers that are nothing that was sent.
    pub corrupt: u64,
    /// Bytes that came back beyond what was sent.
    pub extra: u64,
    /// Datagrams of which only the beginning came back.
    pub truncated: u64,
}

/// Failed requests by cause.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
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
    NotSent,
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
            Failure::Corrupt => &mut self.errors.corrupt,
            Failure::NotSent => &mut self.errors.not_sent,
            Failure::Other => &mut self.errors.other,
        } += 1;
        if failure == Failure::Corrupt {
            self.integrity.corrupt += 1;
        }
    }
}
