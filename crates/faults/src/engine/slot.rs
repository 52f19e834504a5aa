//! The part of a stage that its fault reaches through `Cx`: what it holds, and how it armed.

use super::action::Item;
use crate::tick::Tick;
use std::collections::VecDeque;

/// The part of a stage that its fault reaches through [`Cx`].
#[derive(Default)]
pub(super) struct Slot {
    queue: VecDeque<(Tick, Item)>,
    queued: u64,
    pub(super) base: u64,
    pub(super) armed_by_time: bool,
    pub(super) acted: bool,
    /// When the fault wants to be called.
    pub(super) wake: Option<Tick>,
}

impl Slot {
    /// Appends an item; order is kept here, once for all faults: nothing leaves before what stands ahead of it.
    pub(super) fn queue_at(&mut self, due: Tick, item: Item) {
        let due = self.queue.back().map_or(due, |(ahead, _)| due.max(*ahead));
        self.queued += item.bytes();
        self.queue.push_back((due, item));
    }

    /// Lets everything go that is held, at `at` or when it was due anyway.
    pub(super) fn release_all(&mut self, at: Tick) {
        for (due, _) in &mut self.queue {
            *due = at.min(*due);
        }
    }

    /// When the first item leaves.
    pub(super) fn next_due(&self) -> Option<Tick> {
        self.queue.front().map(|(due, _)| *due)
    }

    /// Takes out the first item.
    pub(super) fn release(&mut self) -> Option<Item> {
        let (_, item) = self.queue.pop_front()?;
        self.queued -= item.bytes();
        Some(item)
    }

    /// Bytes that are held.
    pub(super) fn queued(&self) -> u64 {
        self.queued
    }

    pub(super) fn clear(&mut self) {
        self.queue.clear();
        self.queued = 0;
        self.wake = None;
    }
}
