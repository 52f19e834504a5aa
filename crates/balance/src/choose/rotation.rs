//! Taking turns by weight, spread out evenly and never more than one turn ahead or behind.

/// Whose turn it is.
///
/// This is the chairman assignment (Tijdeman 1980). Each turn owes every member its share of one; whoever gets the turn has
/// paid for all of it. Among those who are owed enough, the turn goes to the one who must have it first. The customary
/// rule, the turn to whoever is owed most, can leave a member more than a whole turn behind.
#[derive(Clone, Debug)]
pub(crate) struct Rotation {
    /// What each member is owed, in parts of a turn: `total` of them are one.
    owed: Vec<i128>,
    total: u64,
    /// Whether members came or went since the last turn.
    changed: bool,
}

impl Rotation {
    pub(crate) fn new(members: usize) -> Rotation {
        Rotation { owed: vec![0; members], total: 1, changed: false }
    }

    /// There are so many places for members; whoever comes is owed nothing.
    pub(crate) fn grow(&mut self, members: usize) {
        self.owed.resize(members, 0);
    }

    /// Members came, went, or have another weight for good: what is owed has to be settled.
    pub(crate) fn change(&mut self) {
        self.changed = true;
    }

    /// Settles what is owed where members came or went. `weight` tells the weight of those in service and 0 for others.
    ///
    /// Those who left are owed nothing any more, and what they were owed or had too much is shared by weight. All else is
    /// carried on, so that a small weight gets its turn although others come and go. Only where somebody would now be a turn
    /// ahead, or too many turns due at once, everything owed is halved until neither is so.
    pub(crate) fn settle(&mut self, weight: impl Fn(usize) -> u64) {
        if !self.changed {
            return;
        }
        let weights = (0..self.owed.len()).map(|index| (index, weight(index)));
        let serving: Vec<(usize, u64)> = weights.filter(|(_, weight)| *weight > 0).collect();
        let total: u64 = serving.iter().map(|(_, weight)| weight).sum();
        if total == 0 {
            return;
        }
        self.changed = false;
        self.rescale(total);
        let members = self.owed.len();
        let before = std::mem::replace(&mut self.owed, vec![0; members]);
        let rest: i128 = serving.iter().map(|(index, _)| before[*index]).sum();
        for (index, weight) in &serving {
            self.owed[*index] = before[*index] - rest * i128::from(*weight) / i128::from(total);
        }
        while !self.can_be_paid(&serving) {
            for owed in &mut self.owed {
                *owed /= 2;
            }
        }
    }

    /// Whether nobody is a turn ahead and everyone can have a turn in time from here: whatever the moment, the turns that are
    /// due until then are no more than there are. It always holds where no more than half a turn is owed in all, and between changes it stays true.
    ///
    /// Tijdeman's proof, begun with something owed, asks for this: let T be the members whose first turn is due by the moment
    /// d. Then what T is owed, with 1/(2n-2) for each, is at most one turn more than what others leave to T until d.
    fn can_be_paid(&self, serving: &[(usize, u64)]) -> bool {
        let (parts, total) = (parts(serving.len()), i128::from(self.total));
        let due = |&(index, weight): &(usize, u64)| {
            let left = total * (parts - 1) - self.owed[index] * parts;
            // When its turn is due, rounded down, as a multiple of 1/parts of a turn.
            (left / i128::from(weight), index, weight)
        };
        if serving.iter().any(|(index, _)| self.owed[*index] <= -total) {
            return false;
        }
        let mut by_date: Vec<(i128, usize, u64)> = serving.iter().map(due).collect();
        by_date.sort_unstable();
        let (mut owed, mut others) = (0, total);
        // All together are owed nothing.
        by_date.iter().take(serving.len() - 1).all(|(date, index, weight)| {
            owed += self.owed[*index] * parts + total;
            others -= i128::from(*weight);
            *date >= 0 && owed - others * date <= total * parts
        })
    }

    /// The next turn, among members with their weights. Those who are not listed keep what they are owed.
    pub(crate) fn next(&mut self, among: &[(usize, u64)]) -> Option<usize> {
        let total: u64 = among.iter().map(|(_, weight)| weight).sum();
        if total == 0 {
            return None;
        }
        self.rescale(total);
        for (index, weight) in among {
            self.owed[*index] += i128::from(*weight);
        }
        let chosen = self.first_due(among)?;
        self.owed[chosen] -= i128::from(total);
        Some(chosen)
    }

    /// With n members, one who is owed 1/(2n-2) of a turn may have it, and must before more than 1 - 1/(2n-2) is owed.
    fn first_due(&self, among: &[(usize, u64)]) -> Option<usize> {
        let (parts, total) = (parts(among.len()), i128::from(self.total));
        let mut first: Option<(i128, i128, usize)> = None;
        for &(index, weight) in among.iter().filter(|(index, _)| self.owed[*index] * parts >= total) {
            // In turns: (left / parts) / weight.
            let (left, weight) = (total * (parts - 1) - self.owed[index] * parts, i128::from(weight));
            if first.is_none_or(|(other, of, _)| left * of < other * weight) {
                first = Some((left, weight, index));
            }
        }
        let most = || among.iter().max_by_key(|(index, _)| (self.owed[*index], std::cmp::Reverse(*index)));
        first.map(|(.., index)| index).or_else(|| most().map(|(index, _)| *index))
    }

    /// Makes a turn of `total` parts.
    fn rescale(&mut self, total: u64) {
        if total != self.total {
            let (from, to) = (i128::from(self.total), i128::from(total));
            for owed in &mut self.owed {
                *owed = *owed * to / from;
            }
            self.total = total;
        }
    }
}

/// 2n-2 for n members: the parts of a turn by which lateness is judged.
fn parts(members: usize) -> i128 {
    (2 * members as i128 - 2).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::member::UNIT;
    use proptest::prelude::*;

    fn order(weights: &[u64], turns: usize) -> String {
        let among: Vec<(usize, u64)> = weights.iter().copied().enumerate().collect();
        let mut rotation = Rotation::new(weights.len());
        let turn = |_| char::from(b'a' + rotation.next(&among).expect("a member") as u8);
        (0..turns).map(turn).collect()
    }

    #[test]
    fn turns_are_spread_out() {
        assert_eq!(order(&[1, 1, 1], 7), "abcabca");
        assert_eq!(order(&[5, 1, 1], 14), "aabaacaaabaaca");
        assert_eq!(order(&[1, 2], 6), "babbab");
        assert_eq!(order(&[3], 3), "aaa");
    }

    #[test]
    fn weights_that_put_the_customary_rule_behind_are_served_in_time() {
        // The turn to whoever is owed most would leave one of these 1.04 turns behind.
        let weights = [1, 1, 1, 11, 11];
        let turns = order(&weights, 25);
        for (index, weight) in weights.into_iter().enumerate() {
            for prefix in 1..=turns.len() {
                let had = turns[..prefix].matches(char::from(b'a' + index as u8)).count();
                assert!((had * 25).abs_diff(prefix * weight as usize) < 25, "{turns}");
            }
        }
    }

    /// Settles, and has so many turns among all members with these weights, after each of which nobody may be a whole turn
    /// ahead or behind.
    fn in_time(rotation: &mut Rotation, weight: impl Fn(usize) -> u64, turns: usize) -> Result<(), String> {
        let all = (0..rotation.owed.len()).map(|index| (index, weight(index)));
        let among: Vec<(usize, u64)> = all.filter(|(_, weight)| *weight > 0).collect();
        for _ in 0..turns {
            rotation.settle(&weight);
            let chosen = rotation.next(&among);
            let whole = i128::from(rotation.total);
            if chosen.is_none() != among.is_empty() || rotation.owed.iter().any(|owed| owed.abs() >= whole) {
                return Err(format!("{chosen:?} of {among:?}: {rotation:?}"));
            }
        }
        Ok(())
    }

    #[test]
    fn members_that_are_owed_much_and_then_weigh_more_are_not_late_all_at_once() {
        let mut rotation = Rotation::new(20);
        in_time(&mut rotation, |_| UNIT, 10).expect("a first round");
        // Ten are owed half a turn, and are about to be the only ones that matter.
        rotation.change();
        in_time(&mut rotation, |index| if index < 10 { UNIT } else { 1000 * UNIT }, 100).expect("in time");
    }

    #[test]
    fn a_member_does_not_pay_for_what_others_had_who_left() {
        // Thirty of sixty have had their turn and leave, and the heavy one that stays cannot be as far ahead as all of them.
        let mut rotation = Rotation::new(61);
        in_time(&mut rotation, |index| if index < 60 { UNIT } else { 0 }, 30).expect("a first round");
        rotation.change();
        let stay = |index| {
            if index < 30 {
                0
            } else if index < 60 {
                UNIT
            } else {
                1000 * UNIT
            }
        };
        in_time(&mut rotation, stay, 100).expect("in time");
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

        /// Whoever came or went: counting what was owed before, nobody is ever a whole turn ahead or behind.
        #[test]
        fn nobody_is_a_turn_ahead_or_behind_when_members_come_and_go(
            weights in prop::collection::vec(prop_oneof![1u64..=3, 1u64..=1000], 1..60),
            stretches in prop::collection::vec((any::<u64>(), 0usize..80), 1..20),
        ) {
            let mut rotation = Rotation::new(weights.len());
            for (mask, turns) in stretches {
                rotation.change();
                let weight = |index: usize| if mask >> index & 1 == 1 { weights[index] * UNIT } else { 0 };
                in_time(&mut rotation, weight, turns).map_err(TestCaseError::fail)?;
            }
        }
    }
}
