//! Connections whose client has begun before the pump: what it has sent, and how much more is meant for the server.

use super::{End, Flow, Pump};
use squall_faults::Direction;
use squall_wire::with_scratch;
use std::task::{Context, Poll};

/// How a client has begun.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Start {
    /// The first bytes for the server.
    pub(crate) early: Vec<u8>,
    /// How many more are for it.
    pub(crate) more: u64,
}

impl Start {
    /// Everything is for the server, first of all these bytes.
    pub(crate) fn tunnel(early: &[u8]) -> Start {
        Start { early: early.to_owned(), more: u64::MAX }
    }
}

impl Default for Start {
    fn default() -> Start {
        Start::tunnel(&[])
    }
}

impl Flow {
    /// So many bytes have come of those that go on.
    pub(super) fn spend(&mut self, n: usize) {
        if self.left < u64::MAX {
            self.left = self.left.saturating_sub(n as u64);
        }
    }
}

impl Pump {
    /// Begins with what the client has sent. To be called once, before the pump runs.
    pub(crate) fn start(&mut self, start: Start) {
        let early = start.early;
        if !early.is_empty() {
            // Of bytes it never says that this is the end.
            let _: Result<usize, End> = self.take(Direction::Up, Ok(early.len()), &early);
            self.flows[Direction::Up.index()].held.append(&early);
        }
        self.flows[Direction::Up.index()].left = start.more;
    }

    /// Reads behind the last byte that goes on. Whatever comes there ends the direction, as a FIN does: it is another request,
    /// and its client will try again. Empty lines were once sent behind a body.
    pub(super) fn fetch_beyond(&mut self, direction: Direction, cx: &mut Context<'_>) -> Result<bool, End> {
        let source = &self.streams[direction.sender().index()];
        let read = with_scratch(|scratch| {
            let read = source.poll_read(cx, scratch);
            read.map_ok(|n| (n, scratch[..n].iter().all(|byte| matches!(byte, b'\r' | b'\n'))))
        });
        match read {
            Poll::Pending => return Ok(false),
            Poll::Ready(Ok((1.., true))) => {}
            Poll::Ready(Ok(_)) => self.take(direction, Ok(0), &[]).map(drop)?,
            Poll::Ready(Err(error)) => self.take(direction, Err(error), &[]).map(drop)?,
        }
        Ok(true)
    }
}
