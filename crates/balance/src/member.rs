//! A member: what it was asked to be, what it is, and what it did.

use crate::condition::{AdminState, Condition};
use crate::config::MemberConfig;
use crate::health::Health;
use crate::passive::Passive;

/// The weight of 1 in the units of all reckoning, so that a slow start has steps in between.
pub(crate) const UNIT: u64 = 1 << 20;

/// The share of its weight with which a member comes back.
const LEAST: u64 = UNIT / 10;

#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub(crate) config: MemberConfig,
    /// The weight that its configuration had last, whatever an operator has made of it.
    pub(crate) asked: u32,
    /// Its place in the configuration, by which it is shown.
    pub(crate) place: usize,
    /// Which departure it has made, where it has left the pool.
    pub(crate) departure: Option<u64>,
    pub(crate) admin: AdminState,
    pub(crate) health: Option<Health>,
    pub(crate) passive: Passive,
    /// When its slow start began.
    pub(crate) rising_since: Option<u64>,
    pub(crate) active: u64,
    pub(crate) picks: u64,
    pub(crate) failures: u64,
    /// The number of the last pick that was not to have it. Spares every other member the search in a list.
    pub(crate) barred: u64,
}

impl Member {
    pub(crate) fn new(config: MemberConfig, health: Option<Health>, now: u64) -> Member {
        Member {
            asked: config.weight,
            place: 0,
            departure: None,
            config,
            admin: AdminState::Up,
            health,
            passive: Passive::new(now),
            rising_since: None,
            active: 0,
            picks: 0,
            failures: 0,
            barred: 0,
        }
    }

    /// Its condition, apart from how many connections it has.
    fn standing(&self) -> Condition {
        match self.admin {
            // Nobody is shown one that has left, and it is as closed as one that was taken down.
            _ if self.departure.is_some() => Condition::Down,
            AdminState::Down => Condition::Down,
            AdminState::Drain => Condition::Drain,
            AdminState::Up if self.health.as_ref().is_some_and(|health| !health.is_healthy()) => {
                Condition::Unhealthy
            }
            AdminState::Up if self.passive.until().is_some() => Condition::Ejected,
            AdminState::Up if self.config.weight == 0 => Condition::Weightless,
            AdminState::Up if self.rising_since.is_some() => Condition::SlowStart,
            AdminState::Up => Condition::Up,
        }
    }

    /// Whether it takes connections, full or not.
    pub(crate) fn in_service(&self) -> bool {
        self.standing().takes_connections()
    }

    pub(crate) fn condition(&self) -> Condition {
        let full = self.config.max_connections.is_some_and(|limit| self.active >= limit);
        match self.standing() {
            Condition::Up | Condition::SlowStart if full => Condition::Full,
            standing => standing,
        }
    }

    /// Its weight in units, less in a slow start that takes `slow_start` nanoseconds, and at least 1 where it has any.
    pub(crate) fn units(&self, now: u64, slow_start: u64) -> u64 {
        let share = match self.rising_since {
            Some(since) if slow_start > 0 => {
                let risen = u128::from(now.saturating_sub(since).min(slow_start));
                LEAST + (u128::from(UNIT - LEAST) * risen / u128::from(slow_start)) as u64
            }
            _ => UNIT,
        };
        u64::from(self.config.weight) * share
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_start_rises_from_a_tenth_to_all_and_never_falls() {
        let mut member = Member::new(MemberConfig::new("a").weight(7), None, 0);
        let (begin, length) = (1_000, 1_000_000);
        assert_eq!(member.units(begin, length), 7 * UNIT);
        member.rising_since = Some(begin);
        assert_eq!(member.units(begin, length), 7 * LEAST);
        let steps: Vec<u64> = (0..=1_100).map(|step| member.units(begin + step * 1_000, length)).collect();
        assert!(steps.is_sorted());
        assert_eq!(steps[500] / 7, LEAST + (UNIT - LEAST) / 2);
        assert_eq!((steps[1_000], steps[1_100]), (7 * UNIT, 7 * UNIT));
        assert!(steps[999] < 7 * UNIT);
        // The longest that can be asked for.
        assert_eq!(member.units(u64::MAX, u64::MAX) / 7, UNIT - 1);
    }

    #[test]
    fn the_first_condition_that_applies_is_the_one_shown() {
        let mut member = Member::new(MemberConfig::new("a").max_connections(1), None, 0);
        assert_eq!(member.condition(), Condition::Up);
        member.rising_since = Some(0);
        assert_eq!(member.condition(), Condition::SlowStart);
        member.active = 1;
        assert_eq!(member.condition(), Condition::Full);
        member.config.weight = 0;
        assert_eq!(member.condition(), Condition::Weightless);
        member.admin = AdminState::Drain;
        assert_eq!(member.condition(), Condition::Drain);
        assert!(!member.in_service());
    }
}
