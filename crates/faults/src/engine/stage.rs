//! One fault in the line of one connection and direction: its state, when it arms, and what it holds.

use super::action::{Item, Range};
use super::cx::{Cx, Effects};
use super::slot::Slot;
use crate::fault::Fault;
use crate::key::Lane;
use crate::plan::Planned;
use crate::spec::After;
use crate::tick::Tick;
use crate::value::nanos;
use std::sync::Arc;

/// A fault at work on one connection and direction, its type erased: the hooks of [`Fault`] with the state inside.
pub(crate) trait Running: Send {
    fn armed(&mut self, cx: &mut Cx<'_>);
    fn data(&mut self, range: Range, cx: &mut Cx<'_>);
    fn fin(&mut self, cx: &mut Cx<'_>);
    fn timer(&mut self, cx: &mut Cx<'_>);
    fn removed(&mut self, cx: &mut Cx<'_>);
    fn room(&self, queued: u64) -> u64;
    fn cut(&self) -> Option<u64>;
    fn per_segment(&self) -> bool;
}

struct Active<F: Fault> {
    fault: F,
    state: F::State,
}

/// Puts a fault to work with a fresh state.
pub(crate) fn start<F: Fault>(fault: F) -> Box<dyn Running> {
    Box::new(Active { fault, state: F::State::default() })
}

impl<F: Fault> Running for Active<F> {
    fn armed(&mut self, cx: &mut Cx<'_>) {
        self.fault.armed(&mut self.state, cx);
    }
    fn data(&mut self, range: Range, cx: &mut Cx<'_>) {
        self.fault.data(&mut self.state, range, cx);
    }
    fn fin(&mut self, cx: &mut Cx<'_>) {
        self.fault.fin(&mut self.state, cx);
    }
    fn timer(&mut self, cx: &mut Cx<'_>) {
        self.fault.timer(&mut self.state, cx);
    }
    fn removed(&mut self, cx: &mut Cx<'_>) {
        self.fault.removed(&mut self.state, cx);
    }
    fn room(&self, queued: u64) -> u64 {
        self.fault.room(queued)
    }
    fn cut(&self) -> Option<u64> {
        self.fault.cut(&self.state)
    }
    fn per_segment(&self) -> bool {
        self.fault.per_segment()
    }
}

/// Whether the fault is in force, and what changes that.
enum Phase {
    /// It arms at this offset.
    AtOffset(u64),
    /// It arms then: for the first time, or at its next window.
    AtTick(Tick),
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
    lane: Lane,
    segment: u64,
    phase: Phase,
    /// From when its windows count, once that is known.
    start: Option<Tick>,
}

impl Stage {
    /// A stage that joins its line `now` and has not armed yet. `opened` is when the connection was made.
    pub(super) fn new(planned: Arc<Planned>, lane: Lane, segment: u64, opened: Tick, now: Tick) -> Stage {
        let (phase, start) = match planned.spec().scope().after {
            None => (Phase::AtTick(now), Some(planned.joined())),
            Some(After::Bytes(size)) => (Phase::AtOffset(size.as_bytes()), None),
            Some(After::Time(delay)) => (Phase::AtTick(opened.plus(nanos(delay)).max(now)), None),
        };
        let running = planned.spec().start();
        Stage { planned, running, slot: Slot::default(), lane, segment, phase, start }
    }

    fn call(&mut self, at: Tick, effects: &mut Effects, hook: impl FnOnce(&mut dyn Running, &mut Cx<'_>)) {
        let mut cx = Cx {
            at,
            lane: self.lane,
            segment: self.segment,
            slot: &mut self.slot,
            fired: self.planned.counter(),
            joined: self.planned.joined(),
            effects,
        };
        hook(&mut *self.running, &mut cx);
    }

    /// The window that holds `at`, or the next: when it begins and ends. `None` where there is none any more.
    fn window(&self, at: Tick) -> Option<(Tick, Tick)> {
        let scope = self.planned.spec().scope();
        let start = self.start.unwrap_or(at);
        let Some(length) = scope.window.map(nanos) else { return Some((start, Tick::NEVER)) };
        let elapsed = at.since(start);
        let begin = match scope.every.map(nanos) {
            Some(every) => start.plus(elapsed - elapsed % every),
            None => start,
        };
        match (at < begin.plus(length), scope.every) {
            (true, _) => Some((begin, begin.plus(length))),
            (false, Some(every)) => Some((begin.plus(nanos(every)), begin.plus(nanos(every)).plus(length))),
            (false, None) => None,
        }
    }

    /// A trigger is met, or the time of a window has come: arms, unless the window lies ahead.
    fn begin(&mut self, at: Tick, effects: &mut Effects) {
        self.start.get_or_insert(at);
        match self.window(at) {
            Some((begin, end)) if begin <= at => {
                self.phase = Phase::Armed(end);
                self.call(at, effects, |fault, cx| fault.armed(cx));
            }
            Some((begin, _)) => self.phase = Phase::AtTick(begin),
            None => self.phase = Phase::Over,
        }
    }

    /// Does what is due at `at`, other than a release. `offset` is how far the stream has come.
    pub(super) fn turn(&mut self, due: &Due, at: Tick, offset: u64, effects: &mut Effects) {
        match due {
            Due::Arm => {
                // Without a trigger the fault's positions count from the start of the stream, with one from where it was met.
                self.slot.armed_by_time = self.planned.spec().scope().after.is_some();
                self.slot.base = if self.slot.armed_by_time { offset } else { 0 };
                self.begin(at, effects);
            }
            Due::Disarm => {
                self.slot.release_all(at);
                self.slot.wake = None;
                self.phase = self.window(at).map_or(Phase::Over, |(begin, _)| Phase::AtTick(begin));
            }
            Due::Timer => {
                self.slot.wake = None;
                self.call(at, effects, |fault, cx| fault.timer(cx));
            }
            Due::Release => {}
        }
    }

    /// Takes one item in.
    pub(super) fn take(&mut self, at: Tick, item: Item, effects: &mut Effects) {
        if let (Phase::AtOffset(offset), Item::Data { range, .. }) = (&self.phase, item)
            && range.offset >= *offset
        {
            self.slot.base = range.offset;
            self.begin(at, effects);
            if effects.ending.is_some() {
                return;
            }
        }
        match (&self.phase, item) {
            // A range that is to be written alone has been cut by a fault of the same rank: it is as small as is wanted.
            (Phase::Armed(_), Item::Data { range, alone: false }) => {
                self.call(at, effects, |fault, cx| fault.data(range, cx));
            }
            (Phase::Armed(_), Item::Fin) => self.call(at, effects, |fault, cx| fault.fin(cx)),
            _ => self.slot.queue_at(at, item),
        }
    }

    /// The fault is taken off the connection: what it holds is let go.
    pub(super) fn remove(&mut self, at: Tick, effects: &mut Effects) {
        let phase = std::mem::replace(&mut self.phase, Phase::Over);
        self.slot.wake = None;
        if let Phase::Armed(_) = phase {
            self.call(at, effects, |fault, cx| fault.removed(cx));
        }
    }

    /// When the stage has something to do, and what. Nothing where it waits for bytes or for its removal.
    pub(super) fn next(&self) -> Option<(Tick, Due)> {
        let phase = match self.phase {
            Phase::AtTick(tick) => Some((tick, Due::Arm)),
            Phase::Armed(until) => Some((until, Due::Disarm)),
            Phase::AtOffset(_) | Phase::Over => None,
        };
        let timer = self.slot.wake.map(|tick| (tick, Due::Timer));
        let release = self.slot.next_due().map(|tick| (tick, Due::Release));
        // At the same tick in this order: a window that ends lets go of what it held.
        let soonest = [phase, timer, release].into_iter().flatten().min_by_key(|(tick, _)| *tick);
        soonest.filter(|(tick, _)| *tick != Tick::NEVER)
    }

    /// Whether it holds something that is due at some time.
    pub(super) fn carries(&self) -> bool {
        self.slot.next_due().is_some_and(|due| due != Tick::NEVER)
    }

    /// Takes out the first item.
    pub(super) fn release(&mut self) -> Option<Item> {
        self.slot.release()
    }

    pub(super) fn room(&self) -> u64 {
        match self.phase {
            Phase::Armed(_) => self.running.room(self.slot.queued()),
            _ => u64::MAX,
        }
    }

    /// The next offset behind `from` at which bytes must be cut before they enter.
    pub(super) fn cut(&self, from: u64) -> Option<u64> {
        let trigger = match self.phase {
            Phase::AtOffset(offset) => Some(offset),
            _ => None,
        };
        let segment = self.running.per_segment().then(|| (from / self.segment + 1) * self.segment);
        [self.running.cut(), trigger, segment].into_iter().flatten().filter(|cut| *cut > from).min()
    }

    pub(super) fn clear(&mut self) {
        self.slot.clear();
        self.phase = Phase::Over;
    }
}
