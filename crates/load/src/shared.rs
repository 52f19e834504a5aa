//! What all workers of a load share: the plan, and where they note what they did.

use crate::counters::{Counts, Failure};
use crate::deal::Deal;
use crate::generator::{Generator, late_limit};
use crate::plan::Load;
use crate::report::Report;
use crate::tally::{Instants, Since, Tally, Volume};
use squall_wire::{lock, nanos};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard};

pub(crate) struct Shared {
    load: Load,
    /// When the first connection was about to be made.
    began: u64,
    /// When the sending began.
    origin: AtomicU64,
    late_limit: u64,
    /// One for each shard.
    tallies: Box<[Mutex<Tally>]>,
}

impl Shared {
    pub(crate) fn new(load: Load, now: u64, shards: usize) -> Shared {
        let tallies = (0..shards.max(1)).map(|_| Mutex::new(Tally::new())).collect();
        let late_limit = late_limit(load.interval());
        Shared { load, began: now, origin: AtomicU64::new(now), late_limit, tallies }
    }

    pub(crate) fn load(&self) -> &Load {
        &self.load
    }

    pub(crate) fn began(&self) -> u64 {
        self.began
    }

    pub(crate) fn origin(&self) -> u64 {
        self.origin.load(Ordering::Relaxed)
    }

    pub(crate) fn set_origin(&self, now: u64) {
        self.origin.store(now, Ordering::Relaxed);
    }

    /// The tally of a shard, by any number.
    pub(crate) fn tally(&self, shard: usize) -> MutexGuard<'_, Tally> {
        lock(&self.tallies[shard % self.tallies.len()])
    }

    fn since(&self, now: u64) -> u64 {
        now.saturating_sub(self.origin())
    }

    fn since_both(&self, now: u64) -> Since {
        Since { origin: self.since(now), began: now.saturating_sub(self.began) }
    }

    /// Whether an operation that was planned for then is not measured.
    pub(crate) fn warms_up(&self, plan: u64) -> bool {
        self.since(plan) < nanos(self.load.warmup)
    }

    /// A request begins. `free` is since when its connection could have sent it.
    pub(crate) fn sent(&self, shard: usize, instants: &Instants, free: u64) {
        let mut tally = self.tally(shard);
        tally.sent(self.since(instants.send));
        if self.load.schedule.is_some() {
            let delay = instants.send.saturating_sub(instants.plan.max(free));
            tally.late += u64::from(delay > self.late_limit);
            if !instants.warmup {
                tally.series.send_delay.record(delay);
            }
        }
    }

    pub(crate) fn ok(&self, shard: usize, instants: &Instants, volume: Volume, now: u64) {
        let since = self.since_both(now);
        self.tally(shard).ok(instants, volume, now, since);
    }

    pub(crate) fn fail(&self, shard: usize, failure: Failure, warmup: bool, now: u64) {
        let since = self.since_both(now);
        self.tally(shard).fail(failure, warmup, since);
    }

    /// The next request of `deal` fails without having been sent.
    pub(crate) fn fail_unsent(&self, shard: usize, failure: Failure, deal: &mut Deal, now: u64) {
        let plan = deal.due(self).unwrap_or(now);
        deal.take();
        self.fail(shard, failure, self.warms_up(plan), now);
    }

    fn total(&self) -> Tally {
        let mut total = Tally::new();
        for shard in 0..self.tallies.len() {
            total.add(&self.tally(shard));
        }
        total.counts.planned = self.planned(&total.counts);
        total
    }

    /// Where a duration decides, what was begun was the plan.
    fn planned(&self, counts: &Counts) -> u64 {
        match self.load.planned() {
            u64::MAX => counts.ok + counts.failed,
            planned => planned,
        }
    }

    /// The counts so far; cheaper than all of [`Shared::report`].
    pub(crate) fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for shard in 0..self.tallies.len() {
            counts.add(&self.tally(shard).counts);
        }
        counts.planned = self.planned(&counts);
        counts
    }

    pub(crate) fn report(&self, now: u64) -> Report {
        let tally = self.total();
        let generator = Generator::of(&tally, self.tallies.len() as u64, self.late_limit);
        Report::new(tally, generator, now.saturating_sub(self.began))
    }
}
