//! A bound datagram socket, over UDP or in memory.

use std::future::poll_fn;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::task::{Context, Poll};

use crate::mem_datagrams::MemDatagrams;
use crate::udp::UdpDatagrams;

/// The largest payload of a datagram over IPv4, in bytes.
pub(crate) const LARGEST: usize = 65_507;

/// A datagram socket that is bound and not connected: it hears from anybody and sends to anybody. Dropping it
/// frees the port.
///
/// One task at a time may receive and one may send; both may be the same. Datagrams are moved many at a time,
/// because it is system calls that cost.
#[derive(Debug)]
pub enum Datagrams {
    /// A kernel socket, registered with the reactor of the shard that bound it.
    Udp(UdpDatagrams),
    /// A socket of a virtual world.
    Mem(MemDatagrams),
}

impl Datagrams {
    /// The address bound, with its real port.
    pub fn local_addr(&self) -> SocketAddr {
        match self {
            Self::Udp(socket) => socket.local_addr(),
            Self::Mem(socket) => socket.local_addr(),
        }
    }

    /// Takes what is there, as far as one system call goes, and hands it to `each`, with where it came from, in the
    /// order in which it was received. Returns how many datagrams that were, at least one; an empty datagram is one
    /// too.
    ///
    /// # Errors
    /// Those of the system call. That an earlier datagram could not be delivered is not among them: it says nothing
    /// about the others.
    pub fn poll_recv(
        &self,
        cx: &mut Context<'_>,
        each: &mut dyn FnMut(SocketAddr, &[u8]),
    ) -> Poll<io::Result<usize>> {
        match self {
            Self::Udp(socket) => socket.poll_recv(cx, each),
            Self::Mem(socket) => socket.poll_recv(cx, each),
        }
    }

    /// Sends as many of the first `datagrams` to `to` as one system call takes, and returns how many, at least one;
    /// 0 only if there are none. Datagrams of one size in a row go together. Waits only while the kernel has no room
    /// for more.
    ///
    /// A datagram that is sent may still be lost, and nobody is told. In a virtual world it is when nobody is bound to
    /// `to`, or when too many wait there already.
    ///
    /// # Errors
    /// Those of the system call; they concern the first datagram, and nothing is sent then. It may be too long (more
    /// than 65,507 bytes over IPv4 and in a virtual world), or there is no way to `to`.
    pub fn poll_send(
        &self,
        cx: &mut Context<'_>,
        to: SocketAddr,
        datagrams: &[&[u8]],
    ) -> Poll<io::Result<usize>> {
        if datagrams.is_empty() {
            return Poll::Ready(Ok(0));
        }
        // A received datagram may claim to come from there. The kernel's answer would make quinn-udp give up
        // sending many at a time.
        if to.port() == 0 {
            return Poll::Ready(Err(io::Error::new(ErrorKind::InvalidInput, "no datagram goes to port 0")));
        }
        match self {
            Self::Udp(socket) => socket.poll_send(cx, to, datagrams),
            Self::Mem(socket) => Poll::Ready(socket.send(to, datagrams)),
        }
    }

    /// [`poll_recv`](Self::poll_recv) as a future. Dropping it loses nothing.
    ///
    /// # Errors
    /// As [`poll_recv`](Self::poll_recv).
    pub async fn recv(&self, mut each: impl FnMut(SocketAddr, &[u8])) -> io::Result<usize> {
        poll_fn(|cx| self.poll_recv(cx, &mut each)).await
    }

    /// Sends one datagram. When the future is dropped before it is done, nothing is sent.
    ///
    /// # Errors
    /// As [`poll_send`](Self::poll_send).
    pub async fn send(&self, to: SocketAddr, payload: &[u8]) -> io::Result<()> {
        poll_fn(|cx| self.poll_send(cx, to, &[payload])).await.map(drop)
    }

    /// How many datagrams for this socket were lost because too many waited to be received. Always 0 for a kernel
    /// socket, which does not tell.
    pub fn dropped(&self) -> u64 {
        match self {
            Self::Udp(_) => 0,
            Self::Mem(socket) => socket.dropped(),
        }
    }
}
