//! What an operator may ask of a balancer while it runs.

use super::balancer::Balancer;
use crate::link::Link;
use crate::metrics::MemberMetrics;
use squall_balance::{AdminState, Algorithm, PoolError, Snapshot};
use std::fmt;
use std::sync::Arc;

/// Speaks for an operator: shows members, and puts them in and out of service. Cheap to clone; it does not keep the link up.
#[derive(Clone)]
pub struct BalancerHandle {
    link: Arc<Link>,
    balancer: Arc<Balancer>,
}

fn known(members: &[String]) -> String {
    match members {
        [] => "the link has no members".to_owned(),
        members => format!("members are {}", members.join(", ")),
    }
}

/// Why an operator's wish cannot be fulfilled.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BalanceError {
    /// No member has the name.
    #[error("there is no member `{name}`; {}", known(.members))]
    UnknownMember {
        /// What was asked for.
        name: String,
        /// The names that there are.
        members: Vec<String>,
    },
    /// The pool does not take it.
    #[error(transparent)]
    Pool(#[from] PoolError),
}

impl BalanceError {
    pub(crate) fn unknown(name: &str, members: &[Arc<str>]) -> BalanceError {
        let members = members.iter().map(|name| name.to_string()).collect();
        BalanceError::UnknownMember { name: name.to_owned(), members }
    }
}

impl BalancerHandle {
    pub(crate) fn new(link: Arc<Link>, balancer: Arc<Balancer>) -> BalancerHandle {
        BalancerHandle { link, balancer }
    }

    /// The balancer's name, which is its link's.
    pub fn name(&self) -> &str {
        &self.link.id.name
    }

    /// How members are chosen.
    pub fn algorithm(&self) -> Algorithm {
        self.snapshot().algorithm
    }

    /// The members now.
    pub fn members(&self) -> Vec<MemberMetrics> {
        self.balancer.metrics(self.link.now().as_nanos())
    }

    /// The pool now.
    pub fn snapshot(&self) -> Snapshot {
        self.balancer.snapshot(self.link.now().as_nanos())
    }

    /// Puts a member in service as its health allows (`Up`), gives it no new connections and lets those that it has go on
    /// (`Drain`), or ends those, too (`Down`). A connection that is only being made to it goes to another member instead.
    ///
    /// # Errors
    /// Where there is no such member.
    pub fn set_state(&self, member: &str, state: AdminState) -> Result<(), BalanceError> {
        let id = self.find(member)?;
        self.balancer.set_admin(&self.link, id, state);
        Ok(())
    }

    /// Gives a member another weight, 0 to 1000; at 0 it gets no new connections.
    ///
    /// # Errors
    /// Where there is no such member, or no such weight. Nothing has changed then.
    pub fn set_weight(&self, member: &str, weight: u32) -> Result<(), BalanceError> {
        let id = self.find(member)?;
        Ok(self.balancer.set_weight(&self.link, id, weight)?)
    }

    fn find(&self, member: &str) -> Result<squall_balance::MemberId, BalanceError> {
        self.balancer.find(member).ok_or_else(|| BalanceError::unknown(member, &self.balancer.names))
    }
}

impl fmt::Debug for BalancerHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("BalancerHandle").field(&self.name()).finish()
    }
}
