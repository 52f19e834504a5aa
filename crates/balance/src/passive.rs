//! Passive health: dials that fail in a row eject a member for a while.

use crate::config::{Ejection, nanos};

/// What the dials to one member have shown.
#[derive(Clone, Debug)]
pub(crate) struct Passive {
    /// Failures since the last success or readmission.
    streak: u32,
    /// The n of the last ejection.
    times: u32,
    /// The end of the ejection that is in force.
    until: Option<u64>,
    /// When the member was last readmitted, or made.
    since: u64,
    ejections: u64,
}

impl Passive {
    pub(crate) fn new(now: u64) -> Passive {
        Passive { streak: 0, times: 0, until: None, since: now, ejections: 0 }
    }

    /// The end of the ejection that is in force.
    pub(crate) fn until(&self) -> Option<u64> {
        self.until
    }

    /// Ejections so far.
    pub(crate) fn ejections(&self) -> u64 {
        self.ejections
    }

    /// The same for a server that nothing is known of; what was counted stays.
    pub(crate) fn afresh(&self, now: u64) -> Passive {
        Passive { ejections: self.ejections, ..Passive::new(now) }
    }

    /// Ends the ejection that is in force, due or not; false where none is.
    pub(crate) fn pardon(&mut self, now: u64) -> bool {
        let ejected = self.until.take().is_some();
        if ejected {
            (self.since, self.streak) = (now, 0);
        }
        ejected
    }

    pub(crate) fn succeeded(&mut self) {
        self.streak = 0;
    }

    /// Counts a failed dial; where it ejects, until when and the n it was multiplied with. Dials that were begun before an
    /// ejection and fail during it say nothing new.
    pub(crate) fn failed(&mut self, now: u64, rule: Ejection) -> Option<(u64, u32)> {
        if self.until.is_some() {
            return None;
        }
        self.streak += 1;
        if self.streak < rule.failures {
            return None;
        }
        let forgiven = now.saturating_sub(self.since) / nanos(rule.quiet).max(1);
        self.times = self.times.saturating_sub(u32::try_from(forgiven).unwrap_or(u32::MAX)).saturating_add(1);
        let length = nanos(rule.base).saturating_mul(u64::from(self.times)).min(nanos(rule.max));
        let until = now.saturating_add(length);
        self.until = Some(until);
        self.ejections += 1;
        Some((until, self.times))
    }

    /// Ends an ejection whose time is over; when it was.
    pub(crate) fn readmit(&mut self, now: u64) -> Option<u64> {
        let due = self.until.take_if(|until| *until <= now)?;
        self.since = due;
        self.streak = 0;
        Some(due)
    }
}
