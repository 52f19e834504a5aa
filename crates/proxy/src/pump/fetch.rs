//! The reading half of the pump.

use super::bulk::Bulk;
use super::held::Held;
use super::{End, Flow, Pump};
use crate::budget::{self, ALWAYS};
use crate::close::CloseReason;
use squall_faults::{Direction, Peer};
use squall_wire::with_scratch;
use std::io;
use std::task::{Context, Poll};

/// The first read of a flow asks for this much; a flow that fills it asks for more.
const SMALL: usize = 64 << 10;
/// The most that one read asks for.
const LARGE: usize = 256 << 10;
/// Bytes that may wait for a receiver that does not take them before reading stops, where faults stand in the way. Without
/// faults one read may wait.
const UNDELIVERED: u64 = 1 << 20;

impl Flow {
    pub(super) fn new() -> Flow {
        Flow {
            held: Held::default(),
            bulk: Bulk::default(),
            due: 0,
            offset: 0,
            appetite: SMALL,
            left: u64::MAX,
            ended: false,
            finished: false,
            broken: false,
            untold: 0,
        }
    }

    /// A read that came back full asks for more next time, a small one for less.
    fn learn(&mut self, n: usize) {
        self.bulk.learn(n);
        if n >= self.appetite {
            self.appetite = LARGE;
        } else if n < SMALL / 4 {
            self.appetite = SMALL;
        }
    }
}

impl Pump {
    /// How many bytes may be read in `direction` now.
    pub(super) fn room(&self, direction: Direction) -> usize {
        let flow = &self.flows[direction.index()];
        let undelivered = if self.conn.is_plain(direction) { 1 } else { UNDELIVERED };
        // What the faults have let go and the receiver has not taken.
        let waiting = flow.waiting().saturating_sub(self.conn.held(direction));
        if flow.ended || waiting >= undelivered {
            return 0;
        }
        let mut room = self.conn.room(direction).min(flow.left.max(1));
        if budget::is_spent() {
            room = room.min(ALWAYS.saturating_sub(flow.waiting()));
        }
        let most = if self.splices(direction) { usize::MAX } else { flow.appetite };
        usize::try_from(room).unwrap_or(usize::MAX).min(most)
    }

    /// Reads once where there is room; true where something came.
    pub(super) fn fetch(&mut self, direction: Direction, cx: &mut Context<'_>) -> Result<bool, End> {
        let room = self.room(direction);
        if room == 0 {
            return Ok(false);
        }
        if self.flows[direction.index()].left == 0 {
            return self.fetch_beyond(direction, cx);
        }
        if self.splices(direction)
            && let Some(fetched) = self.fetch_unseen(direction, room, cx)
        {
            return fetched;
        }
        let flow = &mut self.flows[direction.index()];
        // What comes now stands behind it.
        flow.land();
        let bulk = flow.appetite == LARGE;
        let source = &self.streams[direction.sender().index()];
        // Bytes that are to be looked at are read where they can be.
        if !self.conn.watches(direction)
            && !flow.held.is_empty()
            && let Some(tail) = flow.held.tail(bulk, room)
        {
            let read = match source.poll_read(cx, tail) {
                Poll::Pending => return Ok(false),
                Poll::Ready(read) => read,
            };
            if let Ok(n) = read {
                self.flows[direction.index()].held.fill(n);
            }
            return self.take(direction, read, &[]).map(|n| n > 0);
        }
        // Straight through the shard's buffer: what can be written at once is never copied, the rest is kept.
        with_scratch(|scratch| {
            let want = room.min(scratch.len());
            let source = &self.streams[direction.sender().index()];
            let read = match source.poll_read(cx, &mut scratch[..want]) {
                Poll::Pending => return Ok(false),
                Poll::Ready(read) => read,
            };
            let n = self.take(direction, read, scratch)?;
            if n > 0 {
                let fresh = &mut scratch[..n];
                let used = match self.flows[direction.index()].held.is_empty() {
                    true => self.deliver(direction, fresh, cx)?.used,
                    false => 0,
                };
                self.flows[direction.index()].held.append(&fresh[used..]);
            }
            Ok(true)
        })
    }

    /// Tells the faults what a read brought, which stands in `scratch` where they have to see it.
    pub(super) fn take(
        &mut self,
        direction: Direction,
        read: io::Result<usize>,
        scratch: &[u8],
    ) -> Result<usize, End> {
        let now = self.refresh();
        if let Some(idle) = &mut self.idle {
            idle.touch(now.as_nanos());
        }
        let sender = direction.sender();
        match read {
            Ok(n @ 1..) => {
                let flow = &mut self.flows[direction.index()];
                flow.learn(n);
                flow.spend(n);
                self.live.count_received(direction, n as u64);
                match scratch.get(..n).filter(|_| self.conn.watches(direction)) {
                    Some(bytes) => self.conn.push_bytes(direction, now, bytes),
                    None => self.conn.push(direction, now, n as u64),
                }
                return Ok(n);
            }
            // A peer to which writing failed has not finished: the RST was seen there.
            Ok(_) if self.is_lost(sender) => self.conn.push_reset(direction, now),
            Ok(_) => self.conn.push_fin(direction, now),
            Err(error) => {
                self.lose(sender, &error);
                self.conn.push_reset(direction, now);
            }
        }
        self.flows[direction.index()].ended = true;
        Ok(0)
    }

    /// Whether a peer's connection is known to have broken.
    pub(super) fn is_lost(&self, peer: Peer) -> bool {
        let written_to = Direction::BOTH.into_iter().find(|direction| direction.receiver() == peer);
        let broken = written_to.is_some_and(|direction| self.flows[direction.index()].broken);
        broken || self.lost.is_some_and(|(lost, _)| lost == peer)
    }

    /// Notes that a peer's connection broke. The first word counts.
    pub(super) fn lose(&mut self, peer: Peer, error: &io::Error) {
        use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset};
        let reason = match error.kind() {
            ConnectionReset | BrokenPipe | ConnectionAborted => CloseReason::Reset(Some(peer)),
            _ => CloseReason::Error(peer),
        };
        self.lost.get_or_insert((peer, reason));
    }
}
