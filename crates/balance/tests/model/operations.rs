//! Under any sequence of operations, only members that may be picked are.

use crate::drive::*;
use proptest::prelude::*;
use squall_balance::{AdminState, Algorithm, Arrival, Ejection, HealthCheck, MemberId, Pool};
use std::time::Duration;

#[derive(Clone, Debug)]
enum Deed {
    Pick { tried: Vec<usize> },
    Connected(usize),
    Failed(usize),
    Closed(usize),
    Admin(usize, AdminState),
    Weight(usize, u32),
    Probe(usize, bool),
    Wait(u64),
}

fn deeds(members: usize) -> impl Strategy<Value = Vec<Deed>> {
    let who = 0..members;
    let state = prop::sample::select(AdminState::ALL.to_vec());
    prop::collection::vec(
        prop_oneof![
            6 => prop::collection::vec(who.clone(), 0..3).prop_map(|tried| Deed::Pick { tried }),
            1 => who.clone().prop_map(Deed::Connected),
            4 => who.clone().prop_map(Deed::Failed),
            3 => who.clone().prop_map(Deed::Closed),
            1 => (who.clone(), state).prop_map(|(who, state)| Deed::Admin(who, state)),
            1 => (who.clone(), 0u32..4).prop_map(|(who, weight)| Deed::Weight(who, weight)),
            3 => (who, any::<bool>()).prop_map(|(who, ok)| Deed::Probe(who, ok)),
            3 => (0u64..8 * SECOND).prop_map(Deed::Wait),
        ],
        1..200,
    )
}

/// A member as plainly as it can be told.
#[derive(Clone, Default)]
struct Plain {
    state: AdminState,
    weight: u32,
    limit: Option<u64>,
    active: u64,
    failed: u32,
    back_at: u64,
    times: u64,
    served_since: u64,
    unhealthy: bool,
    against: u32,
}

impl Plain {
    fn may_be_picked(&self, now: u64) -> bool {
        let fit = self.state == AdminState::Up && self.weight > 0 && !self.unhealthy && now >= self.back_at;
        fit && self.limit.is_none_or(|limit| self.active < limit)
    }

    fn fail(&mut self, now: u64) {
        self.active = self.active.saturating_sub(1);
        if now < self.back_at {
            return;
        }
        self.served_since = self.served_since.max(self.back_at);
        self.failed += 1;
        if self.failed == 2 {
            self.failed = 0;
            self.times = self.times.saturating_sub((now - self.served_since) / (6 * SECOND)) + 1;
            self.back_at = now + (2 * SECOND * self.times).min(5 * SECOND);
        }
    }

    fn probed(&mut self, ok: bool) {
        let against = ok == self.unhealthy;
        self.against = if against { self.against + 1 } else { 0 };
        if self.against == 2 {
            self.unhealthy = !self.unhealthy;
            self.against = 0;
        }
    }
}

fn pool_of(algorithm: Algorithm, limits: &[Option<u64>], slow_start: u64) -> Pool {
    let mut config = config(algorithm, &vec![1; limits.len()]);
    for (member, limit) in config.members.iter_mut().zip(limits) {
        member.max_connections = *limit;
    }
    let seconds = Duration::from_secs;
    config.slow_start = seconds(slow_start);
    config.health =
        Some(HealthCheck { interval: Duration::from_nanos(1), timeout: seconds(1), rise: 2, fall: 2 });
    config.ejection = Some(Ejection { failures: 2, base: seconds(2), max: seconds(5), quiet: seconds(6) });
    Pool::new(config, 0).expect("a pool")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_pick_is_a_member_that_may_be_picked_and_there_is_one_if_there_can_be(
        algorithm in prop::sample::select(Algorithm::ALL.to_vec()),
        limits in prop::collection::vec(prop::option::of(1u64..4), 5),
        slow_start in 0u64..4,
        deeds in deeds(5),
    ) {
        let mut pool = pool_of(algorithm, &limits, slow_start);
        let plain = |limit| Plain { weight: 1, limit, ..Plain::default() };
        let mut members: Vec<Plain> = limits.into_iter().map(plain).collect();
        let mut now = SECOND;
        for (number, deed) in deeds.into_iter().enumerate() {
            match deed {
                Deed::Pick { tried } => {
                    let ids: Vec<MemberId> = tried.iter().map(|index| id(&pool, *index)).collect();
                    let picked = pool.pick(now, Arrival::new(number as u64).tried(&ids)).member.map(MemberId::index);
                    let may = |index: usize| members[index].may_be_picked(now) && !tried.contains(&index);
                    match picked {
                        Ok(index) => {
                            prop_assert!(may(index), "{index} was picked");
                            members[index].active += 1;
                        }
                        Err(none) => {
                            prop_assert!(!(0..5).any(may), "{none}");
                            prop_assert_eq!(none.conditions.values().sum::<u32>(), 5);
                        }
                    }
                }
                Deed::Connected(index) => {
                    pool.connected(now, id(&pool, index));
                    members[index].failed = 0;
                }
                Deed::Failed(index) => {
                    pool.connect_failed(now, id(&pool, index));
                    members[index].fail(now);
                }
                Deed::Closed(index) => {
                    pool.closed(now, id(&pool, index));
                    members[index].active = members[index].active.saturating_sub(1);
                }
                Deed::Admin(index, state) => {
                    pool.set_admin(now, id(&pool, index), state);
                    members[index].state = state;
                }
                Deed::Weight(index, weight) => {
                    prop_assert!(pool.set_weight(now, id(&pool, index), weight).is_ok());
                    members[index].weight = weight;
                }
                Deed::Probe(index, ok) => {
                    now += 1;
                    if pool.begin_probe(now, id(&pool, index)).is_some() {
                        pool.probe_done(now, id(&pool, index), ok);
                        members[index].probed(ok);
                    }
                }
                Deed::Wait(time) => now += time,
            }
            pool.advance(now);
            for (index, member) in members.iter().enumerate() {
                let takes = pool.condition(id(&pool, index)).is_some_and(|condition| condition.takes_connections());
                prop_assert_eq!(takes, member.may_be_picked(now), "{}", index);
            }
            let active: Vec<u64> = pool.snapshot().members.iter().map(|member| member.active).collect();
            prop_assert_eq!(active, members.iter().map(|member| member.active).collect::<Vec<_>>());
        }
    }
}
