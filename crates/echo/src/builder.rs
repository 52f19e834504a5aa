//! Settings of an echo server, and starting it.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use squall_wire::{SCRATCH_BYTES, Shards};

use crate::{Echo, EchoError};

/// An echo server over TCP, on `127.0.0.1` and any free port unless told otherwise.
pub fn tcp() -> EchoBuilder {
    EchoBuilder::new(Carrier::Tcp)
}

/// An echo server over UDP, on `127.0.0.1` and any free port unless told otherwise.
pub fn udp() -> EchoBuilder {
    EchoBuilder::new(Carrier::Udp)
}

/// An echo server yet to be started.
#[derive(Debug, Clone)]
#[must_use = "nothing echoes before `start`"]
pub struct EchoBuilder {
    carrier: Carrier,
    pub(crate) listen: SocketAddr,
    pub(crate) max_connections: usize,
    pub(crate) idle_timeout: Option<Duration>,
    pub(crate) buffer: usize,
    shards: Option<Shards>,
}

#[derive(Debug, Clone, Copy)]
enum Carrier {
    Tcp,
    Udp,
}

impl EchoBuilder {
    fn new(carrier: Carrier) -> Self {
        Self {
            carrier,
            listen: (Ipv4Addr::LOCALHOST, 0).into(),
            max_connections: usize::MAX,
            idle_timeout: None,
            buffer: SCRATCH_BYTES,
            shards: None,
        }
    }

    /// Listens here; port 0 takes a free one.
    pub fn listen(mut self, addr: SocketAddr) -> Self {
        self.listen = addr;
        self
    }

    /// Serves so many connections at a time; one too many is closed at once. Unlimited by default.
    pub fn max_connections(mut self, limit: usize) -> Self {
        self.max_connections = limit;
        self
    }

    /// Closes a connection on which no byte went either way for so long. Never by default.
    pub fn idle_timeout(mut self, limit: Duration) -> Self {
        self.idle_timeout = Some(limit);
        self
    }

    /// Reads at most so many bytes at a time, from 1 to 256 KiB (the default). Of a larger datagram, the rest
    /// is lost.
    pub fn buffer(mut self, bytes: usize) -> Self {
        self.buffer = bytes.clamp(1, SCRATCH_BYTES);
        self
    }

    /// Runs on these shards, which may be a virtual world's. By default on [`Shards::background`].
    pub fn shards(mut self, shards: Shards) -> Self {
        self.shards = Some(shards);
        self
    }

    /// Binds the address and starts serving.
    ///
    /// # Errors
    /// When the address cannot be bound, or no thread can be started.
    pub async fn start(mut self) -> Result<Echo, EchoError> {
        let shards = match self.shards.take() {
            Some(shards) => shards,
            None => Shards::background().map_err(EchoError::Shards)?,
        };
        match self.carrier {
            Carrier::Tcp => crate::tcp::start(self, shards),
            Carrier::Udp => crate::udp::start(self, shards),
        }
    }
}
