//! `latency`: a delay line.

use crate::engine::{Cx, Range};
use crate::fault::{Carrier, Fault, Rank};
use crate::key::below;
use crate::params::params;
use crate::tick::Tick;
use crate::value::nanos;
use std::time::Duration;

params! {
    /// Delays every byte: each leaves `delay` ± `jitter` after it arrived, in order. The delay does not add up over reads
    /// and costs no bandwidth; the end of the stream goes through the same line. Two of them add.
    ///
    /// It fires once per connection and direction that it delays.
    pub struct Latency {
        /// The delay of each byte. One way: a round trip grows by it once, or twice with `@both`.
        delay: Duration,
        /// Half-width of a uniform jitter around the delay, drawn for each segment of the stream. A delay below zero is zero.
        jitter: Duration = Duration::ZERO,
    }
}

impl Latency {
    /// A constant delay.
    pub fn new(delay: Duration) -> Latency {
        Latency { delay, jitter: Duration::ZERO }
    }

    /// The same delay, spread uniformly by `jitter` to either side.
    #[must_use]
    pub fn jitter(self, jitter: Duration) -> Latency {
        Latency { jitter, ..self }
    }

    fn due(&self, offset: u64, cx: &Cx<'_>) -> Tick {
        let (delay, jitter) = (nanos(self.delay), nanos(self.jitter));
        if jitter == 0 {
            return cx.at().plus(delay);
        }
        let spread = below(cx.draw(offset / cx.segment(), 0), jitter.saturating_mul(2).saturating_add(1));
        cx.at().plus(delay.saturating_add(spread).saturating_sub(jitter))
    }
}

impl Fault for Latency {
    const NAME: &'static str = "latency";
    const EXAMPLE: &'static str = "latency:50ms,jitter=5ms";
    const MAIN: Option<&'static str> = Some("delay");
    const ON: Carrier = Carrier::Stream;
    const RANK: Rank = Rank::Delay;
    type State = ();

    fn data(&self, _state: &mut (), range: Range, cx: &mut Cx<'_>) {
        cx.acted();
        cx.pass_at(self.due(range.offset, cx), range);
    }

    fn fin(&self, _state: &mut (), cx: &mut Cx<'_>) {
        cx.fin_at(cx.at().plus(nanos(self.delay)));
    }

    fn per_segment(&self) -> bool {
        !self.jitter.is_zero()
    }
}
