//! One connection under a plan, both directions together: ranges in, actions out.

use super::action::{Action, Ending, How, Item, Reset};
use super::cx::Effects;
use super::line::Line;
use super::stage::{Due, Stage};
use crate::direction::{Direction, Peer};
use crate::key::ConnKey;
use crate::plan::Plan;
use crate::planned::Planned;
use crate::tick::Tick;
use std::net::IpAddr;
use std::sync::Arc;

/// A connection's faults at work, or those of a session of datagrams. It is told what arrives and when, and tells what to do
/// and when; whoever drives it keeps the payload, the sockets and the clock. Time must not run backwards between calls.
pub struct Conn {
    pub(super) lines: [Line; 2],
    pub(super) opening: Opening,
    /// The member that it is connected to, where a balancer picked one.
    pub(super) member: Option<Arc<str>>,
    pub(super) opened: Tick,
    /// The latest change of plan that has been seen.
    pub(super) revision: u64,
    /// Whether a stage waits for a pattern in the bytes of each direction.
    watched: [bool; 2],
    /// Whether no stage needs the bytes of each direction in memory.
    unseen: [bool; 2],
    /// A peer that a fault has made disappear.
    gone: Option<Peer>,
    /// From which offset on what runs towards it is lost; what was on its way before still passes.
    lost_from: u64,
    pub(super) ending: Option<Ending>,
    /// The fault that asked for it, where it was one.
    ended_by: Option<Arc<Planned>>,
}

/// What is known of a connection when it opens.
#[derive(Clone, Copy, Debug)]
pub struct Opening {
    /// Its place in the link's accept order, from 1.
    pub number: u64,
    /// What the client said it is: takes the place's part in the keys of the draws.
    pub label: Option<ConnKey>,
    /// Where it comes from, if that is known.
    pub client: Option<IpAddr>,
    /// How many bytes each direction holds at the most.
    pub limit: u64,
}

impl Conn {
    /// A connection opens.
    pub fn open(plan: &Plan, opening: Opening, now: Tick) -> Conn {
        Conn::open_at(plan, None, opening, now)
    }

    /// A connection opens to a member of a balancer: faults for that member act on it, too.
    pub fn open_at(plan: &Plan, member: Option<Arc<str>>, opening: Opening, now: Tick) -> Conn {
        let mut conn = Conn {
            lines: Default::default(),
            opening,
            member,
            opened: now,
            revision: 0,
            watched: [false; 2],
            unseen: [true; 2],
            gone: None,
            lost_from: 0,
            ending: None,
            ended_by: None,
        };
        conn.apply(plan, now);
        conn
    }

    /// Whether the bytes read in `direction` are to be shown, by [`Conn::push_bytes`] or [`Conn::push_datagram`], because a
    /// fault waits for a pattern in them.
    pub fn watches(&self, direction: Direction) -> bool {
        self.watched[direction.index()]
    }

    /// Bytes have been read in `direction`.
    pub fn push(&mut self, direction: Direction, now: Tick, len: u64) {
        if self.ending.is_some() {
            return;
        }
        self.advance(now);
        let mut rest = self.lines[direction.index()].admit(len);
        while rest.len > 0 && self.ending.is_none() {
            // Of a peer that has disappeared nothing more is heard.
            if self.gone == Some(direction.sender()) {
                self.enter(direction, 0, now, Item::Drop(rest));
                return self.advance(now);
            }
            let piece;
            (piece, rest) = self.lines[direction.index()].cut(rest);
            self.enter(direction, 0, now, Item::Data { range: piece, alone: false });
            self.advance(now);
        }
    }

    /// These bytes have been read in `direction`; patterns are looked for in them, across calls.
    pub fn push_bytes(&mut self, direction: Direction, now: Tick, bytes: &[u8]) {
        let mut rest = bytes;
        while !rest.is_empty() && self.ending.is_none() {
            let found = self.stages().filter_map(|stage| stage.find(direction, rest)).min();
            let (entering, left) = rest.split_at(found.unwrap_or(rest.len()));
            self.push(direction, now, entering.len() as u64);
            self.see(direction, now, entering);
            rest = left;
        }
    }

    /// A datagram has been received in `direction`. It is dropped where it does not fit under the limit; false tells so.
    pub fn push_datagram(&mut self, direction: Direction, now: Tick, payload: &[u8]) -> bool {
        self.advance(now);
        let line = &mut self.lines[direction.index()];
        let fits = line.fits(payload.len() as u64, self.opening.limit);
        let datagram = line.admit_datagram(payload.len() as u64);
        if fits {
            self.enter(direction, 0, now, Item::Datagram(datagram));
            self.advance(now);
        } else {
            line.emit(Item::DropDatagram(datagram));
        }
        if self.watches(direction) {
            self.see(direction, now, payload);
            for stage in self.lines.iter_mut().flat_map(|line| &mut line.stages) {
                stage.end_match();
            }
        }
        fits
    }

    /// The end of the bytes in `direction` has been read.
    pub fn push_fin(&mut self, direction: Direction, now: Tick) {
        if self.ending.is_none() && self.gone != Some(direction.sender()) {
            self.advance(now);
            self.enter(direction, 0, now, Item::Fin);
            self.advance(now);
        }
    }

    /// The sender's side of `direction` is gone: what was pushed goes on, then the receiver gets a RST in its place.
    pub fn push_reset(&mut self, direction: Direction, now: Tick) {
        // Of a peer that has disappeared nothing is heard, not even its RST.
        if self.ending.is_none() && self.gone != Some(direction.sender()) {
            self.advance(now);
            self.enter(direction, 0, now, Item::Reset(Reset { side: direction.receiver().into(), by: None }));
            self.advance(now);
        }
    }

    /// How many more bytes may be read in `direction` now.
    pub fn room(&self, direction: Direction) -> u64 {
        if self.ending.is_some() || self.gone == Some(direction.sender()) {
            return 0;
        }
        let line = &self.lines[direction.index()];
        let stages = line.stages.iter().map(Stage::room).min().unwrap_or(u64::MAX);
        stages.min(self.opening.limit.saturating_sub(line.held))
    }

    /// When to [`Conn::advance`] next; nothing while only bytes can change that. Actions that wait to be popped do not count.
    pub fn next_due(&self) -> Option<Tick> {
        self.next().map(|(tick, ..)| tick)
    }

    /// The next thing to do in `direction` at `now`, in order.
    pub fn pop(&mut self, direction: Direction, now: Tick) -> Option<Action> {
        self.advance(now);
        self.lines[direction.index()].pop()
    }

    /// Bytes that have been pushed in `direction` and have not come out as an action.
    pub fn held(&self, direction: Direction) -> u64 {
        self.lines[direction.index()].held
    }

    /// True where something is on its way: it will come out by itself when its time has come.
    pub fn carries(&self) -> bool {
        self.stages().any(Stage::carries)
    }

    /// What ends the connection, from the moment it is certain; [`Conn::pop`] gives it in its place. Whoever cannot
    /// deliver what stands before it need not wait: nothing else follows in either direction.
    pub fn ending(&self) -> Option<Ending> {
        self.ending
    }

    /// The fault that ended the connection; nothing where it has not ended, or a peer ended it.
    pub fn ended_by(&self) -> Option<&Arc<Planned>> {
        self.ended_by.as_ref()
    }

    /// True where no fault in `direction` needs bytes in memory: none alters them, holds many for long, or waits for a
    /// pattern. They may then go another way, such as through a pipe of the kernel.
    pub fn passes_unseen(&self, direction: Direction) -> bool {
        self.unseen[direction.index()]
    }

    /// True where no fault stands in `direction`.
    pub fn is_plain(&self, direction: Direction) -> bool {
        self.lines[direction.index()].stages.is_empty()
    }

    fn stages(&self) -> impl Iterator<Item = &Stage> {
        self.lines.iter().flat_map(|line| &line.stages)
    }

    /// Arms the stages whose pattern ends with these bytes, which have just entered in `direction`.
    fn see(&mut self, direction: Direction, now: Tick, bytes: &[u8]) {
        for each in Direction::BOTH {
            for i in 0..self.lines[each.index()].stages.len() {
                let line = &mut self.lines[each.index()];
                if line.stages[i].see(direction, bytes) {
                    let offset = line.entered;
                    let mut effects = Effects::default();
                    line.stages[i].matched(now, offset, &mut effects);
                    self.affect(each, effects);
                }
            }
        }
        self.advance(now);
        self.note_needs();
    }

    /// Notes what stages need to see of the bytes.
    pub(super) fn note_needs(&mut self) {
        self.watched = Direction::BOTH.map(|direction| self.stages().any(|stage| stage.watches(direction)));
        self.unseen = Direction::BOTH.map(|direction| {
            let needs = |stage: &Stage| {
                let kind = stage.planned.spec().kind();
                kind.alters || kind.keeps
            };
            !self.watches(direction) && !self.lines[direction.index()].stages.iter().any(needs)
        });
    }

    /// The soonest event over both directions; at the same tick the later stage first, so that it has room for the earlier.
    fn next(&self) -> Option<(Tick, Direction, usize, Due)> {
        if self.ending.is_some() {
            return None;
        }
        let mut soonest: Option<(Tick, Direction, usize, Due)> = None;
        for direction in Direction::BOTH {
            for (i, stage) in self.lines[direction.index()].stages.iter().enumerate().rev() {
                if let Some((tick, due)) = stage.next()
                    && soonest.as_ref().is_none_or(|(t, ..)| tick < *t)
                {
                    soonest = Some((tick, direction, i, due));
                }
            }
        }
        soonest
    }

    /// Works off everything due until `now`, in logical order; what comes of it is popped.
    pub fn advance(&mut self, now: Tick) {
        while let Some((tick, direction, i, due)) = self.next() {
            if tick > now {
                return;
            }
            let line = &mut self.lines[direction.index()];
            if let Due::Release = due {
                if let Some(item) = line.stages[i].release() {
                    self.enter(direction, i + 1, tick, item);
                }
            } else {
                let offset = line.entered;
                let mut effects = Effects::default();
                line.stages[i].turn(&due, tick, offset, &mut effects);
                self.affect(direction, effects);
            }
        }
    }

    /// An item reaches stage `i`, or the end of the line.
    pub(super) fn enter(&mut self, direction: Direction, i: usize, at: Tick, item: Item) {
        let line = &mut self.lines[direction.index()];
        match (line.stages.get_mut(i), item) {
            (Some(stage), item) => {
                let mut effects = Effects::default();
                stage.take(at, item, &mut effects);
                self.affect(direction, effects);
            }
            // Nothing reaches a peer that has disappeared; that the other ends is the end.
            (None, Item::Data { range, .. })
                if self.gone == Some(direction.receiver()) && range.offset >= self.lost_from =>
            {
                line.emit(Item::Drop(range))
            }
            (None, Item::Fin | Item::Reset(_)) if self.gone == Some(direction.receiver()) => {
                self.end(direction, How::Close, None);
            }
            (None, Item::Reset(Reset { side, by })) => {
                self.end(direction, How::Reset { side, flush: true }, by);
            }
            (None, item) => line.emit(item),
        }
    }

    /// Does what a fault asked for beyond its line.
    pub(super) fn affect(&mut self, direction: Direction, effects: Effects) {
        let line = &mut self.lines[direction.index()];
        for (offset, mask) in effects.flips {
            line.put(Action::Flip { offset, mask });
        }
        if let Some((datagram, copies)) = effects.copies {
            line.copy(datagram, copies);
        }
        if effects.rebind {
            line.put(Action::Rebind);
        }
        if let Some(peer) = effects.gone {
            self.gone = Some(peer);
            self.lost_from = if direction.receiver() == peer { line.entered } else { 0 };
        }
        if let Some((how, by)) = effects.ending {
            self.end(direction, how, Some(by));
        }
    }

    /// The connection ends. What keeps its place leaves what came out before it; nothing else survives.
    fn end(&mut self, direction: Direction, how: How, by: Option<u64>) {
        let ending = Ending { direction, how };
        for each in Direction::BOTH {
            self.lines[each.index()].clear(!(ending.flushes() && each == direction));
        }
        self.lines[direction.index()].put(Action::End(ending));
        self.ending = Some(ending);
        let asked = by.and_then(|id| self.stages().find(|stage| stage.planned.id() == id));
        self.ended_by = asked.map(|stage| stage.planned.clone());
    }
}
