//! Where sockets and time come from: the machine, or a virtual world.

use std::fmt;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Poll, Waker};
use std::time::Duration;

use tokio::net::UnixStream;

use crate::datagrams::Datagrams;
use crate::dialer::Dialer;
use crate::listener::Listener;
use crate::lull::Lulls;
use crate::nanos::nanos;
use crate::place::Address;
use crate::refusing::Refusing;
use crate::shards::RealShard;
use crate::sleep::Sleep;
use crate::stream::{Stream, dial_tcp};
use crate::tcp_listener::TcpListener;
use crate::timer;
use crate::tuning::Tuning;
use crate::udp::UdpDatagrams;
use crate::unix_listener::UnixListener;
use crate::world::World;

/// The sockets and the clock of one shard. Cheap to clone.
///
/// All times are nanoseconds since the clock's origin: for real shards the moment the process first asked for
/// the time, the same for all of them; for a virtual world its beginning.
#[derive(Clone)]
pub enum Env {
    /// Kernel sockets and the monotonic clock.
    Real(RealShard),
    /// Sockets in memory and a clock that moves when everything waits.
    Virtual(Arc<World>),
}

impl Env {
    /// Whether time and sockets are virtual.
    pub fn is_virtual(&self) -> bool {
        matches!(self, Self::Virtual(_))
    }

    /// The time, in nanoseconds since the clock's origin.
    pub fn now(&self) -> u64 {
        match self {
            Self::Real(_) => timer::now(),
            Self::Virtual(world) => world.clock.now(),
        }
    }

    /// Sleeps until `at` nanoseconds; ready at once if that has passed.
    pub fn sleep_until(&self, at: u64) -> Sleep {
        Sleep::new(self.clone(), at)
    }

    /// Sleeps for `duration` from now.
    pub fn sleep(&self, duration: Duration) -> Sleep {
        self.sleep_until(self.now().saturating_add(nanos(duration)))
    }

    /// For whoever watches until something holds: each [`Lulls::next`] is a moment to look. In a virtual world that is
    /// whenever every task waits, before time moves, once for each time; in real time every millisecond.
    pub fn lulls(&self) -> Lulls {
        Lulls::new(self.clone())
    }

    /// What `future` yields, or `None` if `limit` passes first; the future is then dropped. A future that is
    /// ready when the limit is reached wins.
    pub async fn timeout<F: Future>(&self, limit: Duration, future: F) -> Option<F::Output> {
        let mut future = pin!(future);
        let mut sleep = self.sleep(limit);
        std::future::poll_fn(|cx| {
            if let Poll::Ready(output) = future.as_mut().poll(cx) {
                return Poll::Ready(Some(output));
            }
            Pin::new(&mut sleep).poll(cx).map(|()| None)
        })
        .await
    }

    /// Listens on `addr`; port 0 takes a free one. The real socket is watched by this environment's shard, with
    /// `SO_REUSEADDR` and a backlog of 4,096 (less if the kernel says so).
    ///
    /// # Errors
    /// Those of `bind` and `listen`, unadorned: the caller knows what the address was for.
    pub fn listen(&self, addr: SocketAddr) -> io::Result<Listener> {
        self.listen_with(&addr.into(), &Tuning::default())
    }

    /// As [`listen_at`](Self::listen_at), on what is no name, with settings for the connections that are accepted. Unix sockets
    /// have no such settings and ignore them.
    ///
    /// # Errors
    /// As there, or where the system does not take a setting; [`InvalidInput`](io::ErrorKind::InvalidInput) for a name, which
    /// [`Address::resolve`] looks up.
    pub fn listen_with(&self, address: &Address, tuning: &Tuning) -> io::Result<Listener> {
        let _reactor = match self {
            Self::Real(shard) => Some(shard.handle().enter()),
            Self::Virtual(_) => None,
        };
        match (address, self) {
            (Address::Unix(path), Self::Real(_)) => UnixListener::bind(path).map(Listener::Unix),
            (Address::Unix(_), Self::Virtual(_)) => Err(no_files()),
            (Address::Ip(_), _) => {
                let name = || io::Error::new(io::ErrorKind::InvalidInput, "the host is a name");
                let addr = address.socket_addr().ok_or_else(name)?;
                match self {
                    Self::Real(_) => TcpListener::bind(addr, tuning).map(Listener::Tcp),
                    Self::Virtual(world) => world.net.listen(addr).map(Listener::Mem),
                }
            }
        }
    }

    /// Listens on an address of whatever kind; of a name, on the first of its addresses. Looking up a name takes a tokio runtime.
    ///
    /// The file of a unix socket is removed when the listener is dropped. One that is there already is replaced if nobody
    /// answers on it.
    ///
    /// # Errors
    /// As [`listen`](Self::listen), and those of [`Endpoint::resolve`](crate::Endpoint::resolve). For a unix socket
    /// [`AddrInUse`](io::ErrorKind::AddrInUse) where somebody answers, or where the file is no socket, and
    /// [`Unsupported`](io::ErrorKind::Unsupported) in a virtual world.
    pub async fn listen_at(&self, address: &Address) -> io::Result<Listener> {
        self.listen_with(&address.resolve().await?, &Tuning::default())
    }

    /// Has whoever connects to an address refused on which nobody listens any more, and keeps it for whoever is to listen there
    /// again, until the guard is dropped. Nothing in a virtual world, where no port is given to others.
    ///
    /// # Errors
    /// As [`listen_at`](Self::listen_at).
    pub fn refuse_at(&self, address: &Address) -> io::Result<Option<Refusing>> {
        match (address, self) {
            (Address::Ip(_), Self::Real(_)) => address.socket_addr().map(Refusing::port).transpose(),
            (Address::Ip(_), Self::Virtual(_)) => Ok(None),
            (Address::Unix(path), Self::Real(_)) => Refusing::path(path).map(Some),
            (Address::Unix(_), Self::Virtual(_)) => Err(no_files()),
        }
    }

    /// Binds a datagram socket to `addr`; port 0 takes a free one. The real socket is watched by this environment's
    /// shard, and asks for buffers of 4 MiB each way (the kernel grants what it allows).
    ///
    /// # Errors
    /// Those of `socket` and `bind`, unadorned: the caller knows what the address was for.
    pub fn bind(&self, addr: SocketAddr) -> io::Result<Datagrams> {
        match self {
            Self::Real(shard) => {
                let _reactor = shard.handle().enter();
                UdpDatagrams::bind(addr).map(Datagrams::Udp)
            }
            Self::Virtual(world) => world.net.bind(addr).map(Datagrams::Mem),
        }
    }

    /// Connects to `to`, without Nagle's delay. Must run on a shard's task. Dropping the future gives up and
    /// closes.
    ///
    /// # Errors
    /// Those of `connect`, unadorned.
    pub async fn dial(&self, to: SocketAddr) -> io::Result<Stream> {
        self.dial_with(to, &Tuning::default()).await
    }

    /// Connects to an address of whatever kind; of a name, to the first of its addresses that answers. Must run on a shard's
    /// task. Dropping the future gives up and closes.
    ///
    /// # Errors
    /// As [`dial`](Self::dial), the last one if there are several, and those of
    /// [`Endpoint::resolve`](crate::Endpoint::resolve). For a unix socket [`WouldBlock`](io::ErrorKind::WouldBlock) where too many
    /// wait to be accepted, and [`Unsupported`](io::ErrorKind::Unsupported) in a virtual world.
    pub async fn dial_at(&self, address: &Address) -> io::Result<Stream> {
        self.dial_at_with(address, &Tuning::default()).await
    }

    /// As [`dial_at`](Self::dial_at), with settings for the connection, which unix sockets ignore.
    ///
    /// # Errors
    /// As there, or where the system does not take a setting.
    pub async fn dial_at_with(&self, address: &Address, tuning: &Tuning) -> io::Result<Stream> {
        let endpoint = match (address, self) {
            (Address::Ip(endpoint), _) => endpoint,
            (Address::Unix(path), Self::Real(_)) => return UnixStream::connect(path).await.map(Stream::Unix),
            (Address::Unix(_), Self::Virtual(_)) => return Err(no_files()),
        };
        let mut outcome = Err(io::ErrorKind::NotFound.into());
        for to in endpoint.resolve().await? {
            outcome = self.dial_with(to, tuning).await;
            if outcome.is_ok() {
                break;
            }
        }
        outcome
    }

    /// As [`dial`](Self::dial), with settings for the connection.
    ///
    /// # Errors
    /// As there, or where the system does not take a setting.
    pub async fn dial_with(&self, to: SocketAddr, tuning: &Tuning) -> io::Result<Stream> {
        match self {
            Self::Real(_) => dial_tcp(to, tuning).await,
            Self::Virtual(_) => self.dialer(to)?.connect().await,
        }
    }

    /// Takes a local port for a connection to `to` that is yet to be made, so that the address the other side
    /// will see can be told to it beforehand. Takes more system calls than [`dial`](Self::dial), and a
    /// port of its own for each connection, so that some 28,000 at a time are possible per local address.
    ///
    /// # Errors
    /// Those of `socket` and `bind`, or of finding a route to `to`.
    pub fn dialer(&self, to: SocketAddr) -> io::Result<Dialer> {
        match self {
            Self::Real(_) => Dialer::tcp(to, None),
            Self::Virtual(world) => Dialer::mem(&world.net, to, None),
        }
    }

    /// As [`dialer`](Self::dialer), from an address of this host other than the one that the system would choose: any of
    /// 127.0.0.0/8 towards a loopback address, say. In a virtual world every address is this host's.
    ///
    /// # Errors
    /// Those of `socket` and `bind`; [`AddrNotAvailable`](io::ErrorKind::AddrNotAvailable) where the address is not this host's.
    pub fn dialer_from(&self, from: IpAddr, to: SocketAddr) -> io::Result<Dialer> {
        match self {
            Self::Real(_) => Dialer::tcp(to, Some(from)),
            Self::Virtual(world) => Dialer::mem(&world.net, to, Some(from)),
        }
    }

    pub(crate) fn set_timer(&self, at: u64, seq: Option<u64>, waker: &Waker) -> u64 {
        match self {
            Self::Real(shard) => shard.timer().set(at, seq, waker),
            Self::Virtual(world) => world.clock.set(at, seq, waker),
        }
    }

    pub(crate) fn remove_timer(&self, at: u64, seq: u64) {
        match self {
            Self::Real(shard) => shard.timer().remove(at, seq),
            Self::Virtual(world) => world.clock.remove(at, seq),
        }
    }
}

/// What is said to who wants a unix socket in a virtual world.
fn no_files() -> io::Error {
    io::Error::new(io::ErrorKind::Unsupported, "there are no unix sockets in virtual time")
}

impl fmt::Debug for Env {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_virtual() { "Env::Virtual" } else { "Env::Real" })
    }
}
