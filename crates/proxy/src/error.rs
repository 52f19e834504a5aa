//! What can go wrong with a link as a whole.

use crate::balance::BalanceError;
use squall_balance::PoolError;
use squall_faults::PlanError;
use squall_wire::Address;
use std::io;

/// Why a link could not start, come back, or take a fault.
#[derive(Debug, thiserror::Error)]
pub enum ProxyError {
    /// The listening address could not be bound.
    #[error("listen {addr}: {}", squall_wire::reason(source))]
    Listen {
        /// The address asked for.
        addr: Address,
        /// What the system said.
        source: io::Error,
    },
    /// The link would relay to itself, over and over until nothing is left.
    #[error("link `{name}` listens on its own upstream {addr}")]
    Loop {
        /// The link's name.
        name: String,
        /// The address that is both.
        addr: Address,
    },
    /// An end of a bridge could not be reached.
    #[error("{end}: {}", squall_wire::reason(source))]
    BridgeEnd {
        /// Its address, or what it is.
        end: String,
        /// What the system said.
        source: io::Error,
    },
    /// The system does not take a setting of sockets.
    #[error("{}", squall_wire::reason(.0))]
    Tuning(io::Error),
    /// No shard could be started.
    #[error("start a shard: {}", squall_wire::reason(.0))]
    Shards(io::Error),
    /// Datagrams have no beginning that could say where they come from.
    #[error("link `{name}` carries datagrams, which have no PROXY header")]
    NoHeader {
        /// The link's name.
        name: String,
    },
    /// A unix socket carries streams only.
    #[error("link `{name}` carries datagrams, which unix sockets do not here")]
    NoUnixDatagrams {
        /// The link's name.
        name: String,
    },
    /// No pool can be made of the members.
    #[error(transparent)]
    Pool(#[from] PoolError),
    /// There is no such member, or it does not take what was asked of it.
    #[error(transparent)]
    Balance(#[from] BalanceError),
    /// A fault cannot be put on the link.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// There is no preset of that name.
    #[error("there is no preset `{name}`{}", .nearest.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default())]
    UnknownPreset {
        /// What was asked for.
        name: String,
        /// The one most like it.
        nearest: Option<&'static str>,
    },
    /// This machine cannot do what a fault asks for.
    #[error("`{fault}` is unsupported here: {reason}")]
    Unsupported {
        /// The kind of fault.
        fault: &'static str,
        /// What is missing.
        reason: &'static str,
    },
}
