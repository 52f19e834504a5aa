//! `timeout`: nothing passes, and then the connection is closed.

use crate::carrier::{Carriers, Misfit};
use crate::engine::{Cx, Range};
use crate::fault::{Fault, Rank};
use crate::params::params;
use crate::tick::Tick;
use crate::value::nanos;
use std::time::Duration;

params! {
    /// Throws everything away and closes the connection that long after it armed, or after the last bytes it threw away; with
    /// zero it never does. Taking the fault off closes the connections that it acted on: their streams have a hole.
    ///
    /// It fires once per connection and direction that it throws bytes away from or closes.
    pub struct Timeout {
        /// How long until the connection is closed; `0s` for never.
        close_after: Duration,
        /// The end of the stream passes all the same.
        fin: bool = false,
        /// Taking the fault off closes every connection that it was on, also those from which it took nothing.
        always_close: bool = false,
    }
}

impl Timeout {
    /// Closes so long after the last byte.
    pub fn new(close_after: Duration) -> Timeout {
        Timeout { close_after, fin: false, always_close: false }
    }

    fn start(&self, cx: &mut Cx<'_>) {
        if !self.close_after.is_zero() {
            cx.wake_at(cx.at().plus(nanos(self.close_after)));
        }
    }
}

/// Whether bytes were thrown away.
#[derive(Default)]
pub struct Hole(bool);

impl Fault for Timeout {
    const NAME: &'static str = "timeout";
    const EXAMPLE: &'static str = "timeout:10s";
    const MAIN: Option<&'static str> = Some("close_after");
    const ON: Carriers = Carriers::Stream;
    const MISFIT: Option<Misfit> =
        Some(Misfit { reason: "UDP has no connection that could be closed", instead: "blackhole" });
    const RANK: Rank = Rank::Position;
    const CUTS: bool = true;
    const TIMED: bool = true;
    type State = Hole;
    type Shared = ();

    fn armed(&self, _hole: &mut Hole, cx: &mut Cx<'_>) {
        self.start(cx);
    }

    fn data(&self, hole: &mut Hole, range: Range, cx: &mut Cx<'_>) {
        if !cx.act(range.offset) {
            return cx.pass(range);
        }
        hole.0 = true;
        cx.discard(range);
        self.start(cx);
    }

    fn fin(&self, _hole: &mut Hole, cx: &mut Cx<'_>) {
        let passes = self.fin || cx.is_spared();
        cx.fin_at(if passes { cx.at() } else { Tick::NEVER });
    }

    fn timer(&self, _hole: &mut Hole, cx: &mut Cx<'_>) {
        if cx.act(u64::MAX) {
            cx.close_now();
        }
    }

    fn changed(&self, hole: &mut Hole, old: &mut Hole) {
        hole.0 = old.0;
    }

    fn removed(&self, hole: &mut Hole, cx: &mut Cx<'_>) {
        if hole.0 || self.always_close {
            cx.close_now();
        }
    }
}
