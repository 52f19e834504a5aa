//! Echoing on one connection.

use std::future::poll_fn;
use std::io;
use std::task::{Context, Poll, ready};

use squall_wire::{Env, Idle, Stream, with_scratch};

use crate::counts::{Meter, add};

/// Reads and writes in a row before other connections of the shard get their turn.
const ROUNDS: usize = 16;

/// A connection that sends back what it receives. It owns a buffer only while the client does not read.
pub(crate) struct Connection<'a> {
    pub(crate) env: &'a Env,
    pub(crate) stream: Stream,
    pub(crate) meter: &'a Meter,
    /// Bytes to read at a time.
    pub(crate) buffer: usize,
    pub(crate) idle: Option<Idle>,
    /// What was read but did not fit into the socket, from `sent` on.
    rest: Vec<u8>,
    sent: usize,
}

impl<'a> Connection<'a> {
    pub(crate) fn new(
        env: &'a Env,
        stream: Stream,
        meter: &'a Meter,
        buffer: usize,
        idle: Option<Idle>,
    ) -> Self {
        Self { env, stream, meter, buffer, idle, rest: Vec::new(), sent: 0 }
    }

    /// Echoes until the client is done and has everything back, and then sends FIN. Ends early, without an
    /// error, when the connection was idle for too long.
    ///
    /// # Errors
    /// When the connection breaks.
    pub(crate) async fn serve(mut self) -> io::Result<()> {
        poll_fn(|cx| self.poll(cx)).await
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        for _ in 0..ROUNDS {
            let Poll::Ready(done) = self.poll_round(cx)? else {
                // Nothing moves, so this is when to look at the clock; it also has the timer wake us.
                return self.idle.as_mut().map_or(Poll::Pending, |idle| idle.poll(cx).map(Ok));
            };
            if done {
                return Poll::Ready(self.stream.finish());
            }
            if let Some(idle) = &mut self.idle {
                idle.touch(self.env.now());
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Moves some bytes; true when the client is done and has them all.
    fn poll_round(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        if self.sent < self.rest.len() {
            let written = ready!(self.stream.poll_write(cx, &self.rest[self.sent..]))?;
            add(&self.meter.bytes_out, written);
            self.sent += written;
            if self.sent == self.rest.len() {
                (self.rest, self.sent) = (Vec::new(), 0);
            }
            return Poll::Ready(Ok(false));
        }
        with_scratch(|scratch| {
            let limit = self.buffer.min(scratch.len());
            let read = ready!(self.stream.poll_read(cx, &mut scratch[..limit]))?;
            add(&self.meter.bytes_in, read);
            let unsent = &scratch[..read];
            let written = match unsent {
                [] => return Poll::Ready(Ok(true)),
                _ => match self.stream.poll_write(cx, unsent)? {
                    Poll::Ready(written) => written,
                    Poll::Pending => 0,
                },
            };
            add(&self.meter.bytes_out, written);
            // Kept for the next round, which writes before it reads.
            self.rest.extend_from_slice(&unsent[written..]);
            Poll::Ready(Ok(false))
        })
    }
}
