//! What all connections of the process together may hold.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// Bytes of memory for held payload, over all links. Beyond it a direction holds no more than [`ALWAYS`].
const LIMIT: usize = 1 << 30;

/// What one direction may hold whatever the others do, so that none of them can stop for ever.
pub(crate) const ALWAYS: u64 = 64 << 10;

static USED: AtomicUsize = AtomicUsize::new(0);

/// A share of the budget, given back when dropped.
pub(crate) struct Share(usize);

impl Share {
    pub(crate) fn take(bytes: usize) -> Share {
        USED.fetch_add(bytes, Relaxed);
        Share(bytes)
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        USED.fetch_sub(self.0, Relaxed);
    }
}

/// Whether the budget is used up.
pub(crate) fn is_spent() -> bool {
    USED.load(Relaxed) >= LIMIT
}
