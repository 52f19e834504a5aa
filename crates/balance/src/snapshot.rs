//! A pool as reports show it.

use crate::algorithm::Algorithm;
use crate::condition::{AdminState, Condition};
use crate::pool::Pool;
use serde::{Deserialize, Serialize};

/// A pool at one moment.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Snapshot {
    /// The pool's name.
    pub balancer: String,
    /// How it chooses.
    pub algorithm: Algorithm,
    /// Picks that found a member, each attempt counted.
    pub picks: u64,
    /// Picks that found none.
    pub unanswered: u64,
    /// The members, in order.
    pub members: Vec<MemberSnapshot>,
}

/// A member at one moment.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct MemberSnapshot {
    /// Its name.
    pub name: String,
    /// Its weight, slow start or not.
    pub weight: u32,
    /// The condition it is in.
    pub state: Condition,
    /// What an operator wants of it.
    pub admin: AdminState,
    /// Whether its probes succeed; true without health checks.
    pub healthy: bool,
    /// Connections it has now, dials under way included.
    pub active: u64,
    /// How often it was picked.
    pub picks: u64,
    /// Dials to it that failed.
    pub failures: u64,
    /// How often it was ejected.
    pub ejections: u64,
}

impl Pool {
    /// The pool as of the latest time it was told; [`Pool::advance`] tells it a later one.
    pub fn snapshot(&self) -> Snapshot {
        let members = self.members().map(|id| &self.members[id.index()]);
        let members = members.map(|member| MemberSnapshot {
            name: member.config.name.clone(),
            weight: member.config.weight,
            state: member.condition(),
            admin: member.admin,
            healthy: member.health.as_ref().is_none_or(|health| health.is_healthy()),
            active: member.active,
            picks: member.picks,
            failures: member.failures,
            ejections: member.passive.ejections(),
        });
        Snapshot {
            balancer: self.name.clone(),
            algorithm: self.algorithm,
            picks: self.picks - self.unanswered,
            unanswered: self.unanswered,
            members: members.collect(),
        }
    }
}
