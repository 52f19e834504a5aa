//! The pool: members, and the way of a connection through them.

use crate::algorithm::Algorithm;
use crate::choose::{Chooser, View};
use crate::condition::{AdminState, Condition};
use crate::config::{Ejection, HealthCheck, PoolConfig, PoolError, nanos};
use crate::event::{Event, EventKind};
use crate::member::Member;
use crate::pick::{Arrival, Decision, MemberId, NoMember, Pick};
use std::collections::BTreeMap;

/// Members, and what is known of them.
///
/// Each call that is told the time and returns events first notices what was due before ([`Pool::advance`]). A time that lies
/// before an earlier one counts as that. Every call takes at most time in proportion to the number of members, but for the
/// first pick after members came or went, which may sort them. Ids of another pool are ignored.
///
/// A pool is for one mutex: what makes the turns of round robin exact under concurrency is that picks come one after another.
#[derive(Clone, Debug)]
pub struct Pool {
    pub(crate) name: String,
    pub(crate) seed: u64,
    pub(crate) algorithm: Algorithm,
    pub(crate) health: Option<HealthCheck>,
    pub(crate) ejection: Option<Ejection>,
    /// In nanoseconds.
    pub(crate) slow_start: u64,
    /// With those that have left: ids are places.
    pub(crate) members: Vec<Member>,
    pub(crate) chooser: Chooser,
    /// The latest time it was told.
    pub(crate) clock: u64,
    /// No ejection and no slow start ends before.
    pub(crate) next_change: u64,
    /// Picks so far, answered or not.
    pub(crate) picks: u64,
    pub(crate) unanswered: u64,
    /// How many members have left.
    pub(crate) departures: u64,
}

impl Pool {
    /// A pool that begins at `now`, all members up and healthy, none in a slow start. Where there are health checks, each
    /// member's first is at a drawn time within the first interval, so that they are not all at once.
    ///
    /// # Errors
    /// What [`PoolConfig::check`] says.
    pub fn new(config: PoolConfig, now: u64) -> Result<Pool, PoolError> {
        config.check()?;
        let PoolConfig { name, seed, algorithm, members, health, ejection, slow_start } = config;
        let members: Vec<Member> = members.into_iter().map(|member| Member::new(member, None, now)).collect();
        let chooser = Chooser::new(algorithm, seed, &name, &members);
        let slow_start = nanos(slow_start);
        let (next_change, picks, unanswered, departures) = (u64::MAX, 0, 0, 0);
        let mut pool = Pool {
            name,
            seed,
            algorithm,
            health,
            ejection,
            slow_start,
            members,
            chooser,
            clock: now,
            next_change,
            picks,
            unanswered,
            departures,
        };
        for index in 0..pool.members.len() {
            pool.members[index].place = index;
            pool.members[index].health = pool.first_health(&pool.members[index].config.name);
        }
        Ok(pool)
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How it chooses.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Its members, in the order of the configuration; none that has left.
    pub fn members(&self) -> impl ExactSizeIterator<Item = MemberId> + use<> {
        let present = self.ids().filter(|id| self.members[id.index()].departure.is_none());
        let mut present: Vec<MemberId> = present.collect();
        present.sort_by_key(|id| self.members[id.index()].place);
        present.into_iter()
    }

    /// All ids, those of members that have left included.
    pub(crate) fn ids(&self) -> impl Iterator<Item = MemberId> + use<> {
        (0..self.members.len()).map(MemberId::of)
    }

    /// The member of this name.
    pub fn find(&self, name: &str) -> Option<MemberId> {
        let is = |member: &Member| member.departure.is_none() && member.config.name == name;
        self.members.iter().position(is).map(MemberId::of)
    }

    /// The name of a member; empty for an id of another pool.
    pub fn member_name(&self, member: MemberId) -> &str {
        self.members.get(member.index()).map_or("", |member| member.config.name.as_str())
    }

    /// The condition a member is in, as of the latest time the pool was told; none where it has left.
    pub fn condition(&self, member: MemberId) -> Option<Condition> {
        let known = self.members.get(member.index()).filter(|member| member.departure.is_none());
        known.map(Member::condition)
    }

    /// Picks a member for a connection. It counts the connection from now on: tell it [`Pool::connected`] or
    /// [`Pool::connect_failed`] when the dial is over, and [`Pool::closed`] when the connection is, or when the client went
    /// away during the dial.
    ///
    /// For another attempt, call it again with the members that have been tried.
    pub fn pick(&mut self, now: u64, arrival: Arrival<'_>) -> Pick {
        let events = self.advance(now);
        self.picks += 1;
        for tried in arrival.tried {
            if let Some(member) = self.members.get_mut(tried.index()) {
                member.barred = self.picks;
            }
        }
        let (members, barred) = (self.members.as_slice(), self.picks);
        let view = View { members, barred, now: self.clock, slow_start: self.slow_start };
        let (chosen, candidates) = self.chooser.choose(&view, &arrival);
        let member = match chosen {
            Some(index) => {
                let member = &mut self.members[index];
                member.picks += 1;
                member.active += 1;
                Ok(MemberId::of(index))
            }
            None => {
                self.unanswered += 1;
                Err(self.why_none())
            }
        };
        Pick { connection: arrival.connection, attempt: arrival.attempt, member, candidates, events }
    }

    fn why_none(&self) -> NoMember {
        let mut conditions = BTreeMap::new();
        for member in self.members.iter().filter(|member| member.departure.is_none()) {
            let condition = match member.condition() {
                open if open.takes_connections() => Condition::Tried,
                closed => closed,
            };
            *conditions.entry(condition).or_default() += 1;
        }
        NoMember { conditions }
    }

    /// A pick as a line of the decision log.
    pub fn decision(&self, pick: &Pick) -> Decision {
        let name = |member: MemberId| self.member_name(member).to_owned();
        Decision {
            balancer: self.name.clone(),
            connection: pick.connection,
            attempt: pick.attempt,
            member: pick.member.as_ref().ok().map(|member| name(*member)),
            candidates: pick.candidates.into_iter().flatten().map(name).collect(),
            reason: pick.member.as_ref().err().cloned(),
        }
    }

    /// The dial to a member has succeeded: the failures before it are forgotten.
    pub fn connected(&mut self, now: u64, member: MemberId) -> Vec<Event> {
        let events = self.advance(now);
        if let Some(member) = self.members.get_mut(member.index()) {
            member.passive.succeeded();
        }
        events
    }

    /// The dial to a member has failed, and the connection does not count any more. That may eject the member.
    pub fn connect_failed(&mut self, now: u64, member: MemberId) -> Vec<Event> {
        let mut events = self.advance(now);
        let at = self.clock;
        if let Some(failed) = self.members.get_mut(member.index()) {
            failed.failures += 1;
        }
        // Whoever has left is out anyway.
        if self.departure(member).is_none()
            && let Some(rule) = self.ejection
            && let Some((until, times)) =
                self.change(member, at, |member| member.passive.failed(at, rule)).flatten()
        {
            self.next_change = self.next_change.min(until);
            events.push(Event { member, at, kind: EventKind::Ejected { until, times } });
        }
        self.release(member, &mut events);
        events
    }

    /// A connection to a member has ended, or its client left before the dial did. Nothing is counted against the member.
    pub fn closed(&mut self, now: u64, member: MemberId) -> Vec<Event> {
        let mut events = self.advance(now);
        self.release(member, &mut events);
        events
    }

    fn release(&mut self, id: MemberId, events: &mut Vec<Event>) {
        let Some(member) = self.members.get_mut(id.index()) else { return };
        let last = member.active == 1;
        member.active = member.active.saturating_sub(1);
        if last && (member.admin == AdminState::Drain || member.departure.is_some()) {
            events.push(Event { member: id, at: self.clock, kind: EventKind::Drained });
        }
    }
}
