//! Reads the counters of links from time to time while a run goes on, without taking part in it.

use super::{MemberTrack, Sample};
use squall_proxy::{MemberMetrics, Metrics};
use squall_wire::Env;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

/// The most samples that are kept. When they are that many, every other one goes and the interval doubles.
const MOST: usize = 300;

/// The first interval: on the real clock each look costs something, in virtual time next to nothing.
const REAL: u64 = 1_000_000;
const VIRTUAL: u64 = 100_000;

/// The most changes of a member that are kept.
const CHANGES: usize = 500;

/// On the real clock, so many times as long as a look takes nobody looks: counters of many connections are not read for nothing.
const SPARE: u64 = 50;

/// So many connections are read in the time that a lull takes anyhow.
const CHEAP: u64 = 16;

/// Reads the counts of one link.
pub(crate) type Meter = Box<dyn Fn() -> Metrics + Send>;

/// A link that is watched.
struct Watched {
    meter: Meter,
    /// The names of its faults, in the order in which they are reported.
    faults: Vec<String>,
    /// What was seen last.
    last: Sample,
    /// The most that was seen to wait since the last sample.
    peak: u64,
    seen: Seen,
}

/// What was seen of a link.
#[derive(Default)]
pub(crate) struct Seen {
    pub(crate) samples: Vec<Sample>,
    pub(crate) members: Vec<MemberTrack>,
}

impl Seen {
    fn note(&mut self, at: u64, members: Vec<MemberMetrics>) {
        if self.members.is_empty() {
            let track =
                |member: &MemberMetrics| MemberTrack { name: member.name.clone(), conditions: Vec::new() };
            self.members = members.iter().map(track).collect();
        }
        for (track, member) in self.members.iter_mut().zip(members) {
            let changes = &mut track.conditions;
            if changes.last().is_none_or(|(_, last)| *last != member.state) && changes.len() < CHANGES {
                changes.push((at, member.state));
            }
        }
    }
}

/// Takes samples of every link at the same times.
///
/// In virtual time it looks when every task waits, before time moves: what it saw last holds until then. It is polled with the
/// run's own task and not as a task of its own, so that the order in which the world's tasks run stays as it is without it.
pub(crate) struct Sampler {
    env: Env,
    began: u64,
    interval: u64,
    /// The time of the next sample, since the beginning.
    next: u64,
    /// Lulls since the counters were read.
    passed: u64,
    links: Vec<Watched>,
}

impl Sampler {
    /// Watches links from now on; each comes with the names of its faults.
    pub(crate) fn new(env: &Env, began: u64, links: Vec<(Meter, Vec<String>)>) -> Sampler {
        let interval = if env.is_virtual() { VIRTUAL } else { REAL };
        let links = links.into_iter().map(|(meter, faults)| Watched {
            meter,
            faults,
            last: Sample::default(),
            peak: 0,
            seen: Seen::default(),
        });
        let links = links.collect();
        let mut sampler = Sampler { env: env.clone(), began, interval, next: interval, passed: 0, links };
        sampler.read();
        sampler
    }

    /// Runs `work` to its end and looks around meanwhile. Dropping it drops the work.
    pub(crate) async fn during<T>(&mut self, work: impl Future<Output = T>) -> T {
        if self.links.is_empty() {
            return work.await;
        }
        let (mut work, mut watch) = (pin!(work), pin!(self.watch()));
        poll_fn(|cx| {
            let done = work.as_mut().poll(cx);
            if done.is_pending() {
                // It never ends.
                let _: Poll<()> = watch.as_mut().poll(cx);
            }
            done
        })
        .await
    }

    async fn watch(&mut self) {
        let mut lulls = self.env.lulls();
        loop {
            if self.env.is_virtual() {
                lulls.next().await;
                self.look_in_a_lull();
            } else {
                self.env.sleep_until(self.began.saturating_add(self.next)).await;
                self.look();
            }
        }
    }

    fn now(&self) -> u64 {
        self.env.now().saturating_sub(self.began)
    }

    fn look(&mut self) {
        let before = self.now();
        self.read();
        let now = self.now();
        self.push(now);
        let due = (now / self.interval).saturating_add(1).saturating_mul(self.interval);
        self.next = due.max(now.saturating_add((now - before).saturating_mul(SPARE)));
    }

    fn look_in_a_lull(&mut self) {
        let now = self.now();
        let due = now >= self.next;
        self.catch_up(now);
        self.passed += 1;
        let active: u64 = self.links.iter().map(|link| link.last.active).sum();
        if due || self.passed.saturating_mul(CHEAP) >= active {
            self.read();
            self.passed = 0;
        }
    }

    /// Sees how things are now.
    fn read(&mut self) {
        let now = self.now();
        for link in &mut self.links {
            let metrics = (link.meter)();
            let fired =
                |name: &String| metrics.faults.iter().find(|f| f.name == *name).map_or(0, |f| f.fired);
            link.last = Sample {
                at: 0,
                up: metrics.bytes.up,
                down: metrics.bytes.down,
                active: metrics.connections.active,
                held: metrics.held,
                fired: link.faults.iter().map(fired).collect(),
            };
            link.peak = link.peak.max(metrics.held);
            link.seen.note(now, metrics.members);
        }
    }

    /// Keeps what was seen last as the state at `at`.
    fn push(&mut self, at: u64) {
        let mut full = false;
        for link in &mut self.links {
            link.seen.samples.push(Sample { at, held: link.peak, ..link.last.clone() });
            // What waits goes on waiting.
            link.peak = link.last.held;
            if link.seen.samples.len() == MOST {
                halve(&mut link.seen.samples);
                full = true;
            }
        }
        if full {
            self.interval = self.interval.saturating_mul(2);
        }
    }

    /// In virtual time: the samples that are due at `now`, of how things were before.
    fn catch_up(&mut self, now: u64) {
        while now >= self.next {
            self.push(self.next);
            self.next = self.next.saturating_add(self.interval);
        }
    }

    /// Takes a last sample, and yields what was seen of each link, in the order in which they were given.
    pub(crate) fn finish(mut self) -> Vec<Seen> {
        let now = self.now();
        if self.env.is_virtual() && !self.links.is_empty() {
            self.catch_up(now);
        }
        self.read();
        let ahead = |link: &Watched| link.seen.samples.last().is_none_or(|last| last.at < now);
        if self.links.iter().any(ahead) {
            self.push(now);
        }
        self.links.into_iter().map(|link| link.seen).collect()
    }
}

/// Joins samples in pairs: of counters the later one says it all, of what was held the larger one counts.
fn halve(samples: &mut Vec<Sample>) {
    let pairs = std::mem::take(samples);
    samples.reserve(MOST);
    for pair in pairs.chunks(2) {
        if let [.., last] = pair {
            let held = pair.iter().map(|sample| sample.held).max().unwrap_or_default();
            samples.push(Sample { held, ..last.clone() });
        }
    }
}
