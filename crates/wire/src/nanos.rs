//! Durations as the nanoseconds that clocks here count in.

use std::time::Duration;

/// A duration in nanoseconds, capped at what 64 bits hold (584 years).
pub fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
