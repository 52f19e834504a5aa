//! What a pool is made of: members, health checks, ejection, slow start.

use crate::algorithm::Algorithm;
use std::collections::BTreeSet;
use std::time::Duration;

/// The largest weight a member may have.
pub const MAX_WEIGHT: u32 = 1000;

/// A member as it was asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MemberConfig {
    /// Its name, by which source hashing knows it, usually its address. Unique in the pool.
    pub name: String,
    /// Its share against the others, at most [`MAX_WEIGHT`]. A member of weight 0 is never picked, not even when it is the
    /// only one left.
    pub weight: u32,
    /// The most connections it may have at once, dials under way included; without one, any number.
    pub max_connections: Option<u64>,
}

impl MemberConfig {
    /// A member of weight 1 without a limit.
    pub fn new(name: impl Into<String>) -> MemberConfig {
        MemberConfig { name: name.into(), weight: 1, max_connections: None }
    }

    /// Sets its share against the others, 0 to [`MAX_WEIGHT`].
    #[must_use]
    pub fn weight(self, weight: u32) -> MemberConfig {
        MemberConfig { weight, ..self }
    }

    /// Sets the most connections it may have at once, at least 1.
    #[must_use]
    pub fn max_connections(self, limit: u64) -> MemberConfig {
        MemberConfig { max_connections: Some(limit), ..self }
    }
}

/// How members are probed. A member counts as healthy until `fall` probes in a row have failed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HealthCheck {
    /// From the start of one probe to the start of the next, which waits for the one before it to end.
    pub interval: Duration,
    /// A probe that takes longer has failed.
    pub timeout: Duration,
    /// So many successes in a row make an unhealthy member healthy.
    pub rise: u32,
    /// So many failures in a row make a healthy member unhealthy.
    pub fall: u32,
}

impl Default for HealthCheck {
    /// Every 2 s, 1 s to answer, two successes to rise, three failures to fall.
    fn default() -> HealthCheck {
        let (interval, timeout) = (Duration::from_secs(2), Duration::from_secs(1));
        HealthCheck { interval, timeout, rise: 2, fall: 3 }
    }
}

/// When a member is taken out because dials to it fail, and for how long.
///
/// The n-th ejection lasts `base` * n, at most `max`. For every `quiet` that a member spends in service between two
/// ejections, n goes down by one again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ejection {
    /// So many failed dials in a row eject.
    pub failures: u32,
    /// How long the first ejection lasts.
    pub base: Duration,
    /// The longest an ejection may last.
    pub max: Duration,
    /// How long without an ejection makes up for one.
    pub quiet: Duration,
}

impl Default for Ejection {
    /// After 5 failures, for 10 s, at most 5 minutes; a quiet minute makes up for one ejection.
    fn default() -> Ejection {
        let [base, max, quiet] = [10, 300, 60].map(Duration::from_secs);
        Ejection { failures: 5, base, max, quiet }
    }
}

/// What a pool is made of.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PoolConfig {
    /// Its name, part of the key of every draw and of every line of the decision log.
    pub name: String,
    /// The seed of every draw.
    pub seed: u64,
    /// How a member is chosen.
    pub algorithm: Algorithm,
    /// The members, in the order in which they take turns.
    pub members: Vec<MemberConfig>,
    /// Active health checks, if any.
    pub health: Option<HealthCheck>,
    /// Ejection after failed dials, if any.
    pub ejection: Option<Ejection>,
    /// How long a member that comes back takes to rise from a tenth of its weight to all of it; zero for at once.
    pub slow_start: Duration,
}

impl PoolConfig {
    /// A pool named `balance` with the seed 0, without health checks, ejection or slow start.
    pub fn new(algorithm: Algorithm, members: Vec<MemberConfig>) -> PoolConfig {
        PoolConfig {
            name: "balance".to_owned(),
            seed: 0,
            algorithm,
            members,
            health: None,
            ejection: None,
            slow_start: Duration::ZERO,
        }
    }

    /// Whether a pool can be made of this.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn check(&self) -> Result<(), PoolError> {
        if self.members.is_empty() {
            return Err(PoolError::NoMembers);
        }
        let mut names = BTreeSet::new();
        for member in &self.members {
            check_weight(&member.name, member.weight)?;
            if member.max_connections == Some(0) {
                return Err(PoolError::NoConnections { member: member.name.clone() });
            }
            if !names.insert(member.name.as_str()) {
                return Err(PoolError::Duplicate { member: member.name.clone() });
            }
        }
        let zero = |what| Err(PoolError::Zero { what });
        if let Some(HealthCheck { interval, timeout, rise, fall }) = self.health {
            match () {
                () if interval.is_zero() => return zero("the interval of the health checks"),
                () if timeout.is_zero() => return zero("the timeout of the health checks"),
                () if rise == 0 => return zero("the rise of the health checks"),
                () if fall == 0 => return zero("the fall of the health checks"),
                () => {}
            }
        }
        match self.ejection {
            Some(Ejection { failures: 0, .. }) => zero("the number of failures that eject"),
            Some(Ejection { base, .. }) if base.is_zero() => zero("the time of an ejection"),
            Some(Ejection { quiet, .. }) if quiet.is_zero() => zero("the quiet time of ejections"),
            _ => Ok(()),
        }
    }
}

/// The error of a weight that no member may have.
pub(crate) fn check_weight(member: &str, weight: u32) -> Result<(), PoolError> {
    match weight {
        0..=MAX_WEIGHT => Ok(()),
        _ => Err(PoolError::Weight { member: member.to_owned(), weight }),
    }
}

/// Why a pool cannot be made or changed so.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PoolError {
    /// A pool without members.
    #[error("a balancer needs at least one member")]
    NoMembers,
    /// Two members of one name.
    #[error("member {member} is listed twice")]
    Duplicate {
        /// The name.
        member: String,
    },
    /// A weight beyond [`MAX_WEIGHT`].
    #[error("member {member}: the weight {weight} is not among 0 to {MAX_WEIGHT}")]
    Weight {
        /// The member's name.
        member: String,
        /// The weight asked for.
        weight: u32,
    },
    /// A member that may have no connection.
    #[error("member {member}: the connection limit is 0; give it the weight 0 or leave it out")]
    NoConnections {
        /// The member's name.
        member: String,
    },
    /// Something that must be more than nothing.
    #[error("{what} is 0")]
    Zero {
        /// What it is.
        what: &'static str,
    },
    /// An id of another pool.
    #[error("there is no such member")]
    UnknownMember,
}

/// Nanoseconds of a duration, 584 years at the most.
pub(crate) fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(change: impl FnOnce(&mut PoolConfig)) -> String {
        let members = vec![MemberConfig::new("a"), MemberConfig::new("b")];
        let mut config = PoolConfig::new(Algorithm::RoundRobin, members);
        config.health = Some(HealthCheck::default());
        config.ejection = Some(Ejection::default());
        assert_eq!(config.check(), Ok(()));
        change(&mut config);
        config.check().expect_err("a wrong pool").to_string()
    }

    #[test]
    fn what_is_wrong_with_a_pool_is_named() {
        assert_eq!(error(|pool| pool.members.clear()), "a balancer needs at least one member");
        assert_eq!(error(|pool| pool.members[1].name = "a".to_owned()), "member a is listed twice");
        assert_eq!(
            error(|pool| pool.members[1].weight = 1001),
            "member b: the weight 1001 is not among 0 to 1000"
        );
        assert!(error(|pool| pool.members[0].max_connections = Some(0)).contains("member a: the connection"));
        let check = |change: fn(&mut HealthCheck)| error(|pool| pool.health.iter_mut().for_each(change));
        assert_eq!(check(|check| check.rise = 0), "the rise of the health checks is 0");
        assert_eq!(check(|check| check.fall = 0), "the fall of the health checks is 0");
        assert_eq!(check(|check| check.interval = Duration::ZERO), "the interval of the health checks is 0");
        assert_eq!(check(|check| check.timeout = Duration::ZERO), "the timeout of the health checks is 0");
        let eject = |change: fn(&mut Ejection)| error(|pool| pool.ejection.iter_mut().for_each(change));
        assert_eq!(eject(|ejection| ejection.failures = 0), "the number of failures that eject is 0");
        assert_eq!(eject(|ejection| ejection.base = Duration::ZERO), "the time of an ejection is 0");
        assert_eq!(eject(|ejection| ejection.quiet = Duration::ZERO), "the quiet time of ejections is 0");
    }
}
