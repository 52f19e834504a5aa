//! The pool behind its mutex, and what belongs to its members.

use super::assigned::Assigned;
use super::check::Check;
use super::picks::Picks;
use super::roster::{Addresses, Entry, Roster};
use crate::link::Link;
use crate::live::Live;
use crate::metrics::MemberMetrics;
use squall_balance::{
    AdminState, Arrival, Event, EventKind, MemberId, NoMember, Pool, PoolConfig, PoolError, Snapshot,
};
use squall_wire::lock;
use std::io;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex};
use tokio::sync::Notify;

pub(crate) struct Balancer {
    /// Its link's.
    name: Arc<str>,
    pool: Mutex<Pool>,
    /// Replaced under the pool's lock, so that whoever has an id finds the member of it here.
    roster: Mutex<Arc<Roster>>,
    picks: Option<Picks>,
    /// Told when something may be due sooner than it was.
    pub(super) changed: Notify,
    /// Told when a member that is drained, or has left, has no connection any more.
    pub(super) drained: Notify,
}

/// What a balancer is to be.
pub(super) struct Wanted {
    pub(super) config: PoolConfig,
    /// Of all members.
    pub(super) addresses: Addresses,
    pub(super) check: Option<Check>,
    /// On how many more members a connection is tried.
    pub(super) retries: u32,
}

impl Balancer {
    pub(super) fn new(wanted: Wanted, picks: Option<Picks>, now: u64) -> Result<Balancer, PoolError> {
        let Wanted { config, addresses, check, retries } = wanted;
        let name: Arc<str> = config.name.as_str().into();
        let pool = Pool::new(config, now)?;
        let roster = Roster::of(&pool, addresses, &Roster::default(), &[], (check, retries));
        if let Some(log) = &picks {
            log.name(&name, &roster.names());
        }
        let (pool, roster) = (Mutex::new(pool), Mutex::new(Arc::new(roster)));
        Ok(Balancer { name, pool, roster, picks, changed: Notify::new(), drained: Notify::new() })
    }

    /// Becomes what is wanted, but for its name and its seed; the numbers of the departures of members that have left.
    ///
    /// # Errors
    /// Where no pool can be made of it. Nothing has changed then.
    pub(super) fn change(&self, link: &Link, wanted: Wanted) -> Result<Vec<u64>, PoolError> {
        let Wanted { config, addresses, check, retries } = wanted;
        let now = link.now().as_nanos();
        self.with(|pool| {
            let (before, kept) = (self.roster(), Vec::from_iter(pool.members()));
            let moved = |(name, address): &&(Arc<str>, _)| {
                let is = |entry: &&Arc<Entry>| entry.name == *name && entry.address != *address;
                kept.iter().filter_map(|id| before.get(*id)).any(|entry| is(&entry))
            };
            let moved: Vec<Arc<str>> = addresses.iter().filter(moved).map(|(name, _)| name.clone()).collect();
            let moved: Vec<&str> = moved.iter().map(|name| &**name).collect();
            // A log of picks knows members by their ids, to the end.
            let events = match pool.reconfigure(now, config, &moved, self.picks.is_none()) {
                Ok(events) => events,
                Err(error) => return (Err(error), Vec::new()),
            };
            let roster = Roster::of(pool, addresses, &before, &kept, (check, retries));
            if let Some(log) = &self.picks {
                log.name(&link.id.name, &roster.names());
            }
            *lock(&self.roster) = Arc::new(roster);
            self.changed.notify_one();
            let left = events.iter().filter(|event| event.kind == EventKind::Left);
            (Ok(left.filter_map(|event| pool.departure(event.member)).collect()), events)
        })
    }

    /// Who the members are now.
    pub(super) fn roster(&self) -> Arc<Roster> {
        lock(&self.roster).clone()
    }

    /// Asks or tells the pool something, and does what its events call for.
    pub(super) fn with<T>(&self, act: impl FnOnce(&mut Pool) -> (T, Vec<Event>)) -> T {
        let (result, events) = act(&mut lock(&self.pool));
        self.note(&events);
        result
    }

    /// Says aloud what happened to members, and has the upkeep look anew.
    fn note(&self, events: &[Event]) {
        if events.is_empty() {
            return;
        }
        let (name, roster) = (&self.name, self.roster());
        for event in events {
            let member = roster.name(event.member);
            match event.kind {
                kind @ (EventKind::Unhealthy | EventKind::Ejected { .. }) => {
                    tracing::warn!("link {name}: member {member} {kind}");
                }
                kind => tracing::info!("link {name}: member {member} {kind}"),
            }
            if event.kind == EventKind::Drained {
                self.drained.notify_waiters();
            }
        }
        self.changed.notify_one();
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
            let arrival = Arrival::new(live.number).tried(failed);
            let arrival = live.ip().map_or(arrival, |ip| arrival.source(ip));
            let arrival = Arrival { attempt, ..arrival };
            let mut pick = pool.pick(now, arrival);
            let events = std::mem::take(&mut pick.events);
            if let Some(log) = &self.picks {
                log.note(&link.id.name, &pick);
            }
            // Under the pool's lock, so that whoever takes the member down finds the connection.
            let assigned = pick.member.and_then(|member| {
                // Whoever is in the pool is in the roster.
                let entry = self.roster().get(member).cloned();
                let entry = entry.ok_or_else(|| NoMember { conditions: Default::default() })?;
                live.seat().take(member);
                Ok(Assigned::new(self, link, live, member, entry))
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
    pub(super) fn note_reached(&self, member: &Entry) {
        member.counts.connections.fetch_add(1, Relaxed);
        member.counts.unreached.store(false, Relaxed);
    }

    /// Says that a member cannot be reached: aloud once, until it was reached again.
    pub(super) fn note_unreached(&self, link: &Link, member: &Entry, error: &io::Error) {
        let (name, why) = (&link.id.name, squall_wire::reason(error));
        let Entry { name: member, address, counts } = member;
        if counts.unreached.swap(true, Relaxed) {
            tracing::debug!("link {name}: member {member} at {address}: {why}");
        } else {
            tracing::warn!("link {name}: member {member} at {address}: {why}");
        }
    }

    pub(super) fn note_probe(&self, member: &Entry, ok: bool) {
        member.counts.probes.fetch_add(1, Relaxed);
        member.counts.probe_failures.fetch_add(u64::from(!ok), Relaxed);
    }

    /// The names of the members, none of those that have left.
    pub(crate) fn names(&self) -> Vec<Arc<str>> {
        let pool = lock(&self.pool);
        let roster = self.roster();
        pool.members().filter_map(|id| roster.get(id)).map(|entry| entry.name.clone()).collect()
    }

    /// The name of the member that a connection has, which may have left since.
    pub(crate) fn member_of(&self, live: &Live) -> Option<Arc<str>> {
        let index = live.seat().index()?;
        self.roster().at(index).map(|entry| entry.name.clone())
    }

    pub(super) fn find(&self, name: &str) -> Option<MemberId> {
        lock(&self.pool).find(name)
    }

    /// Puts a member in service, drains it, or takes it down and ends its connections.
    pub(super) fn set_admin(&self, link: &Link, member: MemberId, state: AdminState) {
        let now = link.now().as_nanos();
        self.turn_out(link, |pool| {
            (Some(member).filter(|_| state == AdminState::Down), pool.set_admin(now, member, state))
        });
    }

    /// Whether a member that has left still has connections.
    pub(super) fn has_connections(&self, departure: u64) -> bool {
        let pool = lock(&self.pool);
        pool.departed(departure).is_some_and(|member| pool.active(member) > 0)
    }

    /// Ends the connections of a member that has left.
    pub(super) fn end_departed(&self, link: &Link, departure: u64) {
        self.turn_out(link, |pool| (pool.departed(departure), Vec::new()));
    }

    /// Ends the connections of the member that `act` comes to, where it comes to one.
    fn turn_out(&self, link: &Link, act: impl FnOnce(&mut Pool) -> (Option<MemberId>, Vec<Event>)) {
        let turned_out = self.with(|pool| {
            let (member, events) = act(pool);
            let found = member.map(|member| link.registry.find_all(|live| live.seat().is_of(member)));
            let found = found.unwrap_or_default();
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
        let (members, roster, snapshot) = self.with(|pool| {
            let events = pool.advance(now);
            ((pool.members(), self.roster(), pool.snapshot()), events)
        });
        let all = members.zip(snapshot.members);
        let metrics = all.filter_map(|(id, member)| roster.get(id).map(|entry| (entry, member)));
        let metrics = metrics.map(|(entry, member)| MemberMetrics {
            name: member.name,
            address: entry.address.to_string(),
            state: member.state,
            admin: member.admin,
            healthy: member.healthy,
            weight: member.weight,
            active: member.active,
            picks: member.picks,
            connections: entry.counts.connections.load(Relaxed),
            failures: member.failures,
            ejections: member.ejections,
            probes: entry.counts.probes.load(Relaxed),
            probe_failures: entry.counts.probe_failures.load(Relaxed),
        });
        metrics.collect()
    }
}
