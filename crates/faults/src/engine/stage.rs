//! One fault in the line of one connection and direction: its state, when it arms, and what it holds.

use super::action::{Item, Range};
use super::cx::{Call, Effects, Seat};
use super::running::Running;
use super::slot::{Queued, Slot};
use crate::direction::Direction;
use crate::planned::Planned;
use crate::spec::{After, Trigger};
use crate::tick::Tick;
use crate::value::{Progress, nanos};
use std::sync::Arc;

/// Whether the fault is in force, and what changes that.
#[derive(Clone)]
enum Phase {
    /// It arms at this offset.
    AtOffset(u64),
    /// It arms then: for the first time, or at its next window.
    AtTick(Tick),
    /// It arms behind the bytes that its pattern matches in this direction.
    AtMatch(Direction, Progress),
    /// It is in force until then.
    Armed(Tick),
    /// It will not arm any more.
    Over,
}

/// What happens next in a stage.
pub(super) enum Due {
    Arm,
    Disarm,
    Timer,
    Release,
}

pub(super) struct Stage {
    pub(super) planned: Arc<Planned>,
    running: Box<dyn Running>,
    slot: Slot,
    seat: Seat,
    phase: Phase,
    /// From when its windows count, once that is known.
    start: Option<Tick>,
    /// Bytes that entered before it armed pass: it was armed by a position in the stream.
    positional: bool,
    /// The link's round-trip time, in nanoseconds.
    pub(super) rtt: u64,
}

impl Stage {
    /// A stage of `direction` that joins its line `now` and has not armed yet. `opened` is when the connection was made.
    pub(super) fn new(
        planned: Arc<Planned>,
        running: Box<dyn Running>,
        direction: Direction,
        seat: Seat,
        opened: Tick,
        now: Tick,
    ) -> Stage {
        let (phase, start) = match planned.spec().scope().trigger() {
            Trigger::None => (Phase::AtTick(now), Some(planned.joined())),
            Trigger::After(After::Bytes(size)) => (Phase::AtOffset(size.as_bytes()), None),
            Trigger::After(After::Time(delay)) => (Phase::AtTick(opened.plus(nanos(delay)).max(now)), None),
            Trigger::Match(_, on) => (Phase::AtMatch(on.unwrap_or(direction), Progress::default()), None),
        };
        Stage { planned, running, slot: Slot::default(), seat, phase, start, positional: false, rtt: 0 }
    }

    /// Takes over where `old`, the same fault with other parameters, stood; returns what that held.
    pub(super) fn succeed(&mut self, old: &mut Stage, now: Tick, effects: &mut Effects) -> Vec<Queued> {
        self.slot.succeed(&mut old.slot, now);
        self.running.succeed(&mut *old.running);
        if self.planned.spec().scope() == old.planned.spec().scope() {
            self.phase = old.phase.clone();
            self.start = old.start;
            self.positional = old.positional;
            self.slot.base = old.slot.base;
            self.slot.armed_by_time = old.slot.armed_by_time;
            if let Phase::Armed(_) = self.phase {
                self.call(now, None, effects, |fault, call| fault.armed(call));
            }
        }
        // What the old parameters cut into pieces may be cut anew.
        let mut held: Vec<Queued> = std::iter::from_fn(|| old.slot.take()).collect();
        for queued in &mut held {
            if let Item::Data { alone, .. } = &mut queued.item {
                *alone = false;
            }
        }
        held
    }

    fn call(
        &mut self,
        at: Tick,
        item: Option<Item>,
        effects: &mut Effects,
        hook: impl FnOnce(&mut dyn Running, Call<'_>),
    ) {
        let datagram = match item {
            Some(Item::Datagram(datagram)) => Some(datagram),
            _ => None,
        };
        let Stage { planned, slot, seat, rtt, .. } = self;
        hook(&mut *self.running, Call { at, seat, rtt: *rtt, datagram, slot, planned, effects });
    }

    /// The window that holds `at`, or the next: when it begins and ends. `None` where there is none any more.
    fn window(&self, at: Tick) -> Option<(Tick, Tick)> {
        self.planned.spec().scope().window_at(self.start.unwrap_or(at), at)
    }

    /// A trigger is met, or the time of a window has come: arms, unless the window lies ahead.
    fn begin(&mut self, at: Tick, effects: &mut Effects) {
        self.start.get_or_insert(at);
        match self.window(at) {
            Some((begin, end)) if begin <= at && self.planned.may_arm() => {
                self.phase = Phase::Armed(end);
                self.call(at, None, effects, |fault, call| fault.armed(call));
            }
            Some((begin, _)) if begin > at => self.phase = Phase::AtTick(begin),
            Some(_) | None => self.phase = Phase::Over,
        }
    }

    /// Does what is due at `at`, other than a release. `offset` is how far the stream has come.
    pub(super) fn turn(&mut self, due: &Due, at: Tick, offset: u64, effects: &mut Effects) {
        match due {
            Due::Arm => {
                // Without a trigger the fault's positions count from the start of the stream, with one from where it was met.
                if !self.positional {
                    self.slot.armed_by_time = self.planned.spec().scope().trigger() != Trigger::None;
                    self.slot.base = if self.slot.armed_by_time { offset } else { 0 };
                }
                self.begin(at, effects);
            }
            Due::Disarm => {
                self.slot.release_all(at);
                self.slot.wake = None;
                self.phase = self.window(at).map_or(Phase::Over, |(begin, _)| Phase::AtTick(begin));
            }
            Due::Timer => {
                self.slot.wake = None;
                self.call(at, None, effects, |fault, call| fault.timer(call));
            }
            Due::Release => {}
        }
    }

    /// How many of `bytes`, which are about to enter in `direction`, complete the pattern that it waits for; nothing where they
    /// do not, or it waits for none there.
    pub(super) fn find(&self, direction: Direction, bytes: &[u8]) -> Option<usize> {
        match (&self.phase, self.planned.spec().scope().trigger()) {
            (Phase::AtMatch(on, progress), Trigger::Match(pattern, _)) if *on == direction => {
                pattern.find(&mut progress.clone(), bytes)
            }
            _ => None,
        }
    }

    /// The next `bytes` have entered in `direction`; true where they complete its pattern.
    pub(super) fn see(&mut self, direction: Direction, bytes: &[u8]) -> bool {
        match (&mut self.phase, self.planned.spec().scope().trigger()) {
            (Phase::AtMatch(on, progress), Trigger::Match(pattern, _)) if *on == direction => {
                pattern.find(progress, bytes).is_some()
            }
            _ => false,
        }
    }

    /// Forgets the beginning of a match: the datagram has ended.
    pub(super) fn end_match(&mut self) {
        if let Phase::AtMatch(_, progress) = &mut self.phase {
            *progress = Progress::default();
        }
    }

    /// Its pattern was found; `offset` is how far its own direction has come.
    pub(super) fn matched(&mut self, at: Tick, offset: u64, effects: &mut Effects) {
        self.slot.base = offset;
        self.positional = true;
        self.begin(at, effects);
    }

    /// Whether it waits for a pattern in `direction`.
    pub(super) fn watches(&self, direction: Direction) -> bool {
        matches!(self.phase, Phase::AtMatch(on, _) if on == direction)
    }

    /// Takes one item in.
    pub(super) fn take(&mut self, at: Tick, item: Item, effects: &mut Effects) {
        let range = item.range();
        if let (Phase::AtOffset(offset), Some(range)) = (&self.phase, range)
            && range.offset >= *offset
        {
            self.slot.base = range.offset;
            self.positional = true;
            self.begin(at, effects);
            if effects.ending.is_some() {
                return;
            }
        }
        let early = self.positional && range.is_some_and(|range| range.offset < self.slot.base);
        match (&self.phase, item) {
            // A range that is to be written alone has been cut by a fault of the same rank: it is as small as is wanted.
            (Phase::Armed(_), Item::Data { range, alone: false }) if !early => {
                self.call(at, Some(item), effects, |fault, call| fault.data(range, call));
            }
            (Phase::Armed(_), Item::Datagram(datagram)) if !early => {
                let range = Range { len: datagram.keep, ..datagram.range };
                self.call(at, Some(item), effects, |fault, call| fault.datagram(range, call));
            }
            (Phase::Armed(_), Item::Fin) => self.call(at, None, effects, |fault, call| fault.fin(call)),
            (_, Item::Datagram(_) | Item::DropDatagram(_)) => self.slot.insert_at(at, at, item),
            _ => self.slot.queue_at(at, at, item),
        }
    }

    /// The fault is taken off the connection: what it holds is let go.
    pub(super) fn remove(&mut self, at: Tick, effects: &mut Effects) {
        let phase = std::mem::replace(&mut self.phase, Phase::Over);
        self.slot.wake = None;
        if let Phase::Armed(_) = phase {
            self.call(at, None, effects, |fault, call| fault.removed(call));
        }
    }

    /// When the stage has something to do, and what. Nothing where it waits for bytes or for its removal.
    pub(super) fn next(&self) -> Option<(Tick, Due)> {
        let phase = match self.phase {
            Phase::AtTick(tick) => Some((tick, Due::Arm)),
            Phase::Armed(until) => Some((until, Due::Disarm)),
            Phase::AtOffset(_) | Phase::AtMatch(..) | Phase::Over => None,
        };
        let timer = self.slot.wake.map(|tick| (tick, Due::Timer));
        let release = self.slot.next_due().map(|tick| (tick, Due::Release));
        // At the same tick in this order: a window that ends lets go of what it held.
        let soonest = [phase, timer, release].into_iter().flatten().min_by_key(|(tick, _)| *tick);
        soonest.filter(|(tick, _)| *tick != Tick::NEVER)
    }

    /// Whether it holds something that will leave by itself: at its time, when the fault wakes, or when its window ends.
    pub(super) fn carries(&self) -> bool {
        let ends = matches!(self.phase, Phase::Armed(until) if until != Tick::NEVER);
        let due = self.slot.next_due();
        due.is_some_and(|due| due != Tick::NEVER || ends)
            || (self.slot.queued() > 0 && self.slot.wake.is_some())
    }

    /// Takes out the first item.
    pub(super) fn release(&mut self) -> Option<Item> {
        self.slot.release()
    }

    /// Whether the fault has acted as often as it may, and not here.
    fn is_spared(&self) -> bool {
        self.slot.acted.map_or_else(|| self.planned.is_used_up(), |allowed| !allowed)
    }

    pub(super) fn room(&self) -> u64 {
        match self.phase {
            Phase::Armed(_) if !self.is_spared() => self.running.room(self.slot.queued()),
            _ => u64::MAX,
        }
    }

    /// The next offset behind `from` at which bytes must be cut before they enter.
    pub(super) fn cut(&self, from: u64) -> Option<u64> {
        let trigger = match self.phase {
            Phase::AtOffset(offset) => Some(offset),
            _ => None,
        };
        let segment = self.running.per_segment().then(|| (from / self.seat.segment + 1) * self.seat.segment);
        let alone = self.running.cut();
        let behind = alone.map(|offset| offset.saturating_add(1));
        [alone, behind, trigger, segment].into_iter().flatten().filter(|cut| *cut > from).min()
    }

    pub(super) fn clear(&mut self) {
        self.slot.clear();
        self.phase = Phase::Over;
    }
}
