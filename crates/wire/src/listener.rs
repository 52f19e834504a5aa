//! A listening socket, and connections on their way to the shard that will own them.

use std::io;
use std::net::{SocketAddr, TcpStream as StdStream};

use tokio::net::TcpStream;

use crate::backlog::FullBacklog;
use crate::env::Env;
use crate::mem::MemStream;
use crate::net::{MemHung, MemListener};
use crate::stream::Stream;
use crate::tcp_listener::TcpListener;

/// Accepts connections until it is dropped, which closes the port.
#[derive(Debug)]
pub enum Listener {
    /// A kernel socket.
    Tcp(TcpListener),
    /// A listener of a virtual world.
    Mem(MemListener),
}

impl Listener {
    /// The address bound, with its real port.
    pub fn local_addr(&self) -> SocketAddr {
        match self {
            Self::Tcp(listener) => listener.local_addr(),
            Self::Mem(listener) => listener.local_addr(),
        }
    }

    /// The next connection and where it comes from. Trouble in accepting is lived through, never returned.
    /// Dropping the future loses no connection.
    pub async fn accept(&self) -> (Incoming, SocketAddr) {
        match self {
            Self::Tcp(listener) => {
                let (socket, peer) = listener.accept().await;
                (Incoming(Socket::Tcp(socket)), peer)
            }
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
    /// Where the system lets callers in all the same, or has no descriptors left for it.
    pub async fn hang(&self, env: &Env) -> io::Result<Hung<'_>> {
        match self {
            Self::Tcp(listener) => listener.hang(env).await.map(Hung::Tcp),
            Self::Mem(listener) => Ok(Hung::Mem(listener.hang())),
        }
    }

    /// How many accept errors were lived through.
    pub fn troubles(&self) -> u64 {
        match self {
            Self::Tcp(listener) => listener.troubles(),
            Self::Mem(_) => 0,
        }
    }

    /// How many connections were turned away because no descriptor was left for them.
    pub fn refused(&self) -> u64 {
        match self {
            Self::Tcp(listener) => listener.refused(),
            Self::Mem(_) => 0,
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
            Socket::Tcp(socket) => {
                socket.set_nodelay(true)?;
                TcpStream::from_std(socket).map(Stream::Tcp)
            }
            Socket::Mem(stream) => Ok(Stream::Mem(stream)),
        }
    }
}
