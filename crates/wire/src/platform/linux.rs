//! Linux: a timerfd as alarm, `accept4`, reset by `connect(AF_UNSPEC)`, reads that know when a socket ran dry.

use std::io::{self, IoSlice};
use std::net::{SocketAddr, TcpStream as StdStream};
use std::num::NonZeroU64;
use std::os::fd::{AsFd, OwnedFd};

use quinn_udp::UdpSocketState;
use rustix::net::sockopt::{ip_mtu_discover, ipv6_mtu_discover, set_ip_mtu_discover, set_ipv6_mtu_discover};
use rustix::net::{RecvFlags, SendAncillaryBuffer, SendFlags, SocketFlags};
use rustix::pipe::{PipeFlags, SpliceFlags, fcntl_getpipe_size, fcntl_setpipe_size, pipe_with, splice};
use rustix::time::{
    ClockId, Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, clock_gettime,
    timerfd_create, timerfd_settime,
};
use socket2::SockRef;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::net::TcpStream;

use super::option::set_option;
use super::watch;

const SECOND: u64 = 1_000_000_000;

/// Nanoseconds on `CLOCK_MONOTONIC`, the clock the alarm rings by.
pub(crate) fn monotonic_ns() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    // Monotonic time counts up from boot: neither part is ever negative.
    now.tv_sec as u64 * SECOND + now.tv_nsec as u64
}

/// Asks the kernel not to batch this thread's wake-ups (the default slack is 50 µs).
pub(crate) fn tighten_timer_slack() {
    // Refused by some sandboxes; timers are then merely less precise.
    let _ = rustix::thread::set_current_timer_slack(NonZeroU64::new(1));
}

/// One timerfd: rings once at an absolute time.
pub(crate) struct Alarm(AsyncFd<OwnedFd>);

impl Alarm {
    /// Must be called inside the runtime whose reactor shall watch the alarm.
    pub(crate) fn new() -> io::Result<Self> {
        let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
        let fd = timerfd_create(TimerfdClockId::Monotonic, flags)?;
        Ok(Self(watch(fd)?))
    }

    /// Rings at `at` nanoseconds of [`monotonic_ns`], at once if that has passed. Replaces an earlier setting.
    pub(crate) fn arm(&self, at: u64) {
        let zero = Timespec { tv_sec: 0, tv_nsec: 0 };
        let value = Timespec { tv_sec: (at / SECOND) as i64, tv_nsec: (at % SECOND) as _ };
        let once = Itimerspec { it_interval: zero, it_value: value };
        // Fails only for a bad descriptor or malformed time, and both are made right here.
        let set = timerfd_settime(self.0.get_ref(), TimerfdTimerFlags::ABSTIME, &once);
        debug_assert!(set.is_ok(), "timerfd_settime: {set:?}");
    }

    /// Waits for the next ring. Fails when the runtime is going away.
    pub(crate) async fn rung(&self) -> io::Result<()> {
        // The expiry count is left unread: the reactor is edge-triggered and arming resets the count,
        // so reading it would be a system call for nothing.
        self.0.readable().await?.clear_ready();
        Ok(())
    }
}

/// Sets the congestion control of a socket by its name in the kernel.
pub(crate) fn set_congestion(socket: &SockRef<'_>, name: &str) -> io::Result<()> {
    socket.set_tcp_congestion(name.as_bytes())
}

/// Accepts one connection, non-blocking and closed on exec from the start.
pub(crate) fn accept(listener: &OwnedFd) -> io::Result<(StdStream, SocketAddr)> {
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let (socket, peer) = rustix::net::acceptfrom_with(listener, flags)?;
    let peer =
        peer.and_then(|peer| SocketAddr::try_from(peer).ok()).ok_or(io::ErrorKind::ConnectionAborted)?;
    Ok((StdStream::from(socket), peer))
}

/// Reads what is there. A read that did not fill `buf` emptied the socket, so readiness is cleared without
/// asking the kernel a second time.
pub(crate) fn try_read(socket: &TcpStream, buf: &mut [u8]) -> io::Result<usize> {
    let want = buf.len();
    transfer(socket, Interest::READABLE, want, || {
        Ok(rustix::net::recv(socket, &mut *buf, RecvFlags::empty())?.1)
    })
}

/// Writes what fits; a short write filled the socket.
pub(crate) fn try_write(socket: &TcpStream, buf: &[u8]) -> io::Result<usize> {
    transfer(socket, Interest::WRITABLE, buf.len(), || {
        Ok(rustix::net::send(socket, buf, SendFlags::NOSIGNAL)?)
    })
}

/// Writes what fits of several buffers (the kernel takes at most 1,024 of them at once).
pub(crate) fn try_write_vectored(socket: &TcpStream, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
    let bufs = &bufs[..bufs.len().min(1024)];
    let want = bufs.iter().map(|buf| buf.len()).sum();
    transfer(socket, Interest::WRITABLE, want, || {
        let mut control = SendAncillaryBuffer::default();
        Ok(rustix::net::sendmsg(socket, bufs, &mut control, SendFlags::NOSIGNAL)?)
    })
}

/// A pipe for splicing: its reading and its writing end, and how many bytes it holds at the most.
pub(crate) fn pipe(wanted: usize) -> io::Result<(OwnedFd, OwnedFd, usize)> {
    let (reader, writer) = pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK)?;
    // Refused where the user has too much in pipes already; what it is then may still do.
    let _ = fcntl_setpipe_size(&writer, wanted);
    let capacity = fcntl_getpipe_size(&writer)?;
    Ok((reader, writer, capacity))
}

/// Never `MORE`: it would hold back the end of what was sent for up to 200 ms.
const SPLICE: SpliceFlags = SpliceFlags::MOVE.union(SpliceFlags::NONBLOCK);

/// Moves what is there into a pipe that has room.
pub(crate) fn try_splice_from(socket: &TcpStream, into: &OwnedFd, limit: usize) -> io::Result<usize> {
    socket.try_io(Interest::READABLE, || Ok(splice(socket, None, into, None, limit, SPLICE)?))
}

/// Writes what fits out of a pipe.
pub(crate) fn try_splice_into(socket: &TcpStream, from: &OwnedFd, limit: usize) -> io::Result<usize> {
    socket.try_io(Interest::WRITABLE, || Ok(splice(from, None, socket, None, limit, SPLICE)?))
}

/// Runs `attempt` and clears the socket's readiness if fewer than `want` bytes moved. The clearing happens
/// inside `try_io`, which ties it to the readiness event seen before the attempt: an event that arrives
/// meanwhile on another thread is not lost. (A FIN or error is never cleared by tokio.)
fn transfer(
    socket: &TcpStream,
    interest: Interest,
    want: usize,
    attempt: impl FnOnce() -> io::Result<usize>,
) -> io::Result<usize> {
    let mut short = None;
    let outcome = socket.try_io(interest, || match attempt()? {
        moved if moved > 0 && moved < want => {
            short = Some(moved);
            Err(io::ErrorKind::WouldBlock.into())
        }
        moved => Ok(moved),
    });
    short.map_or(outcome, Ok)
}

/// Drops the connection with RST at once, whatever is queued, even while other handles to it live.
pub(crate) fn reset(socket: &TcpStream) -> io::Result<()> {
    Ok(rustix::net::connect_unspec(socket)?)
}

/// Bytes sent but not yet acknowledged by the peer's host. Of a unix socket: what the system keeps until the peer has read it,
/// which is more than the bytes but 0 when they are read.
pub(crate) fn unacknowledged<S: AsFd>(socket: &S) -> io::Result<usize> {
    use rustix::ioctl::{Getter, ioctl};
    const SIOCOUTQ: rustix::ioctl::Opcode = 0x5411;
    #[expect(unsafe_code, reason = "no safe wrapper offers this ioctl")]
    // SAFETY: SIOCOUTQ on a TCP or unix socket writes one C int through its argument and touches nothing else; `Getter`
    // passes a pointer to exactly that. The descriptor is borrowed from a live socket.
    let bytes: i32 = unsafe { ioctl(socket, Getter::<SIOCOUTQ, i32>::new()) }?;
    Ok(usize::try_from(bytes).unwrap_or(0))
}

/// Prepares a bound socket for sending and receiving many datagrams at a time, which makes it non-blocking.
///
/// quinn-udp also forbids fragments, so that QUIC can probe a path. Here what is too large for the path shall arrive
/// in fragments, as from any socket, so the settings are put back to what the system gave them.
pub(crate) fn datagram_state<S: AsFd>(socket: &S) -> io::Result<UdpSocketState> {
    // The one for IPv4 also counts on IPv6 sockets, for mapped addresses. What cannot be read does not exist.
    let (v4, v6) = (ip_mtu_discover(socket), ipv6_mtu_discover(socket));
    let state = UdpSocketState::new(socket.into())?;
    if let Ok(v4) = v4 {
        set_ip_mtu_discover(socket, v4)?;
    }
    if let Ok(v6) = v6 {
        set_ipv6_mtu_discover(socket, v6)?;
        // Refused only where it could not be switched on either.
        let _ = set_option(socket.as_fd(), libc::IPPROTO_IPV6, libc::IPV6_DONTFRAG, 0);
    }
    Ok(state)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::UdpSocket;

    #[test]
    fn datagrams_may_be_fragmented_as_by_any_other_socket() {
        // Without IPv6 there is only the first to look at.
        for socket in ["127.0.0.1:0", "[::1]:0"].into_iter().flat_map(UdpSocket::bind) {
            let settings = || (ip_mtu_discover(&socket), ipv6_mtu_discover(&socket));
            let before = settings();
            datagram_state(&socket).unwrap();
            assert_eq!(settings(), before);
        }
    }
}
