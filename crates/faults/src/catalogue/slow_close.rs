//! `slow_close`: the end of the stream comes late.

use crate::carrier::{Carriers, Misfit};
use crate::engine::{Cx, Range};
use crate::fault::{Fault, Rank};
use crate::params::params;
use crate::value::nanos;
use std::time::Duration;

params! {
    /// Delays the end of the direction (FIN), and nothing else: a peer that has said everything but does not hang up.
    ///
    /// It fires once per connection and direction whose end it delays.
    pub struct SlowClose {
        /// How long the end waits behind the last byte.
        delay: Duration,
    }
}

impl SlowClose {
    /// Delays the end by so long.
    pub fn new(delay: Duration) -> SlowClose {
        SlowClose { delay }
    }
}

impl Fault for SlowClose {
    const NAME: &'static str = "slow_close";
    const EXAMPLE: &'static str = "slow_close:3s";
    const MAIN: Option<&'static str> = Some("delay");
    const ON: Carriers = Carriers::Stream;
    const MISFIT: Option<Misfit> =
        Some(Misfit { reason: "UDP has no end that could be delayed", instead: "latency:3s" });
    const RANK: Rank = Rank::Close;
    type State = ();
    type Shared = ();

    fn data(&self, _state: &mut (), range: Range, cx: &mut Cx<'_>) {
        cx.pass(range);
    }

    fn fin(&self, _state: &mut (), cx: &mut Cx<'_>) {
        let delay = if cx.act(u64::MAX) { nanos(self.delay) } else { 0 };
        cx.fin_at(cx.at().plus(delay));
    }
}
