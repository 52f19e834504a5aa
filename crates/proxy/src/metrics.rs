//! What a link has counted, at one moment.

use crate::close::CloseReason;
use crate::durations::Durations;
use squall_balance::{AdminState, Condition};
use squall_faults::Peer;

/// A link's counts. Live: open connections are included.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Metrics {
    /// Connections by what became of them.
    pub connections: Connections,
    /// Bytes delivered to the receivers.
    pub bytes: Bytes,
    /// Bytes read from the senders, whatever became of them.
    pub received: Bytes,
    /// Datagrams, on a link that carries them.
    pub datagrams: Option<Datagrams>,
    /// Closed connections by reason.
    pub closes: Closes,
    /// How long it took to reach the server, for connections that did; retries on other members of a balancer count apart.
    pub dial_time: Durations,
    /// How long connections lasted that were relayed and are closed since.
    pub duration: Durations,
    /// Bytes that were read and wait to be delivered.
    pub held: u64,
    /// The most that one direction of one connection ever held, in bytes.
    pub held_max: u64,
    /// Every fault that was ever on the link, by name.
    pub faults: Vec<FaultMetrics>,
    /// The members of a balancer, in order; none on other links.
    pub members: Vec<MemberMetrics>,
}

/// Connections of a link, by what became of them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Connections {
    /// Accepted, whatever came of it.
    pub accepted: u64,
    /// Open now, those that are being connected to the server included.
    pub active: u64,
    /// Relayed and closed since.
    pub closed: u64,
    /// Turned away because too many were open, or no descriptor was left.
    pub refused: u64,
    /// Given up because the server could not be reached.
    pub failed: u64,
}

/// Bytes by direction.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Bytes {
    /// From clients to the server.
    pub up: u64,
    /// From the server to clients.
    pub down: u64,
}

impl Bytes {
    pub(crate) fn add(&mut self, other: Bytes) {
        self.up += other.up;
        self.down += other.down;
    }
}

/// Datagrams by what became of them, and by direction.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Datagrams {
    /// Sent on to the server.
    pub up: u64,
    /// Sent on to clients.
    pub down: u64,
    /// From clients, and dropped: by a fault, because a queue was full, or because nobody could take them.
    pub dropped_up: u64,
    /// From the server, and dropped.
    pub dropped_down: u64,
}

impl Datagrams {
    pub(crate) fn add(&mut self, other: Datagrams) {
        self.up += other.up;
        self.down += other.down;
        self.dropped_up += other.dropped_up;
        self.dropped_down += other.dropped_down;
    }
}

/// Closed connections by reason; see [`CloseReason`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Closes {
    /// Finished by both sides.
    pub fin: u64,
    /// Reset by a peer or a fault.
    pub reset: u64,
    /// Idle for too long.
    pub timeout: u64,
    /// Ended by another error.
    pub error: u64,
    /// Ended from our side.
    pub cancelled: u64,
    /// Those of `reset` and `error` that came from a peer, by which; the other resets are by a fault.
    pub sides: Sides,
}

/// At whose hands connections broke.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Sides {
    /// Reset by the client.
    pub reset_client: u64,
    /// Reset by the server.
    pub reset_server: u64,
    /// Another error on the client's connection.
    pub error_client: u64,
    /// Another error on the server's connection.
    pub error_server: u64,
}

impl Sides {
    fn count(&mut self, reason: CloseReason) {
        *match reason {
            CloseReason::Reset(Some(Peer::Client)) => &mut self.reset_client,
            CloseReason::Reset(Some(Peer::Server)) => &mut self.reset_server,
            CloseReason::Error(Peer::Client) => &mut self.error_client,
            CloseReason::Error(Peer::Server) => &mut self.error_server,
            _ => return,
        } += 1;
    }
}

/// What one fault has done.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FaultMetrics {
    /// The fault's name on the link.
    pub name: String,
    /// Its kind, such as `latency`.
    pub kind: &'static str,
    /// How often it fired.
    pub fired: u64,
    /// Whether it may stay unfired without that being a failure.
    pub optional: bool,
    /// Whether it is in force now.
    pub active: bool,
}

/// A member of a balancer, and what it has met.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MemberMetrics {
    /// Its name.
    pub name: String,
    /// Where it is, as it was written.
    pub address: String,
    /// The condition that it is in.
    pub state: Condition,
    /// What an operator wants of it.
    pub admin: AdminState,
    /// Whether its probes succeed; true where there are none.
    pub healthy: bool,
    /// Its weight, slow start or not.
    pub weight: u32,
    /// Connections that it has now, dials under way included.
    pub active: u64,
    /// How often it was picked.
    pub picks: u64,
    /// Dials to it that went well.
    pub connections: u64,
    /// Dials to it that failed.
    pub failures: u64,
    /// How often it was ejected.
    pub ejections: u64,
    /// Probes that have ended.
    pub probes: u64,
    /// Probes among them that failed.
    pub probe_failures: u64,
}

impl Closes {
    pub(crate) fn count(&mut self, reason: CloseReason) {
        self.sides.count(reason);
        *match reason {
            CloseReason::Fin => &mut self.fin,
            CloseReason::Reset(_) => &mut self.reset,
            CloseReason::Timeout => &mut self.timeout,
            CloseReason::Error(_) => &mut self.error,
            CloseReason::Cancelled => &mut self.cancelled,
        } += 1;
    }

    /// All of them.
    pub fn total(&self) -> u64 {
        self.fin + self.reset + self.timeout + self.error + self.cancelled
    }
}
