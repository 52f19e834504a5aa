//! When each operation of an open loop is to begin: a pure function of its number, in whole nanoseconds.

mod poisson;
mod ramp;
#[cfg(test)]
mod tests;

use poisson::Blocks;
use ramp::{Ramp, TWO_OPERATIONS};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// Operations per second, in thousandths.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Rate(u64);

impl Rate {
    /// The highest: ten million per second.
    pub const HIGHEST: Rate = Rate(10_000_000_000);

    /// So many thousandths of an operation per second; none above [`Rate::HIGHEST`].
    pub fn thousandths(rate: u64) -> Option<Rate> {
        (rate <= Rate::HIGHEST.0).then_some(Rate(rate))
    }

    /// In thousandths of an operation per second.
    pub fn as_thousandths(self) -> u64 {
        self.0
    }
}

/// How operations are spread.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Arrivals {
    /// Evenly.
    #[default]
    Uniform,
    /// As independent clients come: so many in each 1,024 operations' time as the rate says, and each anywhere in it. Drawn by
    /// the operation's number.
    Poisson,
    /// So many at once, as seldom as the rate demands.
    Burst(u64),
}

impl fmt::Display for Arrivals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Arrivals::Uniform => f.write_str("uniform"),
            Arrivals::Poisson => f.write_str("poisson"),
            Arrivals::Burst(size) => write!(f, "burst:{size}"),
        }
    }
}

/// The longest that a stage may take, in nanoseconds: more than a day.
const LONGEST: u64 = 100_000_000_000_000;
/// Positions between two operations.
const FRACTIONS: u64 = 1_000_000;

/// The planned instants of an open loop. Clones share what was computed.
#[derive(Clone, Debug)]
pub struct Schedule {
    /// What goes on in turn; the last rate goes on for ever.
    ramps: Arc<[Ramp]>,
    count: u64,
    arrivals: Arrivals,
    blocks: Arc<Blocks>,
}

impl Schedule {
    /// So many operations at one rate; none where the rate is 0.
    pub fn constant(rate: Rate, count: u64) -> Option<Schedule> {
        let ramp = Ramp { from: rate, to: rate, length: LONGEST };
        let longest = ramp.area().div_ceil(TWO_OPERATIONS);
        (rate.0 > 0 && u128::from(count) <= longest).then(|| Schedule::of(vec![ramp], count))
    }

    /// As many operations as one rate has in so long; none where the rate is 0 or it takes more than a day.
    pub fn lasting(rate: Rate, duration: Duration) -> Option<Schedule> {
        Schedule::stages(rate, [(duration, rate)]).filter(|schedule| schedule.count > 0)
    }

    /// Stages, each going in a straight line from the rate before to its own, the first one from `start`; none where a stage
    /// takes no time or more than a day.
    pub fn stages(start: Rate, stages: impl IntoIterator<Item = (Duration, Rate)>) -> Option<Schedule> {
        let (mut ramps, mut from) = (Vec::new(), start);
        for (duration, to) in stages {
            let length = u64::try_from(duration.as_nanos()).ok().filter(|ns| (1..=LONGEST).contains(ns))?;
            ramps.push(Ramp { from, to, length });
            from = to;
        }
        let area: u128 = ramps.iter().map(Ramp::area).sum();
        // Operation i is due when i of them are done, the last one before the end.
        let count = u64::try_from(area.div_ceil(TWO_OPERATIONS)).ok()?;
        Some(Schedule::of(ramps, count))
    }

    fn of(ramps: Vec<Ramp>, count: u64) -> Schedule {
        Schedule { ramps: ramps.into(), count, arrivals: Arrivals::Uniform, blocks: Arc::default() }
    }

    /// The same with its operations spread otherwise; `seed` is what Poisson arrivals are drawn from.
    pub fn arriving(self, arrivals: Arrivals, seed: u64) -> Schedule {
        Schedule { arrivals, blocks: Arc::new(Blocks::new(seed)), ..self }
    }

    /// How many operations there are.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// When operation `number` (from 0) is to begin, in nanoseconds from the start. Never before that of a lower number.
    pub fn instant(&self, number: u64) -> u64 {
        match self.arrivals {
            Arrivals::Uniform => self.at(u128::from(number) * u128::from(FRACTIONS)),
            Arrivals::Burst(size) => {
                self.at(u128::from(number - number % size.max(1)) * u128::from(FRACTIONS))
            }
            Arrivals::Poisson => self.at(self.blocks.position(number, self.count)),
        }
    }

    /// How long it takes from the first to the last operation on average, for each; in nanoseconds.
    pub fn mean_interval(&self) -> u64 {
        match self.count {
            0 | 1 => 0,
            count => self.instant(count - 1) / (count - 1),
        }
    }

    /// The instant at which so many millionths of operations are done.
    fn at(&self, position: u128) -> u64 {
        let mut area = position * (TWO_OPERATIONS / u128::from(FRACTIONS));
        let mut began = 0_u64;
        for ramp in self.ramps.iter() {
            let whole = ramp.area();
            if area <= whole && whole > 0 {
                return began + ramp.when(area);
            }
            area = area.saturating_sub(whole);
            began = began.saturating_add(ramp.length);
        }
        began
    }
}
