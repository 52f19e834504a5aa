//! Members drawn by weight.

use super::View;
use crate::key::Lane;
use crate::member::{Member, UNIT};

/// How often a draw is repeated that fell on a member which takes no connections.
const TRIES: u64 = 16;

/// Draws set aside for one member.
const SLOTS: u64 = 2 * TRIES + 1;

/// All members side by side, each as wide as its weight, and those that have left without any.
///
/// A draw that falls on a member out of service is repeated; only the draws that fell there change when it goes, and all
/// others stay.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    /// Where each member ends.
    ends: Vec<u64>,
}

impl Table {
    pub(crate) fn new(members: &[Member]) -> Table {
        let mut end = 0;
        let width = |member: &Member| if member.departure.is_some() { 0 } else { member.config.weight };
        let widths = members.iter().map(|member| u64::from(width(member)));
        let add = |width| {
            end += width;
            end
        };
        Table { ends: widths.map(add).collect() }
    }

    /// Draws a member other than `except`; `nth` tells several draws of one pick apart.
    pub(crate) fn draw(&self, view: &View<'_>, lane: Lane, nth: u64, except: Option<usize>) -> Option<usize> {
        let total = self.ends.last().copied().filter(|total| *total > 0)?;
        let units = |index| if Some(index) == except { 0 } else { view.units(index) };
        let slot = nth * SLOTS;
        for round in 0..TRIES {
            let place = lane.below(slot + 2 * round, total);
            let index = self.ends.partition_point(|end| *end <= place);
            let full = u64::from(view.members[index].config.weight) * UNIT;
            // In a slow start, a member turns some of its draws away.
            if lane.below(slot + 2 * round + 1, full) < units(index) {
                return Some(index);
            }
        }
        // Few are left: draw among just these.
        let open =
            || (0..view.members.len()).map(|index| (index, units(index))).filter(|(_, units)| *units > 0);
        let mut place = lane.below(slot + 2 * TRIES, open().map(|(_, units)| units).sum());
        for (index, units) in open() {
            match place.checked_sub(units) {
                Some(left) => place = left,
                None => return Some(index),
            }
        }
        None
    }

    /// Two members by weight; the first of them has fewer connections for its weight, or as many and was drawn first.
    pub(crate) fn two(&self, view: &View<'_>, lane: Lane) -> Option<(usize, [Option<usize>; 2])> {
        let first = self.draw(view, lane, 0, None)?;
        let second = self.draw(view, lane, 1, Some(first));
        let less = second.filter(|second| view.less_loaded(*second, first));
        Some((less.unwrap_or(first), [Some(first), second]))
    }
}
