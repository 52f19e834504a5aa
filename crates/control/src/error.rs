//! What can keep the metrics from being served.

use std::io;
use std::net::SocketAddr;

/// Why nothing is served.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// The address could not be bound.
    #[error("listen {addr}: {}", squall_wire::reason(.source))]
    Listen {
        /// The address asked for.
        addr: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// Two sources bear one name, so that their series could not be told apart.
    #[error("two links are named `{0}`")]
    NameTaken(String),
}
