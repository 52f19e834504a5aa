//! One fault in the line of one connection and direction: its state, when it arms, and what it holds.

use super::action::{Item, Range};
use super::cx::Cx;
use super::slot::Slot;
use crate::direction::Side;
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

/// When the fault arms, or that it has.
enum Trigger {
    AtOffset(u64),
    AtTick(Tick),
    Met,
}

/// What happens next in a stage.
pub(super) enum Due {
    Arm,
    Release,
}

pub(super) struct Stage {
    pub(super) planned: Arc<Planned>,
    running: Box<dyn Running>,
    slot: Slot,
    lane: Lane,
    segment: u64,
    trigger: Trigger,
}

impl Stage {
    /// A stage that joins its line `now` and has not armed yet. `opened` is when the connection was made.
    pub(super) fn new(planned: Arc<Planned>, lane: Lane, segment: u64, opened: Tick, now: Tick) -> Stage {
        let trigger = match planned.spec().scope().after {
            None => Trigger::AtTick(now),
            Some(After::Bytes(size)) => Trigger::AtOffset(size.as_bytes()),
            Some(After::Time(delay)) => Trigger::AtTick(opened.plus(nanos(delay)).max(now)),
        };
        let running = planned.spec().start();
        Stage { planned, running, slot: Slot::default(), lane, segment, trigger }
    }

    fn call(&mut self, at: Tick, hook: impl FnOnce(&mut dyn Running, &mut Cx<'_>)) -> Option<Side> {
        let mut overtaking = None;
        let mut cx = Cx {
            at,
            lane: self.lane,
            segment: self.segment,
            slot: &mut self.slot,
            fired: self.planned.counter(),
            overtaking: &mut overtaking,
        };
        hook(&mut *self.running, &mut cx);
        overtaking
    }

    /// Arms the fault where its time has come. `offset` is how far the stream has come.
    pub(super) fn arm(&mut self, at: Tick, offset: u64) -> Option<Side> {
        let Trigger::AtTick(due) = self.trigger else { return None };
        if due > at {
            return None;
        }
        // Without a trigger the fault's positions count from the start of the stream, with one from where it was met.
        let by_time = self.planned.spec().scope().after.is_some();
        self.slot.base = if by_time { offset } else { 0 };
        self.slot.armed_by_time = by_time;
        self.trigger = Trigger::Met;
        self.call(at, |fault, cx| fault.armed(cx))
    }

    /// Takes one item in; `Some` is a RST that overtakes everything.
    pub(super) fn take(&mut self, at: Tick, item: Item) -> Option<Side> {
        if let (Trigger::AtOffset(offset), Item::Data(range)) = (&self.trigger, item)
            && range.offset >= *offset
        {
            self.slot.base = range.offset;
            self.trigger = Trigger::Met;
            let overtaking = self.call(at, |fault, cx| fault.armed(cx));
            if overtaking.is_some() {
                return overtaking;
            }
        }
        match (&self.trigger, item) {
            (Trigger::Met, Item::Data(range)) => self.call(at, |fault, cx| fault.data(range, cx)),
            (Trigger::Met, Item::Fin) => self.call(at, |fault, cx| fault.fin(cx)),
            _ => {
                self.slot.queue_at(at, item);
                None
            }
        }
    }

    /// When the stage has something to do, and what. Nothing where it waits for bytes or for its removal.
    pub(super) fn next(&self) -> Option<(Tick, Due)> {
        let arm = match self.trigger {
            Trigger::AtTick(tick) => Some((tick, Due::Arm)),
            _ => None,
        };
        let release = self.slot.next_due().map(|due| (due, Due::Release));
        match (arm, release) {
            (Some(a), Some(r)) => Some(if a.0 <= r.0 { a } else { r }),
            (a, r) => a.or(r),
        }
        .filter(|(tick, _)| *tick != Tick::NEVER)
    }

    /// Takes out the first item.
    pub(super) fn release(&mut self) -> Option<Item> {
        self.slot.release()
    }

    pub(super) fn room(&self) -> u64 {
        self.running.room(self.slot.queued())
    }

    /// The next offset behind `from` at which bytes must be cut before they enter.
    pub(super) fn cut(&self, from: u64) -> Option<u64> {
        let trigger = match self.trigger {
            Trigger::AtOffset(offset) => Some(offset),
            _ => None,
        };
        let segment = self.running.per_segment().then(|| (from / self.segment + 1) * self.segment);
        [self.running.cut(), trigger, segment].into_iter().flatten().filter(|cut| *cut > from).min()
    }

    pub(super) fn clear(&mut self) {
        self.slot.clear();
        self.trigger = Trigger::Met;
    }
}
