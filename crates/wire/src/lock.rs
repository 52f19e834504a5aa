//! Taking a mutex whether or not a panic once passed through it.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks `mutex`. Every critical section of ours leaves its data consistent at each step, so a poisoned
/// lock carries no information worth a second panic.
pub fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
