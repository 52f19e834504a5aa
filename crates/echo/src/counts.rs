//! What an echo server has done so far.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Totals since the start of an echo server.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Connections served, among them those that still are.
    pub accepted: u64,
    /// Connections being served.
    pub active: u64,
    /// Connections that have ended.
    pub closed: u64,
    /// Connections closed at once because there were as many as allowed.
    pub refused: u64,
    /// Bytes received.
    pub bytes_in: u64,
    /// Bytes sent back.
    pub bytes_out: u64,
    /// Datagrams received.
    pub datagrams_in: u64,
    /// Datagrams sent back.
    pub datagrams_out: u64,
    /// Datagrams left unanswered because too many answers were waiting to be sent.
    pub datagrams_dropped: u64,
    /// Requests answered over HTTP.
    pub requests: u64,
}

/// The counters of one shard, on cache lines of their own so that shards do not slow each other down.
#[derive(Debug, Default)]
#[repr(align(128))]
pub(crate) struct Meter {
    pub(crate) accepted: AtomicU64,
    pub(crate) closed: AtomicU64,
    pub(crate) refused: AtomicU64,
    pub(crate) bytes_in: AtomicU64,
    pub(crate) bytes_out: AtomicU64,
    pub(crate) datagrams_in: AtomicU64,
    pub(crate) datagrams_out: AtomicU64,
    pub(crate) datagrams_dropped: AtomicU64,
    pub(crate) requests: AtomicU64,
}

/// Adds to a counter.
pub(crate) fn add(counter: &AtomicU64, amount: usize) {
    counter.fetch_add(amount as u64, Relaxed);
}

/// The sum over all shards.
pub(crate) fn sum(meters: &[Meter]) -> Counts {
    let total = |counter: fn(&Meter) -> &AtomicU64| meters.iter().map(|m| counter(m).load(Relaxed)).sum();
    let closed: u64 = total(|m| &m.closed);
    let accepted: u64 = total(|m| &m.accepted);
    Counts {
        accepted,
        active: accepted.saturating_sub(closed),
        closed,
        refused: total(|m| &m.refused),
        bytes_in: total(|m| &m.bytes_in),
        bytes_out: total(|m| &m.bytes_out),
        datagrams_in: total(|m| &m.datagrams_in),
        datagrams_out: total(|m| &m.datagrams_out),
        datagrams_dropped: total(|m| &m.datagrams_dropped),
        requests: total(|m| &m.requests),
    }
}
