//! A client's connection: every byte counted, and an error once none has moved for too long.

use std::future::poll_fn;
use std::io::{self, ErrorKind};
use std::pin::pin;
use std::task::{Context, Poll};
use std::time::Duration;

use squall_wire::{Env, Idle, Stream, with_scratch};

use crate::counts::Account;

/// A connection as its server sees it.
///
/// Reading and writing fail with [`TimedOut`](ErrorKind::TimedOut) when no byte has moved for the idle timeout; time
/// that the server itself lets pass does not count.
pub(crate) struct Peer<'a> {
    pub(crate) env: &'a Env,
    pub(crate) stream: Stream,
    pub(crate) account: &'a Account<'a>,
    /// Bytes to read at a time.
    pub(crate) buffer: usize,
    pub(crate) idle: Option<Idle>,
}

/// How long a client may take to see that the server is done, before it is dropped.
const LINGER: Duration = Duration::from_secs(2);

impl Peer<'_> {
    pub(crate) fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        let polled = self.stream.poll_read(cx, buf);
        if let Poll::Ready(Ok(read)) = &polled {
            self.account.received(*read);
        }
        self.watched(cx, polled)
    }

    pub(crate) fn poll_write(&mut self, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let polled = self.stream.poll_write(cx, buf);
        if let Poll::Ready(Ok(written)) = &polled {
            self.account.sent(*written);
        }
        self.watched(cx, polled)
    }

    /// Counts bytes that were written past [`poll_write`](Self::poll_write).
    pub(crate) fn wrote(&mut self, bytes: usize) {
        self.account.sent(bytes);
    }

    fn watched<T>(&mut self, cx: &mut Context<'_>, polled: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        match (polled, &mut self.idle) {
            // Nothing moves, so this is when to look at the clock; it also has the timer wake us.
            (Poll::Pending, Some(idle)) => idle.poll(cx).map(|()| Err(ErrorKind::TimedOut.into())),
            (polled, _) => {
                self.touch();
                polled
            }
        }
    }

    /// Begins the idle time anew.
    pub(crate) fn touch(&mut self) {
        if let Some(idle) = &mut self.idle {
            idle.touch(self.env.now());
        }
    }

    /// Reads what is there, at most `limit` bytes, to the end of `into`; 0 for FIN.
    pub(crate) async fn read_onto(&mut self, into: &mut Vec<u8>, limit: usize) -> io::Result<usize> {
        poll_fn(|cx| {
            with_scratch(|scratch| {
                let limit = self.buffer.min(limit).min(scratch.len());
                let polled = self.poll_read(cx, &mut scratch[..limit]);
                if let Poll::Ready(Ok(read)) = &polled {
                    into.extend_from_slice(&scratch[..*read]);
                }
                polled
            })
        })
        .await
    }

    /// Reads and drops what is there; 0 for FIN.
    pub(crate) fn poll_skip(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        with_scratch(|scratch| {
            let limit = self.buffer.min(scratch.len());
            self.poll_read(cx, &mut scratch[..limit])
        })
    }

    /// Reads and drops everything until FIN.
    pub(crate) async fn skip_all(&mut self) -> io::Result<()> {
        while poll_fn(|cx| self.poll_skip(cx)).await? > 0 {}
        Ok(())
    }

    /// Writes all of `buf`.
    pub(crate) async fn write_all(&mut self, mut buf: &[u8]) -> io::Result<()> {
        while !buf.is_empty() {
            let written = poll_fn(|cx| self.poll_write(cx, buf)).await?;
            buf = &buf[written..];
        }
        Ok(())
    }

    /// Lets time pass on purpose.
    pub(crate) async fn pause(&mut self, duration: Duration) {
        if !duration.is_zero() {
            self.env.sleep(duration).await;
            self.touch();
        }
    }

    /// Sends FIN, and drops for a moment what still comes: closing with something unread would reset the connection, and
    /// with it what the client has yet to read.
    pub(crate) async fn say_goodbye(mut self) -> io::Result<()> {
        self.stream.finish()?;
        let env = self.env.clone();
        let skipping = pin!(self.skip_all());
        env.timeout(LINGER, skipping).await.unwrap_or(Ok(()))
    }
}
