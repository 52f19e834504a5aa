//! `delay`: an echo of every byte, a fixed time after it came.

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use squall_wire::{Sleep, nanos, with_scratch};

use crate::peer::Peer;

/// Bytes held per connection before the client has to wait.
const HELD: usize = 1 << 20;
/// Reads held per connection, however small, before the client has to wait.
const READS: usize = 4096;

/// What was read and when it may go.
struct Held {
    due: u64,
    bytes: Vec<u8>,
    sent: usize,
}

/// Reads while it waits, so that the delay costs no bandwidth (up to 1 MiB for each delay).
pub(super) async fn serve(peer: Peer<'_>, delay: Duration) -> io::Result<()> {
    let timer = peer.env.sleep_until(0);
    let mut echo = Delayed { peer, delay: nanos(delay), queue: VecDeque::new(), held: 0, open: true, timer };
    poll_fn(|cx| echo.poll(cx)).await?;
    echo.peer.stream.finish()
}

struct Delayed<'a> {
    peer: Peer<'a>,
    delay: u64,
    queue: VecDeque<Held>,
    /// Bytes in the queue.
    held: usize,
    /// Whether the client may send more.
    open: bool,
    timer: Sleep,
}

impl Delayed<'_> {
    /// Ready when the client is done and has everything back.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            let read = self.poll_take(cx)?;
            let written = self.poll_give(cx)?;
            if !self.open && self.queue.is_empty() {
                return Poll::Ready(Ok(()));
            }
            if read.is_pending() && written.is_pending() {
                return Poll::Pending;
            }
        }
    }

    /// Reads something, unless enough is held.
    fn poll_take(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.open || self.held >= HELD || self.queue.len() >= READS {
            return Poll::Pending;
        }
        if !self.queue.is_empty() {
            // Who waits for us is not idle.
            self.peer.touch();
        }
        let due = self.peer.env.now().saturating_add(self.delay);
        with_scratch(|scratch| {
            let limit = self.peer.buffer.min(HELD - self.held).min(scratch.len());
            let polled = self.peer.poll_read(cx, &mut scratch[..limit]);
            polled.map_ok(|read| {
                self.open = read > 0;
                self.held += read;
                match self.queue.back_mut() {
                    // Small reads of one moment are kept together.
                    Some(last) if last.due == due => last.bytes.extend_from_slice(&scratch[..read]),
                    _ if read > 0 => {
                        self.queue.push_back(Held { due, bytes: scratch[..read].to_vec(), sent: 0 });
                    }
                    _ => {}
                }
            })
        })
    }

    /// Writes something that is due.
    fn poll_give(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Some(first) = self.queue.front_mut() else { return Poll::Pending };
        self.timer.reset(first.due);
        if Pin::new(&mut self.timer).poll(cx).is_pending() {
            return Poll::Pending;
        }
        let written = ready!(self.peer.poll_write(cx, &first.bytes[first.sent..]))?;
        self.held -= written;
        first.sent += written;
        if first.sent == first.bytes.len() {
            self.queue.pop_front();
        }
        Poll::Ready(Ok(()))
    }
}
