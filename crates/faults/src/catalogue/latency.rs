//! `latency`: a delay line.

use crate::carrier::{Carrier, Carriers, Misfit};
use crate::engine::{Cx, Range};
use crate::fault::{Fault, Rank};
use crate::key::Draws;
use crate::normal::{SIGMA_BITS, normal};
use crate::params::params;
use crate::tick::Tick;
use crate::value::{nanos, words};
use std::time::Duration;

words! {
    /// How delays are spread.
    Distribution, "distribution", {
        /// Evenly from `delay` - `jitter` to `delay` + `jitter`.
        Uniform = "uniform",
        /// Normally around `delay`, with `jitter` as standard deviation.
        Normal = "normal",
    }
}

params! {
    /// Delays every byte: each leaves `delay` ± `jitter` after it arrived, in order. The delay does not add up over reads
    /// and costs no bandwidth; the end of the stream goes through the same line. Two of them add. Datagrams with a jitter may
    /// overtake each other.
    ///
    /// It fires once per connection and direction that it delays.
    pub struct Latency {
        /// The delay of each byte. One way: a round trip grows by it once, or twice with `@both`.
        delay: Duration,
        /// Half-width of a uniform jitter around the delay, or standard deviation of a normal one, drawn for each segment of the
        /// stream or each datagram. A delay below zero is zero.
        jitter: Duration = Duration::ZERO,
        /// How the jitter is spread.
        distribution: Distribution = Distribution::Uniform,
        /// Datagrams keep their order: one that was to overtake waits.
        ordered: bool = false,
        /// The end of a stream is delayed, too. With `false` it leaves right behind the last byte.
        fin: bool = true,
    }
}

impl Latency {
    /// A constant delay.
    pub fn new(delay: Duration) -> Latency {
        Latency {
            delay,
            jitter: Duration::ZERO,
            distribution: Distribution::Uniform,
            ordered: false,
            fin: true,
        }
    }

    /// The same delay, spread uniformly by `jitter` to either side.
    #[must_use]
    pub fn jitter(self, jitter: Duration) -> Latency {
        Latency { jitter, distribution: Distribution::Uniform, ..self }
    }

    /// The same delay, spread normally with this standard deviation.
    #[must_use]
    pub fn normal(self, deviation: Duration) -> Latency {
        Latency { jitter: deviation, distribution: Distribution::Normal, ..self }
    }

    /// Datagrams keep their order.
    #[must_use]
    pub fn ordered(self) -> Latency {
        Latency { ordered: true, ..self }
    }

    /// A drawn delay, in nanoseconds.
    fn spread(&self, draws: Draws) -> u64 {
        let (delay, jitter) = (nanos(self.delay), nanos(self.jitter));
        match self.distribution {
            Distribution::Uniform => {
                let offset = draws.below(0, jitter.saturating_mul(2).saturating_add(1));
                delay.saturating_add(offset).saturating_sub(jitter)
            }
            Distribution::Normal => {
                let offset = (i128::from(normal(draws.bits(0))) * i128::from(jitter)) >> SIGMA_BITS;
                u64::try_from((i128::from(delay) + offset).max(0)).unwrap_or(u64::MAX)
            }
        }
    }

    /// When what stands at `offset` is to leave.
    fn due(&self, offset: u64, known: &mut Drawn, cx: &Cx<'_>) -> Tick {
        if self.jitter.is_zero() {
            return cx.at().plus(nanos(self.delay));
        }
        let unit = cx.unit(offset);
        let delay = match known.0 {
            Some((drawn, delay)) if drawn == unit => delay,
            _ => {
                let delay = cx.choose(unit, |draws| Some(self.spread(draws)));
                let delay = delay.unwrap_or(nanos(self.delay));
                let start = if cx.is_datagram() { offset } else { unit.saturating_mul(cx.segment()) };
                cx.note("delay", unit, start, delay);
                delay
            }
        };
        known.0 = Some((unit, delay));
        cx.at().plus(delay)
    }
}

/// The latest unit of position that was drawn for, and its delay.
#[derive(Default)]
pub struct Drawn(Option<(u64, u64)>);

impl Fault for Latency {
    const NAME: &'static str = "latency";
    const EXAMPLE: &'static str = "latency:50ms,jitter=5ms";
    const MAIN: Option<&'static str> = Some("delay");
    const ON: Carriers = Carriers::Both;
    const RANK: Rank = Rank::Delay;
    const KEEPS: bool = true;
    type State = Drawn;
    type Shared = ();

    fn fits(&self, carrier: Carrier) -> Result<(), Misfit> {
        let misfit = Misfit {
            reason: "TCP keeps the order anyway, so `ordered` says nothing",
            instead: "latency:50ms",
        };
        if self.ordered && carrier == Carrier::Stream { Err(misfit) } else { Ok(()) }
    }

    fn delay(&self) -> Duration {
        self.delay
    }

    fn data(&self, drawn: &mut Drawn, range: Range, cx: &mut Cx<'_>) {
        if !cx.act(range.offset) {
            return cx.pass(range);
        }
        cx.pass_at(self.due(range.offset, drawn, cx), range);
    }

    fn datagram(&self, drawn: &mut Drawn, range: Range, cx: &mut Cx<'_>) {
        if !cx.act(range.offset) {
            return cx.pass_overtaking(cx.at(), range);
        }
        let due = self.due(range.offset, drawn, cx);
        if self.ordered { cx.pass_at(due, range) } else { cx.pass_overtaking(due, range) }
    }

    fn fin(&self, _drawn: &mut Drawn, cx: &mut Cx<'_>) {
        let delay = if self.fin && !cx.is_spared() { nanos(self.delay) } else { 0 };
        cx.fin_at(cx.at().plus(delay));
    }

    fn per_segment(&self) -> bool {
        !self.jitter.is_zero()
    }
}
