//! A stretch of time in which the rate goes from one value to another in a straight line, in exact integers.

use super::Rate;

/// Twice the operations of a stretch, in thousandths of an operation per second times nanoseconds: twice, so that the area under
/// a slope is a whole number.
pub(super) const TWO_OPERATIONS: u128 = 2 * 1_000 * 1_000_000_000;

/// A stretch with its rates at both ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Ramp {
    pub(super) from: Rate,
    pub(super) to: Rate,
    /// Nanoseconds, more than 0.
    pub(super) length: u64,
}

impl Ramp {
    /// Twice the operations in all of it.
    pub(super) fn area(&self) -> u128 {
        (u128::from(self.from.0) + u128::from(self.to.0)) * u128::from(self.length)
    }

    /// Twice the operations in its first `t` nanoseconds, times its length.
    fn part(&self, t: u64) -> u128 {
        let (from, to, t, length) =
            (u128::from(self.from.0), u128::from(self.to.0), u128::from(t), u128::from(self.length));
        // from + (to - from) t / length, summed over t; written so that no difference is below zero.
        from * t * (2 * length - t) + to * t * t
    }

    /// The first nanosecond at which `area`, at most that of the whole, is done.
    pub(super) fn when(&self, area: u128) -> u64 {
        if self.from == self.to {
            let per_ns = 2 * u128::from(self.from.0);
            return if per_ns == 0 { 0 } else { (area.div_ceil(per_ns) as u64).min(self.length) };
        }
        let wanted = area * u128::from(self.length);
        let (mut low, mut high) = (0, self.length);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.part(middle) >= wanted { high = middle } else { low = middle + 1 }
        }
        low
    }
}
