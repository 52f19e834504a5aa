//! Why an echo server did not start.

use std::io;

use squall_wire::{Address, reason};

use crate::Mode;

/// Why an echo server did not start. [`kind`](Self::kind) tells what kind of trouble it was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EchoError {
    /// The address could not be bound.
    #[error("listen {addr}: {}", reason(.source))]
    Listen {
        /// What was asked for.
        addr: Address,
        /// What the system said.
        source: io::Error,
    },
    /// The mode makes no sense for such a server.
    #[error("mode `{mode}` does not work over {over}; {reason}")]
    Mode {
        /// What was asked for.
        mode: Mode,
        /// What the server speaks.
        over: &'static str,
        /// Why not, or what does.
        reason: &'static str,
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
            Self::Mode { .. } => io::ErrorKind::InvalidInput,
        }
    }
}
