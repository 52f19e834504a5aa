//! What an echo server has done so far.

use std::collections::BTreeMap;
use std::ops::Add;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::event::{Ending, Story};

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
    /// Requests over HTTP that were read to their end.
    pub requests: u64,
}

impl Add for Counts {
    type Output = Counts;

    /// The totals of two servers, or of two lives of one.
    fn add(self, other: Counts) -> Counts {
        Counts {
            accepted: self.accepted + other.accepted,
            active: self.active + other.active,
            closed: self.closed + other.closed,
            refused: self.refused + other.refused,
            bytes_in: self.bytes_in + other.bytes_in,
            bytes_out: self.bytes_out + other.bytes_out,
            datagrams_in: self.datagrams_in + other.datagrams_in,
            datagrams_out: self.datagrams_out + other.datagrams_out,
            datagrams_dropped: self.datagrams_dropped + other.datagrams_dropped,
            requests: self.requests + other.requests,
        }
    }
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
    /// Answers over HTTP, by how much their status is above the first. Made when the first is counted.
    answers: OnceLock<Box<[AtomicU64]>>,
}

/// The least status of an answer, and how many there are.
const STATUSES: (u16, usize) = (100, 500);

impl Meter {
    /// Counts an answer over HTTP.
    pub(crate) fn answered(&self, status: u16) {
        let answers = self.answers.get_or_init(|| (0..STATUSES.1).map(|_| AtomicU64::new(0)).collect());
        if let Some(counter) = answers.get(usize::from(status.saturating_sub(STATUSES.0))) {
            add(counter, 1);
        }
    }
}

/// What is counted of one connection, and told where somebody listens.
#[derive(Debug)]
pub(crate) struct Account<'a> {
    pub(crate) meter: &'a Meter,
    pub(crate) story: Option<Story>,
}

impl Account<'_> {
    pub(crate) fn received(&self, bytes: usize) {
        add(&self.meter.bytes_in, bytes);
        self.story.iter().for_each(|story| story.received(bytes));
    }

    pub(crate) fn sent(&self, bytes: usize) {
        add(&self.meter.bytes_out, bytes);
        self.story.iter().for_each(|story| story.sent(bytes));
    }

    /// Notes why the connection ends; the first reason counts.
    pub(crate) fn end(&self, ending: Ending) {
        self.story.iter().for_each(|story| story.end(ending));
    }
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

/// How many answers each status had, over all shards.
pub(crate) fn answers(meters: &[Meter]) -> BTreeMap<u16, u64> {
    let mut sums = BTreeMap::new();
    for answers in meters.iter().filter_map(|meter| meter.answers.get()) {
        for (status, counter) in (STATUSES.0..).zip(answers) {
            let count = counter.load(Relaxed);
            if count > 0 {
                *sums.entry(status).or_default() += count;
            }
        }
    }
    sums
}
