//! Faults on a stream that somebody has.

use super::core::Core;
use super::faults::Faults;
use squall_faults::Direction::{Down, Up};
use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep_until};

/// Bytes read at a time.
const READ: usize = 16 << 10;

/// A stream with faults on it: what is written to it is up, what is read from it is down.
///
/// There is no task behind: bytes move while somebody polls, to read, to write or to flush. Whoever writes and then waits
/// for something else flushes first, which completes when everything written has been delivered; a reader moves both ways.
///
/// A RST towards this end is an error of the kind [`ConnectionReset`](io::ErrorKind::ConnectionReset). Towards the other it
/// cannot be sent on a stream of any kind: that is shut down instead. The end of the other's bytes, and its errors, pass
/// through the faults like its bytes.
pub struct Faulty<S> {
    inner: S,
    core: Core,
    sleep: Option<Pin<Box<Sleep>>>,
    /// How the stream itself failed.
    broken: Option<io::ErrorKind>,
    shut: bool,
}

impl<S> Faulty<S> {
    /// Puts these faults on the stream, which is the next of their connections.
    pub fn new(stream: S, faults: &Faults) -> Faulty<S> {
        Faulty { inner: stream, core: faults.open(), sleep: None, broken: None, shut: false }
    }

    /// The stream itself. What was on its way is lost.
    pub fn into_inner(self) -> S {
        self.inner
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Faulty<S> {
    /// Moves what can be moved in both directions, and sees to it that it goes on.
    fn drive(&mut self, cx: &mut Context<'_>) {
        self.core.listen(cx.waker());
        loop {
            self.core.advance();
            let moved = self.take_in(cx) | self.let_out(cx);
            if moved {
                continue;
            }
            let Some(due) = self.core.next() else { return };
            let sleep = self.sleep.get_or_insert_with(|| Box::pin(sleep_until(due)));
            if sleep.deadline() != due {
                sleep.as_mut().reset(due);
            }
            if sleep.as_mut().poll(cx).is_pending() {
                return;
            }
        }
    }

    /// Reads from the stream once, where there is room; true where something came.
    fn take_in(&mut self, cx: &mut Context<'_>) -> bool {
        let Ok(Some(room)) = self.core.room(Down) else { return false };
        let mut buf = [0; READ];
        let mut buf = ReadBuf::new(&mut buf[..room.min(READ)]);
        match Pin::new(&mut self.inner).poll_read(cx, &mut buf) {
            Poll::Pending => return false,
            Poll::Ready(Ok(())) if buf.filled().is_empty() => self.core.finish(Down),
            Poll::Ready(Ok(())) => self.core.write(Down, buf.filled()),
            Poll::Ready(Err(error)) => {
                self.broken.get_or_insert(error.kind());
                self.core.lose(Down);
            }
        }
        true
    }

    /// Writes to the stream once what may be; true where something went.
    fn let_out(&mut self, cx: &mut Context<'_>) -> bool {
        if self.shut {
            return false;
        }
        let bytes = match self.core.readable(Up) {
            Ok(Some([])) => return false,
            Ok(Some(bytes)) => bytes,
            // The end, or a RST that this stream cannot carry.
            Ok(None) | Err(_) => {
                self.shut = Pin::new(&mut self.inner).poll_shutdown(cx).is_ready();
                return self.shut;
            }
        };
        match Pin::new(&mut self.inner).poll_write(cx, bytes) {
            Poll::Pending => false,
            Poll::Ready(Ok(n @ 1..)) => {
                self.core.consume(Up, n);
                true
            }
            failed => {
                let kind = match failed {
                    Poll::Ready(Err(error)) => error.kind(),
                    _ => io::ErrorKind::WriteZero,
                };
                self.broken.get_or_insert(kind);
                self.shut = true;
                self.core.close(Up);
                self.core.lose(Down);
                true
            }
        }
    }

    /// The error that the stream itself had, in place of what the faults make of it.
    fn own(&self, error: io::Error) -> io::Error {
        self.broken.map_or(error, io::Error::from)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Faulty<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.drive(cx);
        let n = match self.core.readable(Down) {
            Err(error) => return Poll::Ready(Err(self.own(error))),
            Ok(None) => 0,
            Ok(Some([])) if buf.remaining() > 0 => return Poll::Pending,
            Ok(Some(bytes)) => {
                let n = bytes.len().min(buf.remaining());
                buf.put_slice(&bytes[..n]);
                n
            }
        };
        self.core.consume(Down, n);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Faulty<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.drive(cx);
        let n = match self.core.room(Up) {
            Err(error) => return Poll::Ready(Err(self.own(error))),
            Ok(None) => return Poll::Pending,
            Ok(Some(room)) => room.min(buf.len()),
        };
        self.core.write(Up, &buf[..n]);
        self.drive(cx);
        Poll::Ready(Ok(n))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.drive(cx);
        if !self.core.is_drained(Up) && !self.shut {
            return Poll::Pending;
        }
        if self.shut { Poll::Ready(Ok(())) } else { Pin::new(&mut self.inner).poll_flush(cx) }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.core.finish(Up);
        self.drive(cx);
        if !self.shut {
            ready!(self.as_mut().poll_flush(cx))?;
        }
        if self.shut { Poll::Ready(Ok(())) } else { Poll::Pending }
    }
}

impl<S: fmt::Debug> fmt::Debug for Faulty<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Faulty").field("inner", &self.inner).finish_non_exhaustive()
    }
}
