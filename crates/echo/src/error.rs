//! Why an echo server did not start.

use std::io;
use std::net::SocketAddr;

use squall_wire::reason;

/// Why an echo server did not start. [`kind`](Self::kind) tells what kind of trouble it was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EchoError {
    /// The address could not be bound.
    #[error("listen {addr}: {}", reason(.source))]
    Listen {
        /// What was asked for.
        addr: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// No thread could be started to serve on.
    #[error("start shards: {}", reason(.0))]
    Shards(#[source] io::Error),
}

impl EchoError {
    /// The kind of the error behind it.
    pub fn kind(&self) -> io::ErrorKind {
        match self {
            Self::Listen { source, .. } | Self::Shards(source) => source.kind(),
        }
    }
}
