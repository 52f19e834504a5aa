//! One request: everything is sent and everything comes back, at the same time, so that no buffer on the way can block it.

use crate::counters::Failure;
use squall_wire::{Payload, Stream, with_scratch};
use std::future::poll_fn;
use std::task::{Context, Poll};

/// How far a request has come.
pub(crate) struct Exchange {
    payload: Payload,
    size: u64,
    sent: u64,
    received: u64,
    /// Bytes that the next write offers: making what a slow target does not take would be work for nothing.
    offer: usize,
}

/// Bytes written or read in one system call at the most.
const CHUNK: usize = 64 << 10;
/// Bytes offered to the slowest target.
const LEAST: usize = 2 << 10;

impl Exchange {
    pub(crate) fn new(payload: Payload, size: u64) -> Exchange {
        Exchange { payload, size, sent: 0, received: 0, offer: CHUNK }
    }

    /// Runs the request on `stream`.
    pub(crate) async fn run(&mut self, stream: &Stream) -> Result<(), Failure> {
        poll_fn(|cx| {
            loop {
                let wrote = self.poll_send(stream, cx);
                let read = self.poll_receive(stream, cx);
                match (wrote, read) {
                    // A reset is told once, to whoever asks first; what a read says after a failed write is not news.
                    (Poll::Ready(Err(failure)), _) | (_, Poll::Ready(Err(failure))) => {
                        return Poll::Ready(Err(failure));
                    }
                    _ if self.received == self.size => return Poll::Ready(Ok(())),
                    (Poll::Ready(Ok(true)), _) | (_, Poll::Ready(Ok(true))) => {}
                    _ => return Poll::Pending,
                }
            }
        })
        .await
    }

    /// Ready with true where something was written.
    fn poll_send(&mut self, stream: &Stream, cx: &mut Context<'_>) -> Poll<Result<bool, Failure>> {
        if self.sent == self.size {
            return Poll::Ready(Ok(false));
        }
        with_scratch(|scratch| {
            let left = usize::try_from(self.size - self.sent).unwrap_or(usize::MAX);
            let n = self.offer.min(scratch.len()).min(left);
            self.payload.fill(self.sent, &mut scratch[..n]);
            let written = stream.poll_write(cx, &scratch[..n]);
            self.offer = match &written {
                Poll::Ready(Ok(taken)) if *taken == n => self.offer.saturating_mul(2).min(CHUNK),
                Poll::Ready(Ok(taken)) => (*taken).clamp(LEAST, CHUNK),
                Poll::Ready(Err(_)) | Poll::Pending => LEAST,
            };
            written.map(|wrote| match wrote {
                Ok(n) => {
                    self.sent += n as u64;
                    Ok(true)
                }
                Err(error) => Err(Failure::of(&error)),
            })
        })
    }

    /// Ready with true where something was read. Never reads beyond the request.
    fn poll_receive(&mut self, stream: &Stream, cx: &mut Context<'_>) -> Poll<Result<bool, Failure>> {
        with_scratch(|scratch| {
            let n = CHUNK
                .min(scratch.len())
                .min(usize::try_from(self.size - self.received).unwrap_or(usize::MAX));
            stream.poll_read(cx, &mut scratch[..n]).map(|read| match read {
                Ok(0) => Err(Failure::Closed),
                Ok(n) => {
                    let wrong = self.payload.mismatch(self.received, &scratch[..n]);
                    self.received += wrong.unwrap_or(n) as u64;
                    if wrong.is_some() { Err(Failure::Corrupt) } else { Ok(true) }
                }
                Err(error) => Err(Failure::of(&error)),
            })
        })
    }
}
