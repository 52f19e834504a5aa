//! What one shard's part of a load has counted and measured so far.

use crate::counters::{Counts, Failure};
use crate::generator::Lag;
use crate::histogram::Recorder;
use crate::moments::Moments;
use crate::report::{Interval, Strays, Wrong};
use std::collections::BTreeMap;

/// Everything that workers write to. Each shard has its own, so that they do not wait for each other.
#[derive(Clone)]
pub(crate) struct Tally {
    pub(crate) counts: Counts,
    pub(crate) strays: Strays,
    pub(crate) series: Series,
    pub(crate) intervals: BTreeMap<u64, Interval>,
    pub(crate) moments: Moments,
    pub(crate) members: BTreeMap<String, u64>,
    /// The first wrong byte.
    pub(crate) first: Option<Wrong>,
    /// Operations that the generator began late.
    pub(crate) late: u64,
    pub(crate) lag: Lag,
}

/// Every kind of time that is recorded.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Series {
    pub(crate) latency: Recorder,
    pub(crate) service_time: Recorder,
    pub(crate) first_byte: Recorder,
    pub(crate) send_delay: Recorder,
    pub(crate) connect: Recorder,
}

/// How long ago something began, in nanoseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Since {
    /// The sending.
    pub(crate) origin: u64,
    /// The load, whose connections are made before that.
    pub(crate) began: u64,
}

/// The instants of one operation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Instants {
    /// When it was to begin; in a closed loop, when it did.
    pub(crate) plan: u64,
    /// When it was handed to the connection.
    pub(crate) send: u64,
    /// When the first byte of its answer came.
    pub(crate) first: Option<u64>,
    /// Whether it is not measured.
    pub(crate) warmup: bool,
}

/// Payload bytes of one operation.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Volume {
    pub(crate) sent: u64,
    pub(crate) received: u64,
}

impl Series {
    pub(crate) fn new() -> Series {
        let new = Recorder::new;
        Series { latency: new(), service_time: new(), first_byte: new(), send_delay: new(), connect: new() }
    }

    pub(crate) fn add(&mut self, other: &Series) {
        self.latency.add(&other.latency);
        self.service_time.add(&other.service_time);
        self.first_byte.add(&other.first_byte);
        self.send_delay.add(&other.send_delay);
        self.connect.add(&other.connect);
    }
}

impl Tally {
    pub(crate) fn new() -> Tally {
        Tally {
            counts: Counts::default(),
            strays: Strays::default(),
            series: Series::new(),
            intervals: BTreeMap::new(),
            moments: Moments::new(),
            members: BTreeMap::new(),
            first: None,
            late: 0,
            lag: Lag::default(),
        }
    }

    fn interval(&mut self, since: u64) -> &mut Interval {
        let second = since / 1_000_000_000;
        self.intervals.entry(second).or_insert_with(|| Interval { second, ..Interval::default() })
    }

    /// An operation begins, `since` nanoseconds after the load did.
    pub(crate) fn sent(&mut self, since: u64) {
        self.counts.sent += 1;
        self.interval(since).sent += 1;
    }

    /// An operation succeeded at `now`.
    pub(crate) fn ok(&mut self, instants: &Instants, volume: Volume, now: u64, since: Since) {
        self.counts.ok += 1;
        self.counts.bytes.sent += volume.sent;
        self.counts.bytes.received += volume.received;
        let latency = now.saturating_sub(instants.plan);
        let interval = self.interval(since.origin);
        interval.ok += 1;
        interval.bytes_received += volume.received;
        if instants.warmup {
            self.counts.warmup += 1;
            return;
        }
        interval.measured += 1;
        interval.latency_sum_ns = interval.latency_sum_ns.saturating_add(latency);
        interval.latency_max_ns = interval.latency_max_ns.max(latency);
        self.moments.measured(since.began, latency);
        self.series.latency.record(latency);
        self.series.service_time.record(now.saturating_sub(instants.send));
        if let Some(first) = instants.first {
            self.series.first_byte.record(first.saturating_sub(instants.send));
        }
    }

    /// An operation failed.
    pub(crate) fn fail(&mut self, failure: Failure, warmup: bool, since: Since) {
        self.counts.fail(failure);
        self.counts.warmup += u64::from(warmup);
        self.interval(since.origin).failed += 1;
        self.moments.failed(since.began);
    }

    /// A byte was wrong; the first by connection and place is remembered, which does not depend on who was faster.
    pub(crate) fn wrong(&mut self, wrong: Wrong) {
        self.first = Wrong::first(self.first, Some(wrong));
    }

    /// Adds another shard's.
    pub(crate) fn add(&mut self, other: &Tally) {
        self.counts.add(&other.counts);
        self.strays.add(&other.strays);
        self.series.add(&other.series);
        for interval in other.intervals.values() {
            self.interval(interval.second.saturating_mul(1_000_000_000)).add(interval);
        }
        self.moments.add(&other.moments);
        for (member, connections) in &other.members {
            *self.members.entry(member.clone()).or_default() += connections;
        }
        self.first = Wrong::first(self.first, other.first);
        self.late += other.late;
        self.lag.add(&other.lag);
    }
}
