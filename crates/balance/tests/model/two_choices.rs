//! p2c: two draws keep the load level where one does not.

use crate::drive::*;
use squall_balance::{Algorithm, Arrival, MemberId, Pool};

const MEMBERS: usize = 500;

/// The most connections of a member after so many picks per member, none of which ended.
fn most(algorithm: Algorithm, seed: u64, per_member: usize) -> u64 {
    let mut config = config(algorithm, &[1; MEMBERS]);
    config.seed = seed;
    let mut pool = Pool::new(config, 0).expect("a pool");
    for connection in 0..MEMBERS * per_member {
        open(&mut pool, 0, connection as u64).expect("a member");
    }
    pool.snapshot().members.iter().map(|member| member.active).max().unwrap_or_default()
}

#[test]
fn the_fullest_member_stays_near_the_mean_where_random_runs_away() {
    for seed in 0..5 {
        // ln ln 500 / ln 2 is 2.6, and the mean is 1, then 20.
        assert!(most(Algorithm::P2c, seed, 1) <= 4);
        assert!(most(Algorithm::Random, seed, 1) >= 5);
        assert!(most(Algorithm::P2c, seed, 20) <= 20 + 4);
        assert!(most(Algorithm::Random, seed, 20) >= 20 + 10);
    }
}

#[test]
fn of_the_two_it_drew_it_takes_the_one_with_fewer_connections_for_its_weight() {
    let weights = [1, 2, 3, 4, 5, 6];
    let mut pool = pool(Algorithm::P2c, &weights);
    let mut active = [0u32; 6];
    for connection in 0..1_000 {
        let pick = pool.pick(0, Arrival::new(connection));
        let [Some(first), Some(second)] = pick.candidates.map(|drawn| drawn.map(MemberId::index)) else {
            panic!("two candidates, not {:?}", pick.candidates);
        };
        assert_ne!(first, second);
        let fewer = active[second] * weights[first] < active[first] * weights[second];
        let chosen = pick.member.map(MemberId::index).expect("a member");
        assert_eq!(chosen, if fewer { second } else { first });
        active[chosen] += 1;
    }
    for (count, weight) in active.into_iter().zip(weights) {
        let share = 1_000 * weight / 21;
        assert!(count.abs_diff(share) * 10 <= share, "{active:?}");
    }
}

#[test]
fn the_only_member_left_is_taken_without_a_second() {
    let mut pool = pool(Algorithm::P2c, &[1, 1, 1]);
    let tried: Vec<MemberId> = pool.members().take(2).collect();
    let pick = pool.pick(0, Arrival::new(1).tried(&tried));
    assert_eq!(pick.candidates, [Some(id(&pool, 2)), None]);
    assert_eq!(pick.member, Ok(id(&pool, 2)));
}
