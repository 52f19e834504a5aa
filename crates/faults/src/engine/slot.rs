//! The part of a stage that its fault reaches through `Cx`: what it holds, and how it armed.

use super::action::Item;
use crate::tick::Tick;
use std::collections::VecDeque;

/// Something that a stage holds.
#[derive(Clone, Copy)]
pub(super) struct Queued {
    due: Tick,
    pub(super) arrived: Tick,
    pub(super) item: Item,
}

#[derive(Default)]
pub(super) struct Slot {
    queue: VecDeque<Queued>,
    queued: u64,
    pub(super) base: u64,
    pub(super) armed_by_time: bool,
    /// Whether the fault has been allowed to act on this connection, once it asked.
    pub(super) acted: Option<bool>,
    /// When the fault wants to be called.
    pub(super) wake: Option<Tick>,
    /// Nothing leaves before then: the moment at which a changed fault took over what the old one held.
    pub(super) floor: Tick,
    /// What has been decided, by action and index, since nothing was held.
    decided: Vec<(&'static str, u64)>,
    /// What the fault's old parameters had decided about what they held.
    settled: Vec<(&'static str, u64)>,
}

/// Decisions that are remembered at the most.
const MEMORY: usize = 4096;

impl Slot {
    /// Appends an item; order is kept here, once for all faults: nothing leaves before what stands ahead of it.
    pub(super) fn queue_at(&mut self, due: Tick, arrived: Tick, item: Item) {
        let due = self.queue.back().map_or(due, |ahead| due.max(ahead.due)).max(self.floor);
        self.queued += item.bytes();
        self.queue.push_back(Queued { due, arrived, item });
    }

    /// Adds an item that may overtake others: it leaves when it is due, after those that are due by then.
    pub(super) fn insert_at(&mut self, due: Tick, arrived: Tick, item: Item) {
        let due = due.max(self.floor);
        let place = self.queue.partition_point(|ahead| ahead.due <= due);
        self.queued += item.bytes();
        self.queue.insert(place, Queued { due, arrived, item });
    }

    /// Lets a stream's bytes before `offset` go at `due`, or when they were due anyway, cutting the range that spans it. What
    /// stands among them goes along.
    pub(super) fn release_to(&mut self, offset: u64, due: Tick) {
        let due = due.max(self.floor);
        for i in 0..self.queue.len() {
            let queued = self.queue[i];
            match queued.item {
                Item::Data { range, alone } if range.end() > offset => {
                    let (before, rest) = range.split_at(offset);
                    if before.len > 0 {
                        let item = Item::Data { range: before, alone };
                        self.queue[i] = Queued { due: queued.due.min(due), item, ..queued };
                        self.queue
                            .insert(i + 1, Queued { item: Item::Data { range: rest, alone }, ..queued });
                    }
                    return;
                }
                Item::Fin if offset < u64::MAX => return,
                _ => self.queue[i].due = queued.due.min(due),
            }
        }
    }

    /// Lets a datagram go at `due`, unless it was due by then; of its copies the first that was not.
    pub(super) fn release_datagram(&mut self, number: u64, due: Tick) {
        let held = |queued: &Queued| {
            queued.due > due && matches!(queued.item, Item::Datagram(datagram) if datagram.number == number)
        };
        let Some(queued) = self.queue.iter().position(held).and_then(|place| self.queue.remove(place)) else {
            return;
        };
        self.queued -= queued.item.bytes();
        self.insert_at(due, queued.arrived, queued.item);
    }

    /// Lets everything go that is held, at `at` or when it was due anyway.
    pub(super) fn release_all(&mut self, at: Tick) {
        for queued in &mut self.queue {
            queued.due = at.min(queued.due);
        }
    }

    /// When the first item leaves.
    pub(super) fn next_due(&self) -> Option<Tick> {
        self.queue.front().map(|queued| queued.due)
    }

    /// Takes out the first item.
    pub(super) fn release(&mut self) -> Option<Item> {
        self.take().map(|queued| queued.item)
    }

    /// Takes out the first item with the time of its arrival.
    pub(super) fn take(&mut self) -> Option<Queued> {
        let queued = self.queue.pop_front()?;
        self.queued -= queued.item.bytes();
        Some(queued)
    }

    /// Bytes that are held.
    pub(super) fn queued(&self) -> u64 {
        self.queued
    }

    /// Notes a decision at `at`; false where it was taken before, about something that the fault's old parameters held.
    pub(super) fn decide(&mut self, at: Tick, action: &'static str, index: u64) -> bool {
        if self.queue.is_empty() {
            self.decided.clear();
        } else if self.decided.len() == MEMORY {
            self.decided.drain(..MEMORY / 2);
        }
        self.decided.push((action, index));
        at >= self.floor || !self.settled.contains(&(action, index))
    }

    /// Takes over from the slot of the same fault with other parameters, which let go of nothing before `now`.
    pub(super) fn succeed(&mut self, old: &mut Slot, now: Tick) {
        self.floor = now;
        self.acted = old.acted;
        self.settled = std::mem::take(&mut old.decided);
    }

    pub(super) fn clear(&mut self) {
        self.queue.clear();
        self.queued = 0;
        self.wake = None;
    }
}
