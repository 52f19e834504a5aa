//! Why a connection closed, recorded once for each.

use squall_faults::Peer;
use std::fmt;

/// How a relayed connection came to its end, and at whose hands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CloseReason {
    /// Both sides finished (FIN).
    Fin,
    /// A RST: by that peer, or by a fault where there is none.
    Reset(Option<Peer>),
    /// No bytes either way for the idle timeout.
    Timeout,
    /// Another error on that peer's connection, such as an unreachable host.
    Error(Peer),
    /// Ended from our side: the link was taken down or stopped.
    Cancelled,
}

impl CloseReason {
    /// In words, with the name of the fault that ended the connection where that is known.
    pub fn told(self, fault: Option<&str>) -> String {
        match (self, fault) {
            (CloseReason::Reset(None), Some(fault)) => format!("reset by fault `{fault}`"),
            (CloseReason::Timeout, Some(fault)) => format!("ended by fault `{fault}`"),
            _ => self.to_string(),
        }
    }
}

impl fmt::Display for CloseReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CloseReason::Fin => f.write_str("fin"),
            CloseReason::Reset(Some(peer)) => write!(f, "reset by the {peer}"),
            CloseReason::Reset(None) => f.write_str("reset by a fault"),
            CloseReason::Timeout => f.write_str("idle timeout"),
            CloseReason::Error(peer) => write!(f, "error on the {peer}'s side"),
            CloseReason::Cancelled => f.write_str("cancelled"),
        }
    }
}
