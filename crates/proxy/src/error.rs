//! What can go wrong with a link as a whole.

use squall_faults::NameTaken;
use std::io;
use std::net::SocketAddr;

/// Why a link could not start, come back, or take a fault.
#[derive(Debug, thiserror::Error)]
pub enum ProxyError {
    /// The listening address could not be bound.
    #[error("listen {addr}: {}", squall_wire::reason(source))]
    Listen {
        /// The address asked for.
        addr: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The link would relay to itself, over and over until nothing is left.
    #[error("link `{name}` listens on its own upstream {addr}")]
    Loop {
        /// The link's name.
        name: String,
        /// The address that is both.
        addr: SocketAddr,
    },
    /// No shard could be started.
    #[error("start a shard: {}", squall_wire::reason(.0))]
    Shards(io::Error),
    /// A fault's name is taken.
    #[error(transparent)]
    NameTaken(#[from] NameTaken),
}
