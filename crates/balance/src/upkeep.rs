//! What changes members besides connections: time, probes and operators.

use crate::condition::AdminState;
use crate::config::{PoolError, check_weight};
use crate::event::{Event, EventKind};
use crate::health::Probe;
use crate::member::Member;
use crate::pick::MemberId;
use crate::pool::Pool;

impl Pool {
    /// Notices what is over by `now`: ejections and slow starts. Every other call that is told the time does this first;
    /// call it at [`Pool::next_change`] for events that do not wait for the next connection.
    pub fn advance(&mut self, now: u64) -> Vec<Event> {
        self.clock = self.clock.max(now);
        let mut events = Vec::new();
        if self.clock < self.next_change {
            return events;
        }
        let (clock, slow_start) = (self.clock, self.slow_start);
        for id in self.ids() {
            if let Some(at) = self.members[id.index()].passive.until().filter(|until| *until <= clock) {
                self.change(id, at, |member| member.passive.readmit(clock));
                events.push(Event { member: id, at, kind: EventKind::Readmitted });
            }
            let risen = |since: &mut u64| since.saturating_add(slow_start) <= clock;
            if let Some(since) = self.members[id.index()].rising_since.take_if(risen) {
                let at = since.saturating_add(slow_start);
                self.chooser.service_changed();
                events.push(Event { member: id, at, kind: EventKind::FullWeight });
            }
        }
        events.sort_by_key(|event| event.at);
        let due = |member: &Member| {
            let risen = member.rising_since.map(|since| since.saturating_add(slow_start));
            member.passive.until().into_iter().chain(risen).min()
        };
        self.next_change = self.members.iter().filter_map(due).min().unwrap_or(u64::MAX);
        events
    }

    /// When [`Pool::advance`] may have something to tell, in nanoseconds; none where nothing will be over by itself.
    pub fn next_change(&self) -> Option<u64> {
        (self.next_change < u64::MAX).then_some(self.next_change)
    }

    /// Changes a member at a time; one that comes into service by this begins its slow start. None for an unknown member.
    pub(crate) fn change<T>(
        &mut self,
        id: MemberId,
        at: u64,
        act: impl FnOnce(&mut Member) -> T,
    ) -> Option<T> {
        let member = self.members.get_mut(id.index())?;
        let before = member.in_service();
        let result = act(member);
        let after = member.in_service();
        if before != after {
            member.rising_since = (after && self.slow_start > 0).then_some(at);
            if member.rising_since.is_some() {
                self.next_change = self.next_change.min(at.saturating_add(self.slow_start));
            }
            self.chooser.service_changed();
        }
        Some(result)
    }

    /// Does what an operator wants: puts a member in service, drains it, or takes it down.
    pub fn set_admin(&mut self, now: u64, member: MemberId, state: AdminState) -> Vec<Event> {
        let mut events = self.advance(now);
        let at = self.clock;
        let set = |member: &mut Member| (std::mem::replace(&mut member.admin, state), member.active);
        if let Some((before, active)) = self.change(member, at, set)
            && before != state
        {
            events.push(Event { member, at, kind: EventKind::Admin(state) });
            if state == AdminState::Drain && active == 0 {
                events.push(Event { member, at, kind: EventKind::Drained });
            }
        }
        events
    }

    /// Gives a member another weight, 0 to [`MAX_WEIGHT`](crate::MAX_WEIGHT), for the picks from now on.
    ///
    /// # Errors
    /// A weight that no member may have, or a member of another pool. Nothing has changed then, and nothing was noticed.
    pub fn set_weight(&mut self, now: u64, member: MemberId, weight: u32) -> Result<Vec<Event>, PoolError> {
        let known = self.members.get(member.index()).ok_or(PoolError::UnknownMember)?;
        check_weight(&known.config.name, weight)?;
        let mut events = self.advance(now);
        let at = self.clock;
        let before = self.change(member, at, |member| std::mem::replace(&mut member.config.weight, weight));
        if before != Some(weight) {
            self.chooser.weight_changed(&self.members);
            events.push(Event { member, at, kind: EventKind::Weight(weight) });
        }
        Ok(events)
    }

    /// The member to be probed next, and when, in nanoseconds. None without health checks, or while probes of all members are
    /// under way. Members are probed in every state, so that it is known how they are when an operator puts them back.
    pub fn next_probe(&self) -> Option<(u64, MemberId)> {
        let due = |member: &Member| match member.departure {
            None => member.health.as_ref().and_then(|health| health.next_probe()),
            Some(_) => None,
        };
        let all = self.members.iter().enumerate();
        all.filter_map(|(index, member)| due(member).map(|at| (at, MemberId::of(index)))).min()
    }

    /// When a member is to be probed next, in nanoseconds; none without health checks, or while its probe is under way.
    pub fn next_probe_of(&self, member: MemberId) -> Option<u64> {
        let member = self.members.get(member.index()).filter(|member| member.departure.is_none())?;
        member.health.as_ref()?.next_probe()
    }

    /// Begins the probe of a member, if it is due. The caller carries it out and tells the result to [`Pool::probe_done`];
    /// one that is given up has failed.
    pub fn begin_probe(&mut self, now: u64, member: MemberId) -> Option<Probe> {
        let now = self.clock.max(now);
        let known = self.members.get_mut(member.index()).filter(|member| member.departure.is_none())?;
        known.health.as_mut()?.begin(now, member)
    }

    /// Ends the probe of a member that is under way. A success after its deadline is a failure; a result that nobody waits for
    /// is ignored.
    pub fn probe_done(&mut self, now: u64, member: MemberId, ok: bool) -> Vec<Event> {
        let mut events = self.advance(now);
        let at = self.clock;
        let end = |member: &mut Member| {
            let health = member.health.as_mut()?;
            health.done(at, ok).then(|| health.is_healthy())
        };
        if let Some(healthy) = self.change(member, at, end).flatten() {
            let kind = if healthy { EventKind::Healthy } else { EventKind::Unhealthy };
            events.push(Event { member, at, kind });
        }
        events
    }
}
