//! What an operator may ask of a balancer while it runs.

use super::balancer::Balancer;
use super::builder::Balance;
use super::departed::Departed;
use crate::error::ProxyError;
use crate::link::Link;
use crate::metrics::{MemberMetrics, Metrics};
use squall_balance::{AdminState, Algorithm, PoolError, Snapshot};
use squall_wire::Address;
use std::fmt;
use std::sync::Arc;

/// Speaks for an operator: shows members, and puts them in and out of service. Cheap to clone; it does not keep the link up.
#[derive(Clone)]
pub struct BalancerHandle {
    link: Arc<Link>,
    balancer: Arc<Balancer>,
    /// Where the link listens.
    address: Address,
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
    pub(crate) fn new(link: Arc<Link>, balancer: Arc<Balancer>, address: Address) -> BalancerHandle {
        BalancerHandle { link, balancer, address }
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

    /// A cheap handle that reads the counts of the link, also after that is gone.
    pub fn meter(&self) -> impl Fn() -> Metrics + Send + Sync + Clone + 'static {
        let link = self.link.clone();
        move || link.metrics()
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

    /// Makes the pool what `wanted` says while connections run through it: members, weights, limits, the algorithm, probes,
    /// ejection, slow start and retries. Members are told apart by name. One that stays keeps its connections, its health and what an
    /// operator wants of it; an operator's weight holds until `wanted` has another one than the last time. One with another
    /// address is another server: nothing is known of its health, and connections to the old one are those of a member that has
    /// left. One that is not mentioned leaves: it gets no new connections, and those that it has go on until the
    /// [`Departed`] that this returns are drained. The log of picks stays that which the balancer was started with.
    ///
    /// Faults of members that have left stay; [`Proxy::clear`](crate::Proxy::clear) takes them off.
    ///
    /// # Errors
    /// Where no pool can be made of `wanted`, or a member is the link itself. Nothing has changed then.
    pub fn change(&self, wanted: Balance) -> Result<Departed, ProxyError> {
        if wanted.leads_to(&self.address) {
            return Err(ProxyError::Loop { name: self.name().to_owned(), addr: self.address.clone() });
        }
        let departures = self.balancer.change(&self.link, wanted.wanted(&self.link.id))?;
        Ok(Departed::new(self.link.clone(), self.balancer.clone(), departures))
    }

    fn find(&self, member: &str) -> Result<squall_balance::MemberId, BalanceError> {
        self.balancer.find(member).ok_or_else(|| BalanceError::unknown(member, &self.balancer.names()))
    }
}

impl fmt::Debug for BalancerHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("BalancerHandle").field(&self.name()).finish()
    }
}
