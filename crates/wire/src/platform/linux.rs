//! Linux: a timerfd as alarm, `accept4`, reset by `connect(AF_UNSPEC)`, reads that know when a socket ran dry.

use std::io::{self, IoSlice};
use std::net::{SocketAddr, TcpStream as StdStream};
use std::num::NonZeroU64;
use std::os::fd::OwnedFd;

use rustix::net::{RecvFlags, SendAncillaryBuffer, SendFlags, SocketFlags};
use rustix::time::{
    ClockId, Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, clock_gettime,
    timerfd_create, timerfd_settime,
};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::net::TcpStream;

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

/// Bytes sent but not yet acknowledged by the peer's host.
pub(crate) fn unacknowledged(socket: &TcpStream) -> io::Result<usize> {
    use rustix::ioctl::{Getter, ioctl};
    const SIOCOUTQ: rustix::ioctl::Opcode = 0x5411;
    #[expect(unsafe_code, reason = "no safe wrapper offers this ioctl")]
    // SAFETY: SIOCOUTQ on a socket writes one C int through its argument and touches nothing else; `Getter`
    // passes a pointer to exactly that. The descriptor is borrowed from a live socket.
    let bytes: i32 = unsafe { ioctl(socket, Getter::<SIOCOUTQ, i32>::new()) }?;
    Ok(usize::try_from(bytes).unwrap_or(0))
}
