//! A bridge: the pump between two streams, each of which somebody has, is dialled, or is waited for.

use crate::close::CloseReason;
use crate::connection::{Record, dial_address, relay, unless_cancelled};
use crate::error::ProxyError;
use crate::event::EventSource;
use crate::link::{Link, Upstream};
use crate::live::Live;
use crate::live_plan::LivePlan;
use crate::metrics::Bytes;
use crate::options::Options;
use crate::pump::Start;
use crate::registry::{Outcome, Registry};
use crate::unreached::Failures;
use squall_faults::{FaultSpec, LinkId, Peer, Plan};
use squall_wire::{Address, Endpoint, Env, Incoming, Listener, Shards, Stream};
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;

/// One end of a bridge.
#[derive(Debug)]
pub struct BridgeEnd(Kind);

#[derive(Debug)]
enum Kind {
    /// A connection somebody has.
    Socket(io::Result<Incoming>),
    /// Is connected to once the ends that listen have been found.
    Dial(Address),
    /// Is the first to connect there.
    Listen(Address),
}

impl BridgeEnd {
    /// Whoever connects first to this address; port 0 takes a free one, which [`Bridge::addrs`] tells.
    pub fn listen(addr: SocketAddr) -> BridgeEnd {
        BridgeEnd(Kind::Listen(addr.into()))
    }

    /// Whoever connects first to this address of whatever kind, which is no name: [`Address::resolve`] looks one up. The file of a
    /// unix socket goes when somebody has come.
    pub fn listen_at(address: Address) -> BridgeEnd {
        BridgeEnd(Kind::Listen(address))
    }
}

/// The socket becomes non-blocking, also where it was cloned.
impl From<std::net::TcpStream> for BridgeEnd {
    fn from(socket: std::net::TcpStream) -> BridgeEnd {
        BridgeEnd(Kind::Socket(Incoming::from_socket(socket)))
    }
}

impl From<tokio::net::TcpStream> for BridgeEnd {
    fn from(socket: tokio::net::TcpStream) -> BridgeEnd {
        BridgeEnd(Kind::Socket(socket.into_std().and_then(Incoming::from_socket)))
    }
}

impl From<Address> for BridgeEnd {
    fn from(address: Address) -> BridgeEnd {
        BridgeEnd(Kind::Dial(address))
    }
}

impl From<Endpoint> for BridgeEnd {
    fn from(endpoint: Endpoint) -> BridgeEnd {
        BridgeEnd(Kind::Dial(endpoint.into()))
    }
}

impl From<SocketAddr> for BridgeEnd {
    fn from(addr: SocketAddr) -> BridgeEnd {
        BridgeEnd(Kind::Dial(addr.into()))
    }
}

/// Relays between `a` and `b` until both have finished; up is from `a` to `b`.
pub fn bridge(a: impl Into<BridgeEnd>, b: impl Into<BridgeEnd>) -> BridgeBuilder {
    BridgeBuilder {
        ends: [a.into(), b.into()],
        id: LinkId::new("bridge", 0),
        options: Options::default(),
        faults: Vec::new(),
        shards: None,
    }
}

/// A bridge that has not started.
#[derive(Debug)]
#[must_use = "a bridge does nothing until it is started"]
pub struct BridgeBuilder {
    ends: [BridgeEnd; 2],
    id: LinkId,
    options: Options,
    faults: Vec<FaultSpec>,
    shards: Option<Shards>,
}

impl BridgeBuilder {
    /// Ends when no byte moved either way for that long; never by default.
    pub fn idle_timeout(mut self, limit: Duration) -> Self {
        self.options.idle_timeout = Some(limit);
        self
    }

    /// Looks for idleness only so often; at the very moment by default.
    pub fn idle_check(mut self, period: Duration) -> Self {
        self.options.idle_check = Some(period);
        self
    }

    /// Ends with the first end that finishes, once the other has its bytes; by default, a half-closed bridge goes on.
    pub fn until_either_ends(mut self) -> Self {
        self.options.half_close = false;
        self
    }

    /// How long connecting to an end may take, name lookup included; 5 s by default.
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.options.connect_timeout = limit;
        self
    }

    /// How many bytes one direction holds at the most; 64 MiB by default.
    pub fn buffer(mut self, bytes: u64) -> Self {
        self.options.buffer = bytes.max(1);
        self
    }

    /// A fault between the ends.
    pub fn fault(mut self, fault: impl Into<FaultSpec>) -> Self {
        self.faults.push(fault.into());
        self
    }

    /// The seed of every random decision; 0 by default.
    pub fn seed(mut self, seed: u64) -> Self {
        self.id.seed = seed;
        self
    }

    /// The shards to work on; the process-wide background shard by default.
    pub fn shards(mut self, shards: Shards) -> Self {
        self.shards = Some(shards);
        self
    }

    /// Binds the ends that listen, and begins. What goes wrong from then on is told by [`Bridge::finish`].
    ///
    /// # Errors
    /// Where an address cannot be bound, a fault does not fit, or no thread can be started.
    pub fn start(self) -> Result<Bridge, ProxyError> {
        let shards = match self.shards {
            Some(shards) => shards,
            None => Shards::background().map_err(ProxyError::Shards)?,
        };
        let link = Arc::new(Link {
            plan: LivePlan::new(Plan::new(self.id.clone())),
            replanned: Default::default(),
            id: self.id,
            listens_on_path: false,
            upstream: Upstream::One(Endpoint { host: "bridge".to_owned(), port: 0 }.into()),
            options: self.options,
            shards: shards.clone(),
            registry: Registry::default(),
            events: EventSource::new(Vec::new()),
            starved: Default::default(),
            unserved: Default::default(),
            failures: Failures::default(),
        });
        for fault in self.faults {
            link.add_fault(None, fault)?;
        }
        let mut addresses = [const { None }; 2];
        let mut ends = Vec::new();
        for (end, address) in self.ends.into_iter().zip(&mut addresses) {
            ends.push(match end.0 {
                Kind::Socket(socket) => Prepared::Socket(socket),
                Kind::Dial(to) => Prepared::Dial(to),
                Kind::Listen(wanted) => {
                    let listener = shards.env(0).listen_with(&wanted, &link.options.tuning);
                    let listener = listener.map_err(|source| ProxyError::Listen { addr: wanted, source })?;
                    *address = Some(listener.address());
                    Prepared::Listen(listener)
                }
            });
        }
        // A number of its own to every bridge would make its draws depend on the others.
        let Some(live) = link.registry.admit(None, None) else { unreachable!("no limit was given") };
        let task = shards.spawn(0, run(link.clone(), shards.env(0).clone(), live, ends));
        Ok(Bridge { link, addresses, task })
    }

    /// Starts, and waits for the end.
    ///
    /// # Errors
    /// As [`BridgeBuilder::start`], and as [`Bridge::finish`].
    pub async fn run(self) -> Result<Bridged, ProxyError> {
        self.start()?.finish().await
    }
}

/// An end once everything is bound.
enum Prepared {
    Socket(io::Result<Incoming>),
    Dial(Address),
    Listen(Listener),
}

impl Prepared {
    /// Whether it takes somebody to come.
    fn waits(&self) -> bool {
        matches!(self, Prepared::Listen(_))
    }

    async fn stream(self, link: &Link, env: &Env) -> Result<Stream, ProxyError> {
        let failed = |end: &str| {
            let end = end.to_owned();
            move |source| ProxyError::BridgeEnd { end, source }
        };
        match self {
            Prepared::Socket(socket) => socket.and_then(Incoming::attach).map_err(failed("socket")),
            Prepared::Listen(listener) => listener.accept().await.0.attach().map_err(failed("client")),
            Prepared::Dial(to) => {
                dial_address(&to, &link.options, env).await.map_err(failed(&to.to_string()))
            }
        }
    }
}

/// The life of a bridge: first come those who are waited for, so that nobody is dialled for nothing.
async fn run(
    link: Arc<Link>,
    env: Env,
    live: Arc<Live>,
    ends: Vec<Prepared>,
) -> Result<CloseReason, ProxyError> {
    let mut record = Record::open(&link, &live);
    record.announce();
    let found = unless_cancelled(&live, async {
        let mut ends: Vec<_> = ends.into_iter().enumerate().collect();
        ends.sort_by_key(|(_, end)| !end.waits());
        let mut streams = [None, None];
        for (i, end) in ends {
            streams[i] = Some(end.stream(&link, &env).await?);
        }
        Ok(streams)
    });
    let reason = match found.await {
        Some(Ok([Some(a), Some(b)])) => relay(&link, &env, &live, [a, b], Start::default()).await,
        Some(Err(error)) => {
            record.outcome = Outcome::NotConnected;
            return Err(error);
        }
        Some(Ok(_)) | None => CloseReason::Cancelled,
    };
    record.outcome = Outcome::Closed(reason);
    Ok(reason)
}

/// A bridge that has begun. Dropping it resets both ends.
#[must_use = "dropping a bridge ends it"]
pub struct Bridge {
    link: Arc<Link>,
    addresses: [Option<Address>; 2],
    task: JoinHandle<Result<CloseReason, ProxyError>>,
}

/// What became of a bridge.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Bridged {
    /// Bytes delivered: up from the first end to the second, down the other way.
    pub bytes: Bytes,
    /// How it ended; the client is the first end, the server the second.
    pub reason: CloseReason,
}

impl Bridge {
    /// Where the first and the second end listen, if they do on a port: [`addresses`](Self::addresses) knows paths, too.
    pub fn addrs(&self) -> [Option<SocketAddr>; 2] {
        self.addresses.each_ref().map(|address| address.as_ref().and_then(Address::socket_addr))
    }

    /// Where the first and the second end listen, if they do.
    pub fn addresses(&self) -> &[Option<Address>; 2] {
        &self.addresses
    }

    /// Bytes delivered so far.
    pub fn bytes(&self) -> Bytes {
        self.link.metrics().bytes
    }

    /// A handle that ends it while somebody waits for its end.
    pub fn canceller(&self) -> BridgeCanceller {
        BridgeCanceller(self.link.clone())
    }

    /// Waits until it has ended, however it does: a RST or an idle timeout is no error. Cancelling it ends the bridge.
    ///
    /// # Errors
    /// Where an end could not be reached.
    pub async fn finish(mut self) -> Result<Bridged, ProxyError> {
        // The task ends without an answer only together with its shard.
        let reason = (&mut self.task).await.unwrap_or(Ok(CloseReason::Error(Peer::Client)))?;
        Ok(Bridged { bytes: self.bytes(), reason })
    }
}

/// Ends a bridge.
#[derive(Clone)]
pub struct BridgeCanceller(Arc<Link>);

impl BridgeCanceller {
    /// Resets both ends now; [`Bridge::finish`] then tells [`CloseReason::Cancelled`].
    pub fn cancel(&self) {
        self.0.cancel_all();
    }
}

impl fmt::Debug for BridgeCanceller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BridgeCanceller").finish_non_exhaustive()
    }
}

impl Drop for Bridge {
    fn drop(&mut self) {
        self.link.registry.shut();
        self.link.cancel_all();
    }
}

impl fmt::Debug for Bridge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bridge").field("addresses", &self.addresses).finish_non_exhaustive()
    }
}
