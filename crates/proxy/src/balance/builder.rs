//! A pool as it is asked for.

use super::balancer::{Balancer, Wanted};
use super::check::Check;
use super::picks::Picks;
use crate::error::ProxyError;
use squall_balance::{Algorithm, Ejection, HealthCheck, MemberConfig, PoolConfig};
use squall_faults::LinkId;
use squall_wire::Address;
use std::sync::Arc;
use std::time::Duration;

/// A member of a pool: a server, its name and its share.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Member {
    address: Address,
    config: MemberConfig,
}

impl Member {
    /// A member of weight 1 that is named after its address.
    pub fn new(address: impl Into<Address>) -> Member {
        let address = address.into();
        Member { config: MemberConfig::new(address.to_string()), address }
    }

    /// The name it goes by, unique in the pool; source hashing knows members by their names.
    #[must_use]
    pub fn name(mut self, name: &str) -> Member {
        name.clone_into(&mut self.config.name);
        self
    }

    /// Whether it goes by this name.
    pub fn is_named(&self, name: &str) -> bool {
        self.config.name == name
    }

    /// Its share against the others, 0 to 1000.
    #[must_use]
    pub fn weight(mut self, weight: u32) -> Member {
        self.config.weight = weight;
        self
    }

    /// The most connections that it may have at once, at least 1; no limit by default.
    #[must_use]
    pub fn max_connections(mut self, limit: u64) -> Member {
        self.config.max_connections = Some(limit);
        self
    }
}

/// How many more members a connection is tried on by default.
const RETRIES: u32 = 3;

/// The members among which a link picks, and how; see [`Proxy::balance`](crate::Proxy::balance).
#[derive(Clone, Debug)]
#[must_use = "a pool does nothing until a proxy is started with it"]
pub struct Balance {
    algorithm: Algorithm,
    members: Vec<Member>,
    health: Option<(HealthCheck, Check)>,
    ejection: Option<Ejection>,
    slow_start: Duration,
    retries: Option<u32>,
    picks: Option<Picks>,
}

impl Balance {
    /// No members yet; failing dials eject as [`Ejection::default`] says.
    pub fn new(algorithm: Algorithm) -> Balance {
        Balance {
            algorithm,
            members: Vec::new(),
            health: None,
            ejection: Some(Ejection::default()),
            slow_start: Duration::ZERO,
            retries: None,
            picks: None,
        }
    }

    /// One more member. Members take turns in the order in which they are added.
    pub fn member(mut self, member: impl Into<Member>) -> Balance {
        self.members.push(member.into());
        self
    }

    /// Probes every member; none by default.
    pub fn health(self, rule: HealthCheck, check: Check) -> Balance {
        Balance { health: Some((rule, check)), ..self }
    }

    /// When members are taken out because dials fail, and for how long; never with `None`.
    pub fn ejection(self, rule: impl Into<Option<Ejection>>) -> Balance {
        Balance { ejection: rule.into(), ..self }
    }

    /// How long a member that comes back takes to rise to all of its weight; no time by default.
    pub fn slow_start(self, length: Duration) -> Balance {
        Balance { slow_start: length, ..self }
    }

    /// On how many more members a connection is tried after a dial that failed; 3 by default, or as many as there are others.
    pub fn dial_retries(self, retries: u32) -> Balance {
        Balance { retries: Some(retries), ..self }
    }

    /// Writes every pick into `log`.
    pub fn picks(self, log: Picks) -> Balance {
        Balance { picks: Some(log), ..self }
    }

    pub(crate) fn build(self, link: &LinkId, now: u64) -> Result<Balancer, ProxyError> {
        let picks = self.picks.clone();
        Ok(Balancer::new(self.wanted(link), picks, now)?)
    }

    /// What the balancer of a link is to be.
    pub(super) fn wanted(self, link: &LinkId) -> Wanted {
        let others = u32::try_from(self.members.len()).unwrap_or(u32::MAX).saturating_sub(1);
        let (members, addresses) = self
            .members
            .into_iter()
            .map(|member| {
                let name: Arc<str> = member.config.name.as_str().into();
                (member.config, (name, member.address))
            })
            .unzip();
        let config = PoolConfig {
            name: link.name.to_string(),
            seed: link.seed,
            algorithm: self.algorithm,
            members,
            health: self.health.as_ref().map(|(rule, _)| *rule),
            ejection: self.ejection,
            slow_start: self.slow_start,
        };
        let retries = self.retries.unwrap_or_else(|| others.min(RETRIES));
        Wanted { config, addresses, check: self.health.map(|(_, check)| check), retries }
    }

    /// Whether a member leads to `address` itself.
    pub(crate) fn leads_to(&self, address: &Address) -> bool {
        self.members.iter().any(|member| member.address.is_same(address))
    }
}

impl<A: Into<Address>> From<A> for Member {
    fn from(address: A) -> Member {
        Member::new(address)
    }
}
