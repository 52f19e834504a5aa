//! Round robin and least connections: everyone gets the share that the weights say.

use crate::drive::*;
use proptest::prelude::*;
use squall_balance::{AdminState, Algorithm};

/// Checks after every pick of a stretch that no member is off its share by more than so many tenths of a pick.
fn within(weights: &[u64], picked: &[usize], tenths: u64) -> Result<(), TestCaseError> {
    let total: u64 = weights.iter().sum();
    let mut counts = vec![0; weights.len()];
    for (done, member) in picked.iter().enumerate() {
        counts[*member] += 1;
        for (count, weight) in counts.iter().zip(weights) {
            let off = (count * total).abs_diff((done as u64 + 1) * weight);
            prop_assert!(off * 10 < total * tenths, "{counts:?} for {weights:?} after {}", done + 1);
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn after_any_number_of_picks_every_member_is_within_one_of_its_share(
        weights in prop::collection::vec(1u32..=1000, 1..12),
        small in prop::collection::vec(1u32..=4, 1..12),
    ) {
        for weights in [weights, small] {
            let mut pool = pool(Algorithm::RoundRobin, &weights);
            let picked: Vec<usize> = (1..=600).filter_map(|c| open(&mut pool, 0, c)).collect();
            let weights: Vec<u64> = weights.into_iter().map(u64::from).collect();
            prop_assert_eq!(picked.len(), 600);
            within(&weights, &picked, 10)?;
        }
    }

    /// One for what was owed before a stretch, and one for what is after it.
    #[test]
    fn every_stretch_between_changes_has_its_shares_within_two_of_which_one_is_from_before(
        weights in prop::collection::vec(1u32..=50, 2..30),
        stretches in prop::collection::vec((any::<u64>(), 1u64..120), 1..12),
    ) {
        let mut pool = pool(Algorithm::RoundRobin, &weights);
        let mut connection = 0;
        for (mask, picks) in stretches {
            for member in pool.members() {
                let up = mask >> member.index() & 1 == 1;
                pool.set_admin(0, member, if up { AdminState::Up } else { AdminState::Drain });
            }
            let weight = |(index, weight): (usize, &u32)| u64::from(*weight) * (mask >> index & 1);
            let now: Vec<u64> = weights.iter().enumerate().map(weight).collect();
            let mut pick = || {
                connection += 1;
                open(&mut pool, 0, connection)
            };
            let picked: Vec<usize> = (0..picks).filter_map(|_| pick()).collect();
            let any = now.iter().any(|weight| *weight > 0);
            prop_assert_eq!(picked.len() as u64, if any { picks } else { 0 });
            within(&now, &picked, 20)?;
        }
    }

    #[test]
    fn least_connections_keeps_every_load_in_proportion_to_the_weight(
        weights in prop::collection::vec(1u32..=20, 1..10),
        connections in 1u64..500,
    ) {
        let mut pool = pool(Algorithm::LeastConnections, &weights);
        let mut active = vec![0u64; weights.len()];
        for connection in 1..=connections {
            let chosen = open(&mut pool, 0, connection).expect("a member");
            let load = |index: usize, by: usize| active[index] * u64::from(weights[by]);
            prop_assert!((0..weights.len()).all(|other| load(chosen, other) <= load(other, chosen)));
            active[chosen] += 1;
        }
    }
}

#[test]
fn a_small_weight_has_its_turn_even_while_another_member_comes_and_goes() {
    let mut pool = pool(Algorithm::RoundRobin, &[1, 9, 9, 5]);
    let flapping = id(&pool, 3);
    let mut counts = [0u64; 4];
    for connection in 0..4_000 {
        if connection % 5 == 0 {
            let state = if connection % 10 == 0 { AdminState::Drain } else { AdminState::Up };
            pool.set_admin(0, flapping, state);
        }
        counts[open(&mut pool, 0, connection).expect("a member")] += 1;
    }
    // In half of the picks it is one of 19, in the other half one of 24.
    let share = 4_000 / 38 + 4_000 / 48;
    assert!(counts[0].abs_diff(share) * 10 < share, "{counts:?}");
}

#[test]
fn members_that_leave_after_their_turn_do_not_make_the_others_late() {
    let mut weights = [1u32; 61];
    weights[60] = 1000;
    let mut pool = pool(Algorithm::RoundRobin, &weights);
    let heavy = id(&pool, 60);
    pool.set_admin(0, heavy, AdminState::Drain);
    let first: Vec<usize> = (1..=30).filter_map(|connection| open(&mut pool, 0, connection)).collect();
    for member in pool.members() {
        let stays = member == heavy || !first.contains(&member.index());
        pool.set_admin(0, member, if stays { AdminState::Up } else { AdminState::Drain });
    }
    let weight = |index: usize| if first.contains(&index) { 0 } else { u64::from(weights[index]) };
    let picked: Vec<usize> = (31..=2_000).filter_map(|connection| open(&mut pool, 0, connection)).collect();
    within(&(0..61).map(weight).collect::<Vec<_>>(), &picked, 20).expect("in time");
}

#[test]
fn members_without_connections_take_turns_by_weight() {
    let mut pool = pool(Algorithm::LeastConnections, &[5, 1, 1]);
    let turns: Vec<usize> = (1..=14).filter_map(|connection| touch(&mut pool, 0, connection)).collect();
    assert_eq!(turns, [0, 0, 1, 0, 0, 2, 0, 0, 0, 1, 0, 0, 2, 0]);
}

#[test]
fn least_connections_refills_where_connections_ended() {
    let mut pool = pool(Algorithm::LeastConnections, &[1, 1, 1]);
    for connection in 1..=9 {
        open(&mut pool, 0, connection);
    }
    let [first, third] = [id(&pool, 0), id(&pool, 2)];
    pool.closed(0, third);
    pool.closed(0, third);
    pool.closed(0, first);
    let picks: Vec<usize> = (10..=11).filter_map(|connection| open(&mut pool, 0, connection)).collect();
    assert_eq!(picks[0], 2);
    assert!(picks[1] == 0 || picks[1] == 2);
}

#[test]
fn random_picks_come_by_weight() {
    let weights = [1u32, 2, 3, 4];
    let mut pool = pool(Algorithm::Random, &weights);
    let mut counts = [0f64; 4];
    for connection in 0..100_000 {
        counts[open(&mut pool, 0, connection).expect("a member")] += 1.0;
    }
    for (count, weight) in counts.into_iter().zip(weights) {
        let p = f64::from(weight) / 10.0;
        let sigma = (100_000.0 * p * (1.0 - p)).sqrt();
        assert!((count - 100_000.0 * p).abs() < 4.0 * sigma, "{counts:?}");
    }
}
