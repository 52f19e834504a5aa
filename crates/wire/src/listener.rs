//! A listening socket, and connections on their way to the shard that will own them.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpStream as StdStream};
use std::os::unix::net::UnixStream as StdUnixStream;

use tokio::net::{TcpStream, UnixStream};

use crate::backlog::FullBacklog;
use crate::env::Env;
use crate::mem::MemStream;
use crate::net::{MemHung, MemListener};
use crate::place::Address;
use crate::stream::Stream;
use crate::tcp_listener::TcpListener;
use crate::unix_listener::UnixListener;

/// What stands where only an address of IP fits, for a unix socket: `0.0.0.0:0`, which is nobody's.
const UNNAMED: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);

/// Accepts connections until it is dropped, which closes the port.
#[derive(Debug)]
pub enum Listener {
    /// A kernel socket.
    Tcp(TcpListener),
    /// A kernel socket with a path instead of a port.
    Unix(UnixListener),
    /// A listener of a virtual world.
    Mem(MemListener),
}

impl Listener {
    /// The address bound, with its real port; `0.0.0.0:0` for a unix socket, which has none, see
    /// [`address`](Self::address).
    pub fn local_addr(&self) -> SocketAddr {
        match self {
            Self::Unix(_) => UNNAMED,
            Self::Tcp(listener) => listener.local_addr(),
            Self::Mem(listener) => listener.local_addr(),
        }
    }

    /// The address bound, of whatever kind; a path is as it was given.
    pub fn address(&self) -> Address {
        match self {
            Self::Unix(listener) => Address::Unix(listener.path().to_owned()),
            Self::Tcp(_) | Self::Mem(_) => self.local_addr().into(),
        }
    }

    /// Whether it is a unix socket, whose clients have no address.
    pub fn is_unix(&self) -> bool {
        matches!(self, Self::Unix(_))
    }

    /// The next connection and where it comes from, which is `0.0.0.0:0` for clients of a unix socket. Trouble in accepting is
    /// lived through, never returned. Dropping the future loses no connection.
    pub async fn accept(&self) -> (Incoming, SocketAddr) {
        match self {
            Self::Tcp(listener) => {
                let (socket, peer) = listener.accept().await;
                (Incoming(Socket::Tcp(socket)), peer)
            }
            Self::Unix(listener) => (Incoming(Socket::Unix(listener.accept().await)), UNNAMED),
            Self::Mem(listener) => {
                let (stream, peer) = listener.accept().await;
                (Incoming(Socket::Mem(stream)), peer)
            }
        }
    }

    /// Lets nobody connect until the guard is dropped: connecting neither completes nor fails. What had been accepted by the
    /// system before stays in the backlog meanwhile.
    ///
    /// # Errors
    /// Where the system lets callers in all the same, or has no descriptors left for it;
    /// [`Unsupported`](io::ErrorKind::Unsupported) for a unix socket.
    pub async fn hang(&self, env: &Env) -> io::Result<Hung<'_>> {
        match self {
            Self::Tcp(listener) => listener.hang(env).await.map(Hung::Tcp),
            Self::Unix(_) => Err(io::ErrorKind::Unsupported.into()),
            Self::Mem(listener) => Ok(Hung::Mem(listener.hang())),
        }
    }

    /// How many accept errors were lived through.
    pub fn troubles(&self) -> u64 {
        match self {
            Self::Tcp(listener) => listener.troubles(),
            Self::Unix(listener) => listener.troubles(),
            Self::Mem(_) => 0,
        }
    }

    /// How many connections were turned away because no descriptor was left for them.
    pub fn refused(&self) -> u64 {
        match self {
            Self::Tcp(listener) => listener.refused(),
            // They wait in the backlog instead.
            Self::Unix(_) | Self::Mem(_) => 0,
        }
    }
}

/// While it lives, nobody can connect to a listener.
#[derive(Debug)]
pub enum Hung<'a> {
    /// A kernel socket, its backlog full.
    Tcp(FullBacklog<'a>),
    /// A listener of a virtual world.
    Mem(MemHung<'a>),
}

/// A connection that was accepted but belongs to no shard yet. Dropping it closes it.
#[derive(Debug)]
pub struct Incoming(Socket);

#[derive(Debug)]
enum Socket {
    Tcp(StdStream),
    Unix(StdUnixStream),
    Mem(MemStream),
}

impl Incoming {
    /// A connection that was made elsewhere. It becomes non-blocking, and so do its clones.
    ///
    /// # Errors
    /// Those of the system call.
    pub fn from_socket(socket: StdStream) -> io::Result<Incoming> {
        socket.set_nonblocking(true)?;
        Ok(Incoming(Socket::Tcp(socket)))
    }

    /// Makes it a stream of the calling task's shard, without Nagle's delay.
    ///
    /// # Errors
    /// When the reactor has no room for it, or the connection is gone already.
    pub fn attach(self) -> io::Result<Stream> {
        match self.0 {
            Socket::Tcp(socket) => TcpStream::from_std(socket).map(Stream::Tcp),
            Socket::Unix(socket) => UnixStream::from_std(socket).map(Stream::Unix),
            Socket::Mem(stream) => Ok(Stream::Mem(stream)),
        }
    }
}
