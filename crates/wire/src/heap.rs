//! Waiting tasks in the order in which they are due; equal times in the order in which they came.

use std::collections::BTreeMap;
use std::task::Waker;

/// Entries are named by (time, sequence number). Wakers are handed out rather than dropped here, because
/// dropping one may run code that comes back for the lock around the heap.
#[derive(Debug, Default)]
pub(crate) struct Heap {
    entries: BTreeMap<(u64, u64), Waker>,
    next: u64,
}

impl Heap {
    /// Adds an entry, or refreshes the one named `(at, seq)`. Returns the sequence number and a waker to drop.
    pub(crate) fn set(&mut self, at: u64, seq: Option<u64>, waker: &Waker) -> (u64, Option<Waker>) {
        let seq = seq.unwrap_or_else(|| {
            self.next += 1;
            self.next
        });
        let replaced = match self.entries.get_mut(&(at, seq)) {
            Some(present) if present.will_wake(waker) => None,
            Some(present) => Some(std::mem::replace(present, waker.clone())),
            None => self.entries.insert((at, seq), waker.clone()),
        };
        (seq, replaced)
    }

    /// Takes the entry out, if it has not been released yet.
    pub(crate) fn remove(&mut self, at: u64, seq: u64) -> Option<Waker> {
        self.entries.remove(&(at, seq))
    }

    /// The earliest time anybody waits for.
    pub(crate) fn head(&self) -> Option<u64> {
        self.entries.first_key_value().map(|(&(at, _), _)| at)
    }

    /// Moves everything due at `now` to the end of `due`, in order.
    pub(crate) fn release(&mut self, now: u64, due: &mut Vec<Waker>) {
        while let Some(first) = self.entries.first_entry()
            && first.key().0 <= now
        {
            due.push(first.remove());
        }
    }
}
