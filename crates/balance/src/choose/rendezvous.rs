//! The member that belongs to a source: every member draws for it, and the best draw for its weight wins.

use super::View;
use super::log2::{neg_log2, neg_log2_floor};
use crate::key::Lane;

/// One lane of draws for each member, known by its name, so that the order of the list does not matter.
///
/// A member's mark for a source is −log2(draw)/weight: exponentially distributed with the weight as its rate, so each has
/// the lowest with the probability of its share. When a member leaves, the other marks are what they were.
#[derive(Clone, Debug)]
pub(crate) struct Rendezvous {
    lanes: Vec<Lane>,
}

impl Rendezvous {
    pub(crate) fn new(lanes: Vec<Lane>) -> Rendezvous {
        Rendezvous { lanes }
    }

    /// The member with the lowest mark for the source with this number.
    pub(crate) fn find(&self, view: &View<'_>, source: u64) -> Option<usize> {
        struct Best {
            cost: u64,
            units: u64,
            index: usize,
        }
        let mut best: Option<Best> = None;
        for (index, units) in view.open() {
            let draw = self.lanes[index].draw(source);
            // cost / units < best.cost / best.units, without dividing
            let wins = |cost: u64, best: &Best| {
                let (ours, theirs) =
                    (u128::from(cost) * u128::from(best.units), u128::from(best.cost) * u128::from(units));
                ours < theirs || ours == theirs && self.lanes[index] < self.lanes[best.index]
            };
            // A logarithm is dear; most members lose already by a bound of theirs.
            if best.as_ref().is_none_or(|best| wins(neg_log2_floor(draw), best)) {
                let cost = neg_log2(draw);
                if best.as_ref().is_none_or(|best| wins(cost, best)) {
                    best = Some(Best { cost, units, index });
                }
            }
        }
        best.map(|best| best.index)
    }
}
