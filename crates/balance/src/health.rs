//! Active health: when a member is to be probed, and what the results say.

use crate::config::{HealthCheck, nanos};
use crate::pick::MemberId;

/// A probe that has begun and that the caller carries out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[must_use = "the member is not probed again before this one is done"]
pub struct Probe {
    /// The member.
    pub member: MemberId,
    /// Its number among the member's probes, from 1.
    pub number: u64,
    /// When to give up, in nanoseconds: a success that is told later counts as a failure.
    pub deadline: u64,
}

/// The probes of one member.
#[derive(Clone, Debug)]
pub(crate) struct Health {
    check: HealthCheck,
    healthy: bool,
    /// Results in a row that speak against the present state.
    against: u32,
    /// When the next probe begins.
    next: u64,
    running: Option<Probe>,
    number: u64,
}

impl Health {
    pub(crate) fn new(check: HealthCheck, first: u64) -> Health {
        Health { check, healthy: true, against: 0, next: first, running: None, number: 0 }
    }

    /// Whether a probe is under way.
    pub(crate) fn is_probing(&self) -> bool {
        self.running.is_some()
    }

    /// Goes on by another rule; the next probe is no later than that has it.
    pub(crate) fn follow(&mut self, check: HealthCheck, now: u64) {
        self.check = check;
        self.next = self.next.min(now.saturating_add(nanos(check.interval)));
    }

    pub(crate) fn is_healthy(&self) -> bool {
        self.healthy
    }

    /// When the next probe begins; none while one is under way.
    pub(crate) fn next_probe(&self) -> Option<u64> {
        self.running.is_none().then_some(self.next)
    }

    /// Begins the probe that is due, if one is.
    pub(crate) fn begin(&mut self, now: u64, member: MemberId) -> Option<Probe> {
        self.next_probe().filter(|due| *due <= now)?;
        self.number += 1;
        let deadline = now.saturating_add(nanos(self.check.timeout));
        let probe = Probe { member, number: self.number, deadline };
        self.running = Some(probe);
        self.next = now.saturating_add(nanos(self.check.interval));
        Some(probe)
    }

    /// Ends the probe under way; true where this changed whether the member is healthy. A result nobody waits for is
    /// ignored.
    pub(crate) fn done(&mut self, now: u64, ok: bool) -> bool {
        let Some(probe) = self.running.take() else { return false };
        self.next = self.next.max(now);
        let ok = ok && now <= probe.deadline;
        if ok == self.healthy {
            self.against = 0;
            return false;
        }
        self.against += 1;
        let needed = if self.healthy { self.check.fall } else { self.check.rise };
        if self.against < needed {
            return false;
        }
        self.healthy = ok;
        self.against = 0;
        true
    }
}
