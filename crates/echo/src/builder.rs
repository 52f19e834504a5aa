//! Settings of an echo server, and starting it.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use squall_wire::{Address, SCRATCH_BYTES, Shards};

use crate::echo::Port;
use crate::event::Teller;
use crate::{Echo, EchoError, Events, Mode};

/// An echo server over TCP, on `127.0.0.1` and any free port by default.
pub fn tcp() -> EchoBuilder {
    EchoBuilder::new(Carrier::Tcp)
}

/// An echo server over UDP, on `127.0.0.1` and any free port by default.
pub fn udp() -> EchoBuilder {
    EchoBuilder::new(Carrier::Udp)
}

/// An echo server over HTTP/1.1, on `127.0.0.1` and any free port by default. It answers each request with what it
/// was, as JSON, or with its body where the path is `/raw`; the query may wish for more:
///
/// ```text
/// ?delay=50ms:50,1s:1&status=503:10&size=64KiB&close=true&raw=true&seed=7
/// ```
///
/// Half of the answers take 50 ms, one in a hundred takes a second, one in ten has the status 503; each draw depends on the
/// seed, the number of the connection and the number of the request on it, and on nothing else.
pub fn http() -> EchoBuilder {
    EchoBuilder::new(Carrier::Http)
}

/// An echo server yet to be started.
#[derive(Debug, Clone)]
#[must_use = "nothing echoes before `start`"]
pub struct EchoBuilder {
    carrier: Carrier,
    pub(crate) listen: Address,
    pub(crate) mode: Mode,
    id: Option<String>,
    pub(crate) max_connections: usize,
    pub(crate) idle_timeout: Option<Duration>,
    pub(crate) buffer: usize,
    pub(crate) teller: Option<Teller>,
    shards: Option<Shards>,
}

/// Bytes of the longest identity, which fits into any datagram.
const LONGEST_ID: usize = 255;

#[derive(Debug, Clone, Copy)]
enum Carrier {
    Tcp,
    Udp,
    Http,
}

impl EchoBuilder {
    fn new(carrier: Carrier) -> Self {
        Self {
            carrier,
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into(),
            mode: Mode::Echo,
            id: None,
            max_connections: usize::MAX,
            idle_timeout: None,
            buffer: SCRATCH_BYTES,
            teller: None,
            shards: None,
        }
    }

    /// Listens here; port 0 takes a free one.
    pub fn listen(mut self, addr: SocketAddr) -> Self {
        self.listen = addr.into();
        self
    }

    /// Listens on an address of whatever kind: of a name, on the first of its addresses, or on a unix socket, whose file is
    /// removed at the end (not over UDP, and not in virtual time). Looking up a name takes a tokio runtime.
    pub fn listen_at(mut self, address: Address) -> Self {
        self.listen = address;
        self
    }

    /// What it does with what it gets; sends it back by default.
    pub fn mode(mut self, mode: Mode) -> Self {
        self.mode = mode;
        self
    }

    /// What it calls itself towards clients that ask, which are framed ones and those of HTTP: at most 255 bytes, the rest is
    /// cut off. By default the address it listens on.
    pub fn id(mut self, id: impl Into<String>) -> Self {
        let mut id = id.into();
        let whole = (0..=LONGEST_ID).rev().find(|end| id.is_char_boundary(*end));
        id.truncate(whole.unwrap_or(0));
        self.id = Some(id);
        self
    }

    /// Serves so many connections at a time; one too many is closed at once. Unlimited by default.
    pub fn max_connections(mut self, limit: usize) -> Self {
        self.max_connections = limit;
        self
    }

    /// Closes a connection on which no byte went either way for so long. Never by default, but over HTTP after a minute, which
    /// is also how long the head of a request may take.
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

    /// Listens to the server from its first client on. Asked again, only the last listener hears anything.
    pub fn events(&mut self) -> Events {
        let (teller, events) = Teller::new();
        self.teller = Some(teller);
        events
    }

    /// Runs on these shards, which may be a virtual world's. By default on [`Shards::background`].
    pub fn shards(mut self, shards: Shards) -> Self {
        self.shards = Some(shards);
        self
    }

    /// Whether the settings go together.
    ///
    /// # Errors
    /// [`EchoError::Mode`] where the mode makes no sense for such a server.
    pub fn check(&self) -> Result<(), EchoError> {
        let misfit = match self.carrier {
            Carrier::Udp => self.mode.misfit_for_datagrams().map(|reason| ("UDP", reason)),
            Carrier::Http if self.mode != Mode::Echo => {
                Some(("HTTP", "the query of a request says how it is answered"))
            }
            Carrier::Tcp | Carrier::Http => None,
        };
        let refused = |(over, reason)| EchoError::Mode { mode: self.mode.clone(), over, reason };
        misfit.map_or(Ok(()), |misfit| Err(refused(misfit)))
    }

    /// Binds the address and starts serving.
    ///
    /// # Errors
    /// When the address cannot be bound, when the mode makes no sense there, or when no thread can be started.
    pub async fn start(mut self) -> Result<Echo, EchoError> {
        self.check()?;
        let shards = match self.shards.take() {
            Some(shards) => shards,
            None => Shards::background().map_err(EchoError::Shards)?,
        };
        match self.carrier {
            Carrier::Tcp => crate::tcp::start(self, shards, false).await,
            Carrier::Http => crate::tcp::start(self, shards, true).await,
            Carrier::Udp => crate::udp::start(self, shards).await,
        }
    }

    /// Starts serving on a socket that another server had. The settings were checked.
    pub(crate) fn start_on(self, port: Port, shards: Shards) -> Echo {
        let http = matches!(self.carrier, Carrier::Http);
        match port {
            Port::Stream(listener) => crate::tcp::serve_on(listener, self, shards, http),
            Port::Datagram(socket) => crate::udp::serve_on(socket, self, shards),
        }
    }

    pub(crate) fn is_for_datagrams(&self) -> bool {
        matches!(self.carrier, Carrier::Udp)
    }

    /// What it calls itself, where it listens at `addr`.
    pub(crate) fn identity(&self, addr: &impl ToString) -> String {
        self.id.clone().unwrap_or_else(|| addr.to_string())
    }
}
