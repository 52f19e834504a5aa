//! The writing half of the pump.

use super::{End, Flow, Pump};
use squall_faults::{Action, Direction};
use std::io::IoSlice;
use std::task::{Context, Poll};

/// What one delivery came to.
pub(super) struct Delivery {
    /// Something moved.
    pub(super) moved: bool,
    /// How many of the fresh bytes were written or discarded.
    pub(super) used: usize,
}

/// Blocks written in one system call at the most.
const SLICES: usize = 16;

impl Pump {
    /// Does what is due in `direction`. Bytes come from what is held and then from `fresh`, which is given only while nothing
    /// is held; what is left of it the caller keeps.
    pub(super) fn deliver(
        &mut self,
        direction: Direction,
        fresh: &mut [u8],
        cx: &mut Context<'_>,
    ) -> Result<Delivery, End> {
        let now = self.refresh();
        let mut delivery = Delivery { moved: false, used: 0 };
        loop {
            let flow = &mut self.flows[direction.index()];
            if flow.due > 0 && !flow.broken {
                match self.write(direction, &fresh[delivery.used..], cx) {
                    Poll::Pending => return Ok(delivery),
                    Poll::Ready(used) => delivery.used += used,
                }
            } else if flow.due > 0 {
                let due = std::mem::take(&mut flow.due);
                delivery.used += flow.skip(due);
            } else {
                match self.conn.pop(direction, now) {
                    None => return Ok(delivery),
                    Some(Action::Write { range, .. }) => flow.due = range.len,
                    Some(Action::Discard(range)) => delivery.used += flow.skip(range.len),
                    Some(Action::Flip { offset, mask }) => {
                        flow.flip(offset, mask, &mut fresh[delivery.used..])
                    }
                    Some(Action::Fin) => self.finish(direction),
                    Some(Action::End(ending)) => return Err(self.told(ending)),
                    // Nothing of that kind comes of a stream.
                    Some(
                        Action::Copy { .. } | Action::Send { .. } | Action::Drop { .. } | Action::Rebind,
                    ) => {}
                }
            }
            delivery.moved = true;
        }
    }

    /// Writes once; how many fresh bytes went. An error is not the end yet: what the receiver sent before still counts.
    fn write(&mut self, direction: Direction, fresh: &[u8], cx: &mut Context<'_>) -> Poll<usize> {
        let flow = &mut self.flows[direction.index()];
        let stream = &self.streams[direction.receiver().index()];
        let (from_held, from_pipe) = (!flow.held.is_empty(), flow.bulk.held() > 0);
        let written = if from_held {
            let mut slices = [IoSlice::new(&[]); SLICES];
            let count = flow.held.front(flow.due, &mut slices);
            stream.poll_write_vectored(cx, &slices[..count])
        } else if flow.bulk.held() > 0 {
            let due = flow.due;
            self.write_unseen(direction, due, cx)
        } else {
            let n = usize::try_from(flow.due).unwrap_or(usize::MAX).min(fresh.len());
            stream.poll_write(cx, &fresh[..n])
        };
        match written {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Ok(n)) => {
                if let Some(idle) = &mut self.idle {
                    idle.touch(self.env.now());
                }
                let flow = &mut self.flows[direction.index()];
                flow.due -= n as u64;
                flow.offset += n as u64;
                flow.untold += n as u64;
                self.live.count(direction, n as u64);
                if from_held {
                    flow.held.consume(n as u64);
                }
                Poll::Ready(if from_held || from_pipe { 0 } else { n })
            }
            Poll::Ready(Err(error)) => {
                self.flows[direction.index()].broken = true;
                self.lose(direction.receiver(), &error);
                // Where the receiver had finished sending, no read will tell: its RST takes its place behind what it sent.
                let back = direction.reverse();
                if self.flows[back.index()].ended {
                    let now = self.refresh();
                    self.conn.push_reset(back, now);
                }
                Poll::Ready(0)
            }
        }
    }

    fn finish(&mut self, direction: Direction) {
        let flow = &mut self.flows[direction.index()];
        flow.finished = true;
        if !flow.broken
            && let Err(error) = self.streams[direction.receiver().index()].finish()
        {
            flow.broken = true;
            self.lose(direction.receiver(), &error);
        }
    }
}

impl Flow {
    /// Forgets the next `n` bytes: of what is held in memory, then in the pipe, the rest of the fresh ones; how many of the latter.
    fn skip(&mut self, n: u64) -> usize {
        self.offset += n;
        let rest = n - self.held.consume(n);
        (rest - self.bulk.skip(rest)) as usize
    }

    /// Inverts bits of a byte that is held or fresh.
    fn flip(&mut self, offset: u64, mask: u8, fresh: &mut [u8]) {
        self.land();
        let place = offset.saturating_sub(self.offset);
        match place.checked_sub(self.held.len()) {
            None => self.held.flip(place, mask),
            Some(place) => {
                if let Some(byte) = fresh.get_mut(place as usize) {
                    *byte ^= mask;
                }
            }
        }
    }
}
