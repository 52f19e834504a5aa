//! A connection: reads, writes, FIN and reset, over TCP, unix sockets or in memory.

use std::future::poll_fn;
use std::io::{self, ErrorKind, IoSlice};
use std::net::SocketAddr;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use rustix::net::Shutdown;
use socket2::SockRef;
use tokio::net::{TcpSocket, TcpStream, UnixStream};

use crate::kernel_pipe::KernelPipe;
use crate::mem::MemStream;
use crate::nanos::nanos;
use crate::tuning::Tuning;
use crate::{Env, platform};

/// A connection. It is used whole, by reference; each direction may be polled by one task at a time.
///
/// A reset is reported as [`ConnectionReset`](ErrorKind::ConnectionReset) once everything delivered before it
/// is read. The kernel reports it to whichever of read and write comes first, and may call it a
/// [`BrokenPipe`](ErrorKind::BrokenPipe) there if FIN came before; afterwards reads just end. So the first error is the truth.
///
/// Dropping the stream closes it: with FIN, or with RST if something was left to read.
#[derive(Debug)]
pub enum Stream {
    /// A kernel socket, registered with the reactor of the shard that owns it.
    Tcp(TcpStream),
    /// A kernel socket without a network in between, and without RST: see [`abort`](Self::abort).
    Unix(UnixStream),
    /// One end of a connection in a virtual world.
    Mem(MemStream),
}

impl Stream {
    /// Reads what is there, at most `buf.len()` bytes; 0 means that the peer is done sending (FIN).
    pub fn poll_read(&self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        match self {
            Self::Tcp(socket) => loop {
                ready!(socket.poll_read_ready(cx))?;
                if let Some(done) = settled(platform::try_read(socket, buf)) {
                    return Poll::Ready(done);
                }
            },
            Self::Unix(socket) => loop {
                ready!(socket.poll_read_ready(cx))?;
                if let Some(done) = settled(socket.try_read(buf)) {
                    return Poll::Ready(done);
                }
            },
            Self::Mem(stream) => stream.poll_read(cx, buf),
        }
    }

    /// Writes what fits. 0 only for an empty `buf`.
    pub fn poll_write(&self, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match self {
            Self::Tcp(socket) => loop {
                ready!(socket.poll_write_ready(cx))?;
                if let Some(done) = settled(platform::try_write(socket, buf)) {
                    return Poll::Ready(done);
                }
            },
            Self::Unix(socket) => loop {
                ready!(socket.poll_write_ready(cx))?;
                if let Some(done) = settled(socket.try_write(buf)) {
                    return Poll::Ready(done);
                }
            },
            Self::Mem(stream) => stream.poll_write(cx, buf),
        }
    }

    /// Writes what fits of several buffers, in order.
    pub fn poll_write_vectored(&self, cx: &mut Context<'_>, bufs: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        match self {
            Self::Tcp(socket) => loop {
                ready!(socket.poll_write_ready(cx))?;
                if let Some(done) = settled(platform::try_write_vectored(socket, bufs)) {
                    return Poll::Ready(done);
                }
            },
            Self::Unix(socket) => loop {
                ready!(socket.poll_write_ready(cx))?;
                if let Some(done) = settled(socket.try_write_vectored(bufs)) {
                    return Poll::Ready(done);
                }
            },
            Self::Mem(stream) => stream.poll_write_vectored(cx, bufs),
        }
    }

    /// Whether splicing is possible, as far as the kind of stream is concerned.
    pub fn can_splice(&self) -> bool {
        matches!(self, Self::Tcp(_))
    }

    /// Moves what is there into an empty `pipe`, at most `limit` bytes, without copying it; 0 means FIN.
    ///
    /// # Errors
    /// As [`poll_read`](Self::poll_read); [`Unsupported`](ErrorKind::Unsupported) for a unix socket, in a virtual world, and
    /// where the system cannot do it.
    pub fn poll_splice_from(
        &self,
        cx: &mut Context<'_>,
        pipe: &mut KernelPipe,
        limit: usize,
    ) -> Poll<io::Result<usize>> {
        let Self::Tcp(socket) = self else { return Poll::Ready(Err(ErrorKind::Unsupported.into())) };
        loop {
            ready!(socket.poll_read_ready(cx))?;
            let moved = pipe.fill(limit, |into, limit| platform::try_splice_from(socket, into, limit));
            if let Some(done) = settled(moved) {
                return Poll::Ready(done);
            }
        }
    }

    /// Writes what fits of `pipe`, at most `limit` bytes, without copying it.
    ///
    /// # Errors
    /// As [`poll_write`](Self::poll_write); [`Unsupported`](ErrorKind::Unsupported) as above.
    pub fn poll_splice_into(
        &self,
        cx: &mut Context<'_>,
        pipe: &mut KernelPipe,
        limit: usize,
    ) -> Poll<io::Result<usize>> {
        let Self::Tcp(socket) = self else { return Poll::Ready(Err(ErrorKind::Unsupported.into())) };
        loop {
            ready!(socket.poll_write_ready(cx))?;
            let moved = pipe.drain(limit, |from, limit| platform::try_splice_into(socket, from, limit));
            if let Some(done) = settled(moved) {
                return Poll::Ready(done);
            }
        }
    }

    /// [`poll_read`](Self::poll_read) as a future. Dropping it loses nothing.
    ///
    /// # Errors
    /// When the connection is broken.
    pub async fn read(&self, buf: &mut [u8]) -> io::Result<usize> {
        poll_fn(|cx| self.poll_read(cx, buf)).await
    }

    /// Writes all of `buf`. When dropped midway, an unknown part of it is written.
    ///
    /// # Errors
    /// When the connection is broken, or was finished.
    pub async fn write_all(&self, mut buf: &[u8]) -> io::Result<()> {
        while !buf.is_empty() {
            match poll_fn(|cx| self.poll_write(cx, buf)).await? {
                0 => return Err(ErrorKind::WriteZero.into()),
                written => buf = &buf[written..],
            }
        }
        Ok(())
    }

    /// Sends FIN after what was written; reading goes on. Finishing twice, or when the connection is gone
    /// already, is fine.
    ///
    /// # Errors
    /// Those of `shutdown`.
    pub fn finish(&self) -> io::Result<()> {
        match self {
            Self::Tcp(socket) => shut_down(socket, Shutdown::Write),
            Self::Unix(socket) => shut_down(socket, Shutdown::Write),
            Self::Mem(stream) => {
                stream.finish();
                Ok(())
            }
        }
    }

    /// Resets the connection: the peer sees RST, reads and writes here fail from now on, what was not yet
    /// sent is lost. On Linux at once; elsewhere when the stream is dropped.
    ///
    /// A peer that got our FIN before does not notice until it writes.
    ///
    /// Unix sockets have no RST. There both directions are shut down: the peer reads what was sent and then the end, as after FIN,
    /// and its writes fail. If something is left to read here, nothing happens until the stream is dropped: then the peer's next call
    /// behind what was sent fails with [`ConnectionReset`](ErrorKind::ConnectionReset).
    ///
    /// # Errors
    /// Those of the system call.
    pub fn abort(&self) -> io::Result<()> {
        match self {
            Self::Tcp(socket) => platform::reset(socket),
            // An end that the peer saw before the close would hide the reset that the close is.
            Self::Unix(socket) if rustix::io::ioctl_fionread(socket).is_ok_and(|unread| unread > 0) => Ok(()),
            Self::Unix(socket) => shut_down(socket, Shutdown::Both),
            Self::Mem(stream) => {
                stream.abort();
                Ok(())
            }
        }
    }

    /// Bytes written that the peer's host has not acknowledged; in memory, that the peer has not read; of a
    /// unix socket, the memory that they take until the peer has read them. Always 0
    /// where the system does not tell (anywhere but on Linux).
    ///
    /// # Errors
    /// [`NotConnected`](ErrorKind::NotConnected) when the connection is gone and they never will be.
    pub fn unsent(&self) -> io::Result<usize> {
        match self {
            Self::Tcp(socket) => match platform::unacknowledged(socket)? {
                0 => Ok(0),
                // After a reset the kernel's count stands still; only a missing peer gives that away.
                bytes => socket.peer_addr().map(|_| bytes),
            },
            Self::Unix(socket) => platform::unacknowledged(socket),
            Self::Mem(stream) => stream.unread(),
        }
    }

    /// Waits until nothing is [`unsent`](Self::unsent), at most for `limit`. Returns whether that was reached;
    /// a connection that broke meanwhile never will. Looks after 50 µs and then ever less often, at least each
    /// millisecond.
    pub async fn drained(&self, env: &Env, limit: Duration) -> bool {
        let end = env.now().saturating_add(nanos(limit));
        let mut step = 50_000;
        loop {
            match self.unsent() {
                Ok(0) => return true,
                Ok(_) if env.now() < end => {}
                _ => return false,
            }
            env.sleep_until((env.now() + step).min(end)).await;
            step = (step * 2).min(1_000_000);
        }
    }

    /// Whether the connection has been broken, by a reset say. One that both ends have finished in order is not: there may be
    /// something left to read. An error that is seen here is not reported by reads and writes any more.
    pub fn is_gone(&self) -> bool {
        match self {
            // Asking for the peer's address would not do: the kernel forgets it after an orderly end as well.
            Self::Tcp(socket) => !matches!(socket.take_error(), Ok(None)),
            Self::Unix(socket) => !matches!(socket.take_error(), Ok(None)),
            Self::Mem(stream) => stream.is_gone(),
        }
    }

    /// The address of the other end.
    ///
    /// # Errors
    /// When the connection is gone; [`Unsupported`](ErrorKind::Unsupported) for a unix socket, which has none.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        match self {
            Self::Tcp(socket) => socket.peer_addr(),
            Self::Unix(_) => Err(ErrorKind::Unsupported.into()),
            Self::Mem(stream) => Ok(stream.peer_addr()),
        }
    }

    /// The address of this end.
    ///
    /// # Errors
    /// Those of `getsockname`; [`Unsupported`](ErrorKind::Unsupported) for a unix socket, which has none.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        match self {
            Self::Tcp(socket) => socket.local_addr(),
            Self::Unix(_) => Err(ErrorKind::Unsupported.into()),
            Self::Mem(stream) => Ok(stream.local_addr()),
        }
    }

    /// The path that this end is bound to, where it is one of a unix socket and has one: the server's has.
    pub fn local_path(&self) -> Option<PathBuf> {
        let Self::Unix(socket) = self else { return None };
        socket.local_addr().ok()?.as_pathname().map(Path::to_owned)
    }
}

/// Connects a kernel socket.
pub(crate) async fn dial_tcp(to: SocketAddr, tuning: &Tuning) -> io::Result<Stream> {
    let socket = if to.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    tuning.apply(SockRef::from(&socket))?;
    let socket = socket.connect(to).await?;
    socket.set_nodelay(true)?;
    Ok(Stream::Tcp(socket))
}

/// Shuts down a socket; one that is gone already is.
fn shut_down<S: AsFd>(socket: &S, how: Shutdown) -> io::Result<()> {
    match rustix::net::shutdown(socket, how) {
        Err(error) if error != rustix::io::Errno::NOTCONN => Err(error.into()),
        _ => Ok(()),
    }
}

/// The outcome of an attempt, unless it has to be repeated.
fn settled(attempt: io::Result<usize>) -> Option<io::Result<usize>> {
    match attempt {
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => None,
        outcome => Some(outcome),
    }
}
