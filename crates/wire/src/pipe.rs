//! One direction of a connection in memory: a bounded buffer, and how it ended for reader and writer.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read};
use std::task::{Context, Poll, Waker};

/// Bytes a pipe holds before its writer has to wait.
pub(crate) const CAPACITY: usize = 64 * 1024;

/// How a direction ends for its reader, once the bytes before it are read. As in TCP, the first end counts: a
/// reset after FIN is not seen by reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Fin,
    Reset,
}

#[derive(Debug, Default)]
pub(crate) struct Pipe {
    bytes: VecDeque<u8>,
    end: Option<End>,
    /// What writers are told, once they may not write any more.
    closed: Option<ErrorKind>,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

/// Whom to wake after the lock around the pipes is gone.
pub(crate) type Wake = Option<Waker>;

impl Pipe {
    pub(crate) fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        buf: &mut [u8],
        wake: &mut Wake,
    ) -> Poll<io::Result<usize>> {
        if !self.bytes.is_empty() {
            *wake = self.writer.take();
            return Poll::Ready(read_both_halves(&mut self.bytes, buf));
        }
        match self.end {
            Some(End::Fin) => Poll::Ready(Ok(0)),
            Some(End::Reset) => Poll::Ready(Err(ErrorKind::ConnectionReset.into())),
            None => wait(&mut self.reader, cx),
        }
    }

    pub(crate) fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        buf: &[u8],
        wake: &mut Wake,
    ) -> Poll<io::Result<usize>> {
        if let Some(kind) = self.closed {
            return Poll::Ready(Err(kind.into()));
        }
        let room = CAPACITY - self.bytes.len();
        if room == 0 && !buf.is_empty() {
            return wait(&mut self.writer, cx);
        }
        let written = buf.len().min(room);
        self.bytes.extend(&buf[..written]);
        *wake = self.reader.take();
        Poll::Ready(Ok(written))
    }

    /// Ends the direction: the reader meets `end` after what is buffered, the writer `closed` at once.
    pub(crate) fn close(&mut self, end: End, closed: ErrorKind) -> [Wake; 2] {
        self.end.get_or_insert(end);
        self.closed.get_or_insert(closed);
        [self.reader.take(), self.writer.take()]
    }

    /// Throws away what nobody will read; returns whether there was anything.
    pub(crate) fn clear(&mut self) -> bool {
        !std::mem::take(&mut self.bytes).is_empty()
    }

    /// Whether a reset ended the direction before anything else did.
    pub(crate) fn is_reset(&self) -> bool {
        self.closed == Some(ErrorKind::ConnectionReset)
    }

    /// Bytes not yet read.
    ///
    /// # Errors
    /// When the direction was reset, so that nobody will ever read them.
    pub(crate) fn unread(&self) -> io::Result<usize> {
        match self.end {
            Some(End::Reset) => Err(ErrorKind::NotConnected.into()),
            _ => Ok(self.bytes.len()),
        }
    }
}

/// The ring's bytes lie in two slices; a single `read` would stop at the seam.
fn read_both_halves(bytes: &mut VecDeque<u8>, buf: &mut [u8]) -> io::Result<usize> {
    let first = bytes.read(buf)?;
    Ok(first + bytes.read(&mut buf[first..])?)
}

/// Has the task behind `cx` woken by whoever takes the waker from `place`.
pub(crate) fn wait<T>(place: &mut Option<Waker>, cx: &Context<'_>) -> Poll<T> {
    if !place.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
        *place = Some(cx.waker().clone());
    }
    Poll::Pending
}
