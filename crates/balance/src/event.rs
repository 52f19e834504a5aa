//! What happens to members, told to whoever caused or noticed it.

use crate::condition::AdminState;
use crate::pick::MemberId;
use std::fmt;

/// Something that happened to a member.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Event {
    /// The member.
    pub member: MemberId,
    /// When it happened, in nanoseconds; what was due before the call that noticed it has the time at which it was due.
    pub at: u64,
    /// What it was.
    pub kind: EventKind,
}

/// What happened to a member. Displayed, it is the end of a sentence that the member's name begins.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum EventKind {
    /// Its probes succeed again.
    Healthy,
    /// Its probes fail.
    Unhealthy,
    /// Too many dials in a row failed.
    Ejected {
        /// When it comes back, in nanoseconds.
        until: u64,
        /// The n that the time was multiplied with.
        times: u32,
    },
    /// The time of its ejection is over.
    Readmitted,
    /// Its slow start is over.
    FullWeight,
    /// An operator wants something else of it.
    Admin(AdminState),
    /// The last connection of a member that is being drained, or that has left, has ended.
    Drained,
    /// An operator, or another configuration, gave it this weight.
    Weight(u32),
    /// It is new in the pool.
    Joined,
    /// It is in the pool no more.
    Left,
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EventKind::Healthy => f.write_str("is healthy"),
            EventKind::Unhealthy => f.write_str("is unhealthy"),
            EventKind::Ejected { times: 1, .. } => f.write_str("is ejected"),
            EventKind::Ejected { times, .. } => write!(f, "is ejected, for {times} times as long"),
            EventKind::Readmitted => f.write_str("is readmitted"),
            EventKind::FullWeight => f.write_str("is at full weight"),
            EventKind::Admin(state) => write!(f, "is set to {state}"),
            EventKind::Drained => f.write_str("is drained"),
            EventKind::Weight(weight) => write!(f, "has the weight {weight}"),
            EventKind::Joined => f.write_str("joins"),
            EventKind::Left => f.write_str("leaves"),
        }
    }
}
