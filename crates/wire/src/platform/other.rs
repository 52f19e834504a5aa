//! Everything but Linux: portable stand-ins, less precise (timers by up to 1 ms) or less prompt (resets).

use std::io::{self, IoSlice};
use std::net::{SocketAddr, TcpStream as StdStream};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

use quinn_udp::UdpSocketState;
use socket2::SockRef;
use tokio::net::TcpStream;
use tokio::sync::Notify;

use super::option::set_option;
use crate::lock::lock;
use crate::nanos::nanos;

/// Nanoseconds since the first call in this process.
pub(crate) fn monotonic_ns() -> u64 {
    static ORIGIN: OnceLock<Instant> = OnceLock::new();
    nanos(ORIGIN.get_or_init(Instant::now).elapsed())
}

/// There is no such setting here.
pub(crate) fn tighten_timer_slack() {}

/// An alarm on tokio's timer, which overshoots by about a millisecond.
pub(crate) struct Alarm {
    at: Mutex<u64>,
    changed: Notify,
}

impl Alarm {
    /// Not armed yet.
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self { at: Mutex::new(u64::MAX), changed: Notify::new() })
    }

    /// Rings at `at` nanoseconds of [`monotonic_ns`], at once if that has passed. Replaces an earlier setting.
    pub(crate) fn arm(&self, at: u64) {
        *lock(&self.at) = at;
        self.changed.notify_one();
    }

    /// Waits for the next ring.
    pub(crate) async fn rung(&self) -> io::Result<()> {
        loop {
            let at = *lock(&self.at);
            let wait = Duration::from_nanos(at.saturating_sub(monotonic_ns()));
            tokio::select! {
                () = self.changed.notified() => {}
                () = tokio::time::sleep(wait) => {
                    let mut armed = lock(&self.at);
                    if *armed == at {
                        *armed = u64::MAX;
                        return Ok(());
                    }
                }
            }
        }
    }
}

/// Accepts one connection, non-blocking.
pub(crate) fn accept(listener: &OwnedFd) -> io::Result<(StdStream, SocketAddr)> {
    let (socket, peer) = SockRef::from(listener).accept()?;
    socket.set_nonblocking(true)?;
    Ok((socket.into(), peer.as_socket().ok_or(io::ErrorKind::ConnectionAborted)?))
}

/// Reads what is there.
pub(crate) fn try_read(socket: &TcpStream, buf: &mut [u8]) -> io::Result<usize> {
    socket.try_read(buf)
}

/// Writes what fits.
pub(crate) fn try_write(socket: &TcpStream, buf: &[u8]) -> io::Result<usize> {
    socket.try_write(buf)
}

/// Writes what fits of several buffers.
pub(crate) fn try_write_vectored(socket: &TcpStream, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
    socket.try_write_vectored(bufs)
}

/// There is no splicing here.
pub(crate) fn pipe(_wanted: usize) -> io::Result<(OwnedFd, OwnedFd, usize)> {
    Err(io::ErrorKind::Unsupported.into())
}

/// There is no splicing here.
pub(crate) fn try_splice_from(_socket: &TcpStream, _into: &OwnedFd, _limit: usize) -> io::Result<usize> {
    Err(io::ErrorKind::Unsupported.into())
}

/// There is no splicing here.
pub(crate) fn try_splice_into(_socket: &TcpStream, _from: &OwnedFd, _limit: usize) -> io::Result<usize> {
    Err(io::ErrorKind::Unsupported.into())
}

/// There is no choice here.
pub(crate) fn set_congestion(_socket: &SockRef<'_>, _name: &str) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Makes the coming close a reset: RST goes out when the last handle is dropped.
pub(crate) fn reset(socket: &TcpStream) -> io::Result<()> {
    SockRef::from(socket).set_linger(Some(Duration::ZERO))
}

/// Not known here.
pub(crate) fn unacknowledged<S: AsFd>(_socket: &S) -> io::Result<usize> {
    Ok(0)
}

/// Prepares a bound socket for sending and receiving many datagrams at a time, which makes it non-blocking.
///
/// quinn-udp also forbids fragments, so that QUIC can probe a path. Here what is too large for the path shall arrive
/// in fragments, as from any socket.
pub(crate) fn datagram_state<S: AsFd>(socket: &S) -> io::Result<UdpSocketState> {
    let state = UdpSocketState::new(socket.into())?;
    let allow = |level, name| set_option(socket.as_fd(), level, name, 0);
    // Each is refused by sockets of the other family, and where it could not be switched on either.
    #[cfg(any(target_vendor = "apple", target_os = "freebsd"))]
    let _ = allow(libc::IPPROTO_IP, libc::IP_DONTFRAG);
    let _ = allow(libc::IPPROTO_IPV6, libc::IPV6_DONTFRAG);
    Ok(state)
}
