//! Times of a preview, as they are shown.

use squall_faults::Tick;
use std::fmt;

/// Rows that a person reads.
pub(super) const ROWS: usize = 32;

/// A time in seconds, to the microsecond.
pub(super) struct Seconds(pub(super) Tick);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let us = self.0.as_nanos() / 1_000;
        write!(f, "{}.{:06}", us / 1_000_000, us % 1_000_000)
    }
}
