//! A pool that becomes another while connections run through it.

use crate::config::{MemberConfig, PoolConfig, PoolError, nanos};
use crate::event::{Event, EventKind};
use crate::health::Health;
use crate::key::Lane;
use crate::member::Member;
use crate::pick::MemberId;
use crate::pool::Pool;

impl Pool {
    /// Makes the pool what `config` says, but for its name and its seed. Members are told apart by name:
    ///
    /// - one that stays keeps its connections, its health and what an operator wants of it. Its weight changes only where
    ///   `config` says another than the last time, so that an operator's holds until then
    /// - one that is new joins, and begins a slow start where there is one
    /// - one that is not mentioned leaves: it gets no new connections, those that it has go on, and it is in no snapshot. Once it
    ///   has none, [`EventKind::Drained`] says so
    /// - one of those `moved` is another server from now on: it leaves, and one of its name joins that is counted on with it and
    ///   of which an operator wants the same
    ///
    /// `reuse` lets a member have the id of one that left before and has no connections any more; without it every id stays that
    /// of its member.
    ///
    /// # Errors
    /// What [`PoolConfig::check`] says. Nothing has changed then.
    pub fn reconfigure(
        &mut self,
        now: u64,
        config: PoolConfig,
        moved: &[&str],
        reuse: bool,
    ) -> Result<Vec<Event>, PoolError> {
        config.check()?;
        let mut events = self.advance(now);
        // Not those that leave now: what is told of them is told by their ids.
        let mut free = if reuse { self.free() } else { Vec::new() };
        self.change_rules(&config, &mut events);
        let mut before: Vec<Member> = Vec::new();
        for id in self.members() {
            let name = self.member_name(id);
            let wanted = config.members.iter().enumerate().find(|(_, wanted)| wanted.name == name);
            match wanted {
                Some((place, wanted)) if !moved.contains(&name) => {
                    self.adjust(id, place, wanted, &mut events);
                }
                _ => {
                    before.extend(wanted.and(self.members.get(id.index())).cloned());
                    self.retire(id, &mut events);
                }
            }
        }
        for (place, wanted) in config.members.into_iter().enumerate() {
            if self.find(&wanted.name).is_none() {
                let old = before.iter().find(|old| old.config.name == wanted.name);
                self.join(place, wanted, old, free.pop(), &mut events);
            }
        }
        self.chooser.reconfigure(self.algorithm, &self.members);
        // By the new rules, something may be over already.
        self.next_change = 0;
        events.extend(self.advance(now));
        Ok(events)
    }

    /// Which departure a member has made: a number that no other departure from this pool has. None while it is in the pool.
    pub fn departure(&self, member: MemberId) -> Option<u64> {
        self.members.get(member.index())?.departure
    }

    /// The member that has left with that departure; none where its id has gone to another since.
    pub fn departed(&self, departure: u64) -> Option<MemberId> {
        self.members.iter().position(|member| member.departure == Some(departure)).map(MemberId::of)
    }

    /// How many connections a member has, dials under way included, also when it has left.
    pub fn active(&self, member: MemberId) -> u64 {
        self.members.get(member.index()).map_or(0, |member| member.active)
    }

    /// The ids of members that have left and about which nothing more can be told, the first one last.
    fn free(&self) -> Vec<MemberId> {
        let settled = |member: &Member| {
            let probed = member.health.as_ref().is_some_and(Health::is_probing);
            member.departure.is_some() && member.active == 0 && !probed
        };
        let all = self.members.iter().enumerate().rev();
        all.filter(|(_, member)| settled(member)).map(|(index, _)| MemberId::of(index)).collect()
    }

    fn change_rules(&mut self, config: &PoolConfig, events: &mut Vec<Event>) {
        let at = self.clock;
        (self.algorithm, self.ejection, self.slow_start) =
            (config.algorithm, config.ejection, nanos(config.slow_start));
        if self.ejection.is_none() {
            for member in self.members() {
                if self.change(member, at, |member| member.passive.pardon(at)) == Some(true) {
                    events.push(Event { member, at, kind: EventKind::Readmitted });
                }
            }
        }
        if self.health == config.health {
            return;
        }
        self.health = config.health;
        for id in self.members() {
            let fresh = self.first_health(self.member_name(id));
            self.change(id, at, |member| match (&mut member.health, config.health) {
                (Some(health), Some(rule)) => health.follow(rule, at),
                (health, _) => *health = fresh,
            });
        }
    }

    /// The probes of a member that nothing is known of, where there are any: the first at a drawn time within an interval.
    pub(crate) fn first_health(&self, member: &str) -> Option<Health> {
        let rule = self.health?;
        let lane = Lane::new(self.seed, &[self.name.as_bytes(), b"probe", member.as_bytes()]);
        Some(Health::new(rule, self.clock.saturating_add(lane.below(0, nanos(rule.interval)))))
    }

    /// Gives a member that stays the weight and the limit that it is to have.
    fn adjust(&mut self, id: MemberId, place: usize, wanted: &MemberConfig, events: &mut Vec<Event>) {
        let at = self.clock;
        let set = |member: &mut Member| {
            member.place = place;
            member.config.max_connections = wanted.max_connections;
            let other = std::mem::replace(&mut member.asked, wanted.weight) != wanted.weight;
            other && std::mem::replace(&mut member.config.weight, wanted.weight) != wanted.weight
        };
        if self.change(id, at, set) == Some(true) {
            events.push(Event { member: id, at, kind: EventKind::Weight(wanted.weight) });
        }
    }

    fn retire(&mut self, member: MemberId, events: &mut Vec<Event>) {
        self.departures += 1;
        let (at, departure) = (self.clock, self.departures);
        self.change(member, at, |member| member.departure = Some(departure));
        events.push(Event { member, at, kind: EventKind::Left });
        if self.active(member) == 0 {
            events.push(Event { member, at, kind: EventKind::Drained });
        }
    }

    /// Adds a member, in the place of an `old` one where that has moved, with the id of one that is `free` if there is one.
    fn join(
        &mut self,
        place: usize,
        wanted: MemberConfig,
        old: Option<&Member>,
        free: Option<MemberId>,
        events: &mut Vec<Event>,
    ) {
        let at = self.clock;
        let mut new = Member::new(wanted, None, at);
        new.place = place;
        new.health = self.first_health(&new.config.name);
        if let Some(old) = old {
            let weight_stays = old.asked == new.asked;
            (new.admin, new.picks, new.failures) = (old.admin, old.picks, old.failures);
            new.passive = old.passive.afresh(at);
            if weight_stays {
                new.config.weight = old.config.weight;
            }
        }
        // Absent until it has its place, so that its coming is noticed like that of any member.
        new.departure = Some(0);
        let member = match free {
            Some(id) => {
                self.members[id.index()] = new;
                id
            }
            None => {
                self.members.push(new);
                MemberId::of(self.members.len() - 1)
            }
        };
        self.change(member, at, |member| member.departure = None);
        events.push(Event { member, at, kind: EventKind::Joined });
    }
}
