//! The bytes of a preview on their way through a connection.

use super::offer::Offer;
use squall_faults::{Action, Carrier, Conn, Direction, Tick};

/// Reads, actions and wake-ups after which a rehearsal has seen enough.
pub(super) const PATIENCE: u64 = 1 << 18;
/// Wake-ups in a row without a read or an action after which nothing more will happen: windows may come again for ever.
const IDLE: u64 = 10_000;

/// Offers the bytes in `direction` as they come, then the end of a stream. Reads as soon as there is room and wakes exactly when
/// something is due. It ends when nothing is due any more, also where bytes are held for ever.
pub(super) fn play(conn: Conn, direction: Direction, offer: &Offer) -> Play<'_> {
    let mut play = Play {
        conn,
        direction,
        offer,
        actions: Vec::new(),
        come: 0,
        read: 0,
        cut_short: false,
        finished: false,
        done: 0,
        wakes: 0,
    };
    play.cut_short = play.run();
    play
}

/// A rehearsal while it goes on, or as it ended.
pub(super) struct Play<'a> {
    pub(super) conn: Conn,
    direction: Direction,
    offer: &'a Offer,
    pub(super) actions: Vec<(Tick, Action)>,
    /// Bytes that have come, and how many of them have been read.
    come: u64,
    pub(super) read: u64,
    /// It was still going on after [`PATIENCE`].
    pub(super) cut_short: bool,
    finished: bool,
    /// Reads and actions.
    done: u64,
    wakes: u64,
}

impl Play<'_> {
    /// Goes on until nothing is due any more; true where that takes too long.
    fn run(&mut self) -> bool {
        let (mut now, mut idle) = (Tick::ZERO, 0);
        loop {
            let before = self.done;
            self.pop(now);
            match self.offer.carrier {
                Carrier::Stream => self.stream(now),
                Carrier::Datagram => self.datagrams(now),
            }
            self.wakes += 1;
            let arrival = (self.come < self.offer.bytes).then(|| self.offer.due(self.come));
            idle = if self.done == before && arrival.is_none() { idle + 1 } else { 0 };
            if self.is_too_long() {
                return true;
            }
            if self.is_through() {
                return false;
            }
            let next = [arrival, self.conn.next_due()].into_iter().flatten().min();
            match next {
                Some(next) if idle < IDLE && self.conn.ending().is_none() => now = now.max(next),
                _ => return false,
            }
        }
    }

    /// True where all datagrams have left: what a fault does without any is not to be seen.
    fn is_through(&self) -> bool {
        let all = self.read == self.offer.bytes && self.conn.held(self.direction) == 0;
        all && self.offer.carrier == Carrier::Datagram
    }

    fn is_too_long(&self) -> bool {
        self.done + self.wakes >= PATIENCE
    }

    /// Reads what has come as far as there is room, then the end.
    fn stream(&mut self, now: Tick) {
        self.come = self.offer.come_by(now);
        while self.read < self.come && !self.is_too_long() {
            let len = self.conn.room(self.direction).min(self.offer.piece).min(self.come - self.read);
            if len == 0 {
                break;
            }
            for each in [self.direction.reverse(), self.direction] {
                // A pattern that runs the other way is found where the same bytes run there, too.
                if self.conn.watches(each) {
                    self.conn.push_bytes(each, now, &self.offer.content(self.read, len));
                } else if each == self.direction {
                    self.conn.push(each, now, len);
                }
            }
            self.read += len;
            self.done += 1;
            self.pop(now);
        }
        if self.read == self.offer.bytes && !std::mem::replace(&mut self.finished, true) {
            self.conn.push_fin(self.direction, now);
            self.done += 1;
            self.pop(now);
        }
    }

    /// Receives the datagrams that have come.
    fn datagrams(&mut self, now: Tick) {
        while self.come < self.offer.bytes && self.offer.due(self.come) <= now && !self.is_too_long() {
            let len = self.offer.piece_at(self.come);
            let payload = self.offer.content(0, len);
            if self.conn.watches(self.direction.reverse()) {
                self.conn.push_datagram(self.direction.reverse(), now, &payload);
            }
            self.conn.push_datagram(self.direction, now, &payload);
            self.come += len;
            self.read += len;
            self.done += 1;
            self.pop(now);
        }
    }

    /// Takes out what there is to do now. Of the other direction only an end concerns this one.
    fn pop(&mut self, now: Tick) {
        for each in Direction::BOTH {
            while let Some(action) = self.conn.pop(each, now) {
                if each == self.direction || matches!(action, Action::End(_)) {
                    self.actions.push((now, action));
                    self.done += 1;
                }
            }
        }
    }
}
