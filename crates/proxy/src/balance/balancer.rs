//! The pool behind its mutex, and what belongs to its members.

use super::assigned::Assigned;
use super::check::Check;
use super::picks::Picks;
use crate::link::Link;
use crate::live::Live;
use crate::metrics::MemberMetrics;
use squall_balance::{AdminState, Arrival, Event, EventKind, MemberId, NoMember, Pool, PoolError, Snapshot};
use squall_wire::{Endpoint, lock};
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use tokio::sync::Notify;

pub(crate) struct Balancer {
    pool: Mutex<Pool>,
    /// By place in the pool, as all that follows.
    pub(super) names: Arc<[Arc<str>]>,
    pub(super) endpoints: Vec<Endpoint>,
    counts: Vec<Counts>,
    pub(super) check: Option<Check>,
    /// On how many more members a connection is tried.
    pub(super) retries: u32,
    picks: Option<Picks>,
    /// Told when something may be due sooner than it was.
    pub(super) changed: Notify,
}

/// What is counted of a member beside what the pool counts.
#[derive(Default)]
struct Counts {
    connections: AtomicU64,
    probes: AtomicU64,
    probe_failures: AtomicU64,
    /// The last dial failed, or the last probe.
    unreached: AtomicBool,
}

impl Balancer {
    pub(super) fn new(
        pool: Pool,
        names: Arc<[Arc<str>]>,
        endpoints: Vec<Endpoint>,
        check: Option<Check>,
        retries: u32,
        picks: Option<Picks>,
    ) -> Balancer {
        let counts = endpoints.iter().map(|_| Counts::default()).collect();
        let changed = Notify::new();
        Balancer { pool: Mutex::new(pool), names, endpoints, counts, check, retries, picks, changed }
    }

    /// Asks or tells the pool something, and does what its events call for.
    pub(super) fn with<T>(&self, act: impl FnOnce(&mut Pool) -> (T, Vec<Event>)) -> T {
        let (result, events) = act(&mut lock(&self.pool));
        self.note(&events);
        result
    }

    /// Says aloud what happened to members, and has the upkeep look anew.
    fn note(&self, events: &[Event]) {
        for event in events {
            let member = &self.names[event.member.index()];
            match event.kind {
                kind @ (EventKind::Unhealthy | EventKind::Ejected { .. }) => {
                    tracing::warn!("member {member} {kind}");
                }
                kind => tracing::info!("member {member} {kind}"),
            }
        }
        if !events.is_empty() {
            self.changed.notify_one();
        }
    }

    /// Gives a connection a member other than those that `failed` it, which counts it until the place is dropped.
    pub(super) fn pick<'a>(
        &'a self,
        link: &'a Link,
        live: &'a Live,
        attempt: u32,
        failed: &[MemberId],
    ) -> Result<Assigned<'a>, NoMember> {
        let now = link.now().as_nanos();
        self.with(|pool| {
            let arrival = Arrival::new(live.number).source(live.client().ip()).tried(failed);
            let arrival = Arrival { attempt, ..arrival };
            let mut pick = pool.pick(now, arrival);
            let events = std::mem::take(&mut pick.events);
            if let Some(log) = &self.picks {
                log.note(&link.id.name, &pick);
            }
            // Under the pool's lock, so that whoever takes the member down finds the connection.
            let assigned = pick.member.map(|member| {
                live.seat().take(member);
                Assigned::new(self, link, live, member)
            });
            (assigned, events)
        })
    }

    /// Whether a member's dial may count as well done: not where the member was taken down meanwhile.
    pub(super) fn connected(&self, now: u64, member: MemberId, live: &Live) -> bool {
        self.with(|pool| {
            let events = pool.connected(now, member);
            (live.seat().connect(), events)
        })
    }

    /// Notes that a member was reached.
    pub(super) fn note_reached(&self, member: MemberId) {
        let counts = &self.counts[member.index()];
        counts.connections.fetch_add(1, Relaxed);
        counts.unreached.store(false, Relaxed);
    }

    /// Says that a member cannot be reached: aloud once, until it was reached again.
    pub(super) fn note_unreached(&self, link: &Link, member: MemberId, error: &io::Error) {
        let (name, why) = (&link.id.name, squall_wire::reason(error));
        let (member, endpoint, unreached) = (
            &self.names[member.index()],
            &self.endpoints[member.index()],
            &self.counts[member.index()].unreached,
        );
        if unreached.swap(true, Relaxed) {
            tracing::debug!("link {name}: member {member} at {endpoint}: {why}");
        } else {
            tracing::warn!("link {name}: member {member} at {endpoint}: {why}");
        }
    }

    pub(super) fn note_probe(&self, member: MemberId, ok: bool) {
        let counts = &self.counts[member.index()];
        counts.probes.fetch_add(1, Relaxed);
        counts.probe_failures.fetch_add(u64::from(!ok), Relaxed);
    }

    pub(crate) fn names(&self) -> &[Arc<str>] {
        &self.names
    }

    /// The name of the member that a connection has.
    pub(crate) fn member_of(&self, live: &Live) -> Option<Arc<str>> {
        live.seat().index().and_then(|index| self.names.get(index)).cloned()
    }

    pub(super) fn find(&self, name: &str) -> Option<MemberId> {
        lock(&self.pool).find(name)
    }

    /// Puts a member in service, drains it, or takes it down and ends its connections.
    pub(super) fn set_admin(&self, link: &Link, member: MemberId, state: AdminState) {
        let now = link.now().as_nanos();
        let turned_out = self.with(|pool| {
            let events = pool.set_admin(now, member, state);
            let down = state == AdminState::Down;
            let found =
                if down { link.registry.find_all(|live| live.seat().is_of(member)) } else { Vec::new() };
            for live in &found {
                live.seat().turn_out();
            }
            (found, events)
        });
        // Not under the lock, which those that wake up need.
        for live in turned_out {
            if live.seat().is_connected() { live.cancel() } else { live.wake() }
        }
    }

    pub(super) fn set_weight(&self, link: &Link, member: MemberId, weight: u32) -> Result<(), PoolError> {
        let now = link.now().as_nanos();
        self.with(|pool| match pool.set_weight(now, member, weight) {
            Ok(events) => (Ok(()), events),
            Err(error) => (Err(error), Vec::new()),
        })
    }

    /// The pool as of now.
    pub(super) fn snapshot(&self, now: u64) -> Snapshot {
        self.with(|pool| {
            let events = pool.advance(now);
            (pool.snapshot(), events)
        })
    }

    pub(crate) fn metrics(&self, now: u64) -> Vec<MemberMetrics> {
        let snapshot = self.snapshot(now);
        let all = snapshot.members.into_iter().zip(&self.counts).zip(&self.endpoints);
        let metrics = all.map(|((member, counts), endpoint)| MemberMetrics {
            name: member.name,
            address: endpoint.to_string(),
            state: member.state,
            admin: member.admin,
            healthy: member.healthy,
            weight: member.weight,
            active: member.active,
            picks: member.picks,
            connections: counts.connections.load(Relaxed),
            failures: member.failures,
            ejections: member.ejections,
            probes: counts.probes.load(Relaxed),
            probe_failures: counts.probe_failures.load(Relaxed),
        });
        metrics.collect()
    }
}
