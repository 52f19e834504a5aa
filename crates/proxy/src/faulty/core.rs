//! One connection within a process: its faults at work, and the bytes on their way.

use super::faults::{Bell, Faults};
use bytes::{Buf, BytesMut};
use squall_faults::{Action, Conn, Direction, Ending, How, Opening, Peer, Tick};
use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::task::Waker;

/// Bytes that may wait for a reader before writing stops: those that the faults have let go.
const WINDOW: usize = 64 << 10;

/// Whoever uses it polls, keeps the time, and wakes the other end.
pub(super) struct Core {
    faults: Faults,
    conn: Conn,
    generation: u64,
    bell: Arc<Bell>,
    /// Up and down.
    flows: [Flow; 2],
    /// What the client and the server have seen of the end of the whole connection.
    ended: [Option<Fate>; 2],
}

#[derive(Default)]
struct Flow {
    /// Everything that is on its way, from the first byte that was not taken.
    bytes: BytesMut,
    /// The offset of the first of them.
    offset: u64,
    /// How many of them the faults have let go.
    due: usize,
    /// The sender is done.
    finished: bool,
    /// The receiver may know.
    fin: bool,
    /// The receiver is gone.
    unheard: bool,
}

/// How the connection was ended for a peer, once it has read what was let go before.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Reset,
    /// In order.
    Closed,
}

fn peers(direction: Direction) -> (usize, usize) {
    (direction.sender().index(), direction.receiver().index())
}

impl Core {
    pub(super) fn open(faults: Faults, bell: Arc<Bell>, opening: Opening) -> Core {
        let (plan, generation) = faults.plan().current();
        let conn = Conn::open(&plan, opening, faults.now());
        Core { faults, conn, generation, bell, flows: Default::default(), ended: [None; 2] }
    }

    /// Brings everything up to now.
    pub(super) fn advance(&mut self) -> Tick {
        let now = self.faults.now();
        if self.faults.plan().generation() != self.generation {
            let (plan, generation) = self.faults.plan().current();
            self.generation = generation;
            self.conn.apply(&plan, now);
        }
        self.conn.advance(now);
        if let Some(ending) = self.conn.ending().filter(|ending| !ending.flushes()) {
            self.end(ending);
        }
        for direction in Direction::BOTH {
            while self.ended == [None; 2]
                && let Some(action) = self.conn.pop(direction, now)
            {
                self.act(direction, action);
            }
        }
        now
    }

    fn act(&mut self, direction: Direction, action: Action) {
        let flow = &mut self.flows[direction.index()];
        match action {
            Action::Write { range, .. } => flow.due += flow.reach(range.len),
            Action::Discard(range) => flow.drop_behind_due(range.len),
            Action::Flip { offset, mask } => {
                let place = usize::try_from(offset.saturating_sub(flow.offset)).unwrap_or(usize::MAX);
                if let Some(byte) = flow.bytes.get_mut(place) {
                    *byte ^= mask;
                }
            }
            Action::Fin => flow.fin = true,
            Action::End(ending) => self.end(ending),
            // Nothing of that kind comes of a stream.
            Action::Copy { .. } | Action::Send { .. } | Action::Drop { .. } | Action::Rebind => {}
        }
    }

    fn end(&mut self, ending: Ending) {
        if !ending.flushes() {
            self.flows.iter_mut().for_each(|flow| flow.due = 0);
        }
        for peer in [Peer::Client, Peer::Server] {
            let reset = matches!(ending.how, How::Reset { side, .. } if side.includes(peer));
            self.ended[peer.index()].get_or_insert(if reset { Fate::Reset } else { Fate::Closed });
        }
    }

    /// Wakes this one when the plan changes.
    pub(super) fn listen(&self, waker: &Waker) {
        self.bell.listen(waker);
    }

    /// When to look again, where nothing else happens until then.
    pub(super) fn next(&self) -> Option<tokio::time::Instant> {
        self.conn.next_due().and_then(|tick| self.faults.instant(tick))
    }

    /// How many bytes a sender may write now; `None` where it is to wait.
    ///
    /// # Errors
    /// Where there is nobody to write to any more.
    pub(super) fn room(&self, direction: Direction) -> io::Result<Option<usize>> {
        let (sender, _) = peers(direction);
        let flow = &self.flows[direction.index()];
        match self.ended[sender] {
            Some(Fate::Reset) => return Err(ErrorKind::ConnectionReset.into()),
            Some(Fate::Closed) => return Err(ErrorKind::BrokenPipe.into()),
            None if flow.finished || flow.unheard => return Err(ErrorKind::BrokenPipe.into()),
            None => {}
        }
        let window = WINDOW.saturating_sub(flow.due);
        let room = usize::try_from(self.conn.room(direction)).unwrap_or(usize::MAX).min(window);
        Ok(Some(room).filter(|room| *room > 0))
    }

    /// A sender has written `bytes`, of which there was room for all.
    pub(super) fn write(&mut self, direction: Direction, bytes: &[u8]) {
        let now = self.advance();
        self.flows[direction.index()].bytes.extend_from_slice(bytes);
        if self.conn.watches(direction) {
            self.conn.push_bytes(direction, now, bytes);
        } else {
            self.conn.push(direction, now, bytes.len() as u64);
        }
        self.advance();
    }

    /// A sender is done.
    pub(super) fn finish(&mut self, direction: Direction) {
        let now = self.advance();
        if !std::mem::replace(&mut self.flows[direction.index()].finished, true) {
            self.conn.push_fin(direction, now);
            self.advance();
        }
    }

    /// A sender's connection broke: what it sent goes on, then its receiver is reset.
    pub(super) fn lose(&mut self, direction: Direction) {
        let now = self.advance();
        if !std::mem::replace(&mut self.flows[direction.index()].finished, true) {
            self.conn.push_reset(direction, now);
            self.advance();
        }
    }

    /// A receiver reads no more.
    pub(super) fn close(&mut self, direction: Direction) {
        self.flows[direction.index()].unheard = true;
    }

    /// What a receiver may read now; empty where there is nothing yet, `None` at the end.
    ///
    /// # Errors
    /// Where the connection was reset.
    pub(super) fn readable(&self, direction: Direction) -> io::Result<Option<&[u8]>> {
        let (_, receiver) = peers(direction);
        let flow = &self.flows[direction.index()];
        match self.ended[receiver] {
            _ if flow.due > 0 => Ok(Some(&flow.bytes[..flow.due])),
            Some(Fate::Reset) => Err(ErrorKind::ConnectionReset.into()),
            Some(Fate::Closed) => Ok(None),
            None if flow.fin => Ok(None),
            None => Ok(Some(&[])),
        }
    }

    /// A receiver has read so many bytes.
    pub(super) fn consume(&mut self, direction: Direction, n: usize) {
        let flow = &mut self.flows[direction.index()];
        flow.bytes.advance(n);
        flow.offset += n as u64;
        flow.due -= n;
    }

    /// Whether nothing is on its way in `direction`.
    pub(super) fn is_drained(&self, direction: Direction) -> bool {
        let (_, receiver) = peers(direction);
        let flow = &self.flows[direction.index()];
        let told = flow.fin || !flow.finished;
        flow.due == 0 && (self.ended[receiver].is_some() || (flow.bytes.is_empty() && told))
    }
}

impl Flow {
    /// How many of `len` bytes behind those that are due there are: all, or the two sides disagree.
    fn reach(&self, len: u64) -> usize {
        usize::try_from(len).unwrap_or(usize::MAX).min(self.bytes.len() - self.due)
    }

    /// Takes bytes out that stand behind those that are due. The bytes' offsets move with those in front of them.
    fn drop_behind_due(&mut self, len: u64) {
        let n = self.reach(len);
        let mut behind = self.bytes.split_off(self.due);
        behind.advance(n);
        self.bytes.unsplit(behind);
        self.offset += n as u64;
    }
}
