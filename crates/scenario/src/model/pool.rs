//! A balancer as it was read: its members, and how one of them is picked.

use std::time::Duration;

use squall_balance::{AdminState, Algorithm, Ejection, HealthCheck};
use squall_proxy::{Balance, Check};
use squall_wire::Address;

use super::Upstream;

/// The members of a balancer, and how one of them is picked for each connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pool {
    /// The members, in the order in which they take turns.
    pub members: Vec<Member>,
    /// How one is picked.
    pub algorithm: Algorithm,
    /// How members are probed, where they are.
    pub health: Option<(HealthCheck, Check)>,
    /// When dials that fail take a member out, where they do.
    pub ejection: Option<Ejection>,
    /// How long a member that comes back takes to rise to all of its weight.
    pub slow_start: Duration,
    /// On how many more members a connection is tried, where that is told.
    pub retries: Option<u32>,
}

/// A member of a balancer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Its name in the balancer.
    pub name: String,
    /// Whom it stands for: anything but another pool.
    pub to: Upstream,
    /// Its share against the others.
    pub weight: u32,
    /// How many connections it may have at once, where that is bounded.
    pub max_connections: Option<u64>,
}

/// What a step wants of a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnMember {
    /// The balancer's name.
    pub balancer: String,
    /// The member's name.
    pub member: String,
    /// The state that it is to be in, where that changes.
    pub state: Option<AdminState>,
    /// The weight that it is to have, where that changes.
    pub weight: Option<u32>,
}

impl Pool {
    /// The pool that is yet to be started; `address` knows where members are.
    pub fn build(&self, address: impl Fn(&Upstream) -> Address) -> Balance {
        let member = |member: &Member| {
            let built = squall_proxy::Member::new(address(&member.to)).name(&member.name);
            let built = built.weight(member.weight);
            match member.max_connections {
                Some(limit) => built.max_connections(limit),
                None => built,
            }
        };
        let mut balance = self.members.iter().map(member).fold(Balance::new(self.algorithm), Balance::member);
        balance = balance.ejection(self.ejection).slow_start(self.slow_start);
        if let Some((rule, check)) = &self.health {
            balance = balance.health(*rule, check.clone());
        }
        match self.retries {
            Some(retries) => balance.dial_retries(retries),
            None => balance,
        }
    }
}
