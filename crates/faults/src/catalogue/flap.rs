//! `flap`: the link comes and goes.

use crate::carrier::{Carrier, Carriers, Misfit};
use crate::direction::{Directions, Side};
use crate::engine::{Cx, Range};
use crate::fault::{Fault, Rank};
use crate::params::params;
use crate::spec::Scope;
use crate::tick::Tick;
use crate::value::nanos;
use std::time::Duration;

params! {
    /// The link is there for `on`, gone for `off`, and so on, all connections together, from when the fault was added. While
    /// it is gone everything is held; with `reset` the connections that are open when it goes, and those that send while it
    /// is gone, get a RST instead. Datagrams are dropped while it is gone.
    ///
    /// It fires once per connection and direction that it holds or resets.
    pub struct Flap {
        /// How long the link is there.
        on: Duration,
        /// How long it is gone.
        off: Duration,
        /// Reset connections instead of holding their bytes.
        reset: bool = false,
    }
}

impl Flap {
    /// Comes and goes, holding bytes while it is gone.
    pub fn new(on: Duration, off: Duration) -> Flap {
        Flap { on, off, reset: false }
    }

    /// Resets connections instead.
    #[must_use]
    pub fn resetting(self) -> Flap {
        Flap { reset: true, ..self }
    }

    /// The length of one coming and going, and how much of it has passed, in nanoseconds.
    fn round(&self, cx: &Cx<'_>) -> (u64, u64) {
        let length = nanos(self.on).saturating_add(nanos(self.off));
        (length, cx.at().since(cx.joined()) % length.max(1))
    }

    /// When the link, gone at this moment, is back; nothing while it is there.
    fn back_at(&self, cx: &Cx<'_>) -> Option<Tick> {
        let (length, passed) = self.round(cx);
        (passed >= nanos(self.on)).then(|| cx.at().plus(length - passed))
    }

    /// When the link, there at this moment, goes.
    fn gone_at(&self, cx: &Cx<'_>) -> Tick {
        let (_, passed) = self.round(cx);
        cx.at().plus(nanos(self.on).saturating_sub(passed))
    }

    /// Resets, unless it has done so as often as it may; false then.
    fn cut(&self, cx: &mut Cx<'_>) -> bool {
        let cut = cx.act(u64::MAX);
        if cut {
            cx.reset_now(Side::Both);
        }
        cut
    }
}

impl Fault for Flap {
    const NAME: &'static str = "flap";
    const EXAMPLE: &'static str = "flap:on=5s,off=1s";
    const MAIN: Option<&'static str> = None;
    const ON: Carriers = Carriers::Both;
    const RANK: Rank = Rank::Pause;
    const CUTS: bool = true;
    const TIMED: bool = true;
    const DIRECTIONS: Directions = Directions::Both;
    type State = ();
    type Shared = ();

    fn validate(&self, _scope: &Scope) -> Result<(), String> {
        match self.on.is_zero() || self.off.is_zero() {
            true => Err("needs `on` and `off` longer than zero".to_owned()),
            false => Ok(()),
        }
    }

    fn fits(&self, carrier: Carrier) -> Result<(), Misfit> {
        let misfit =
            Misfit { reason: "UDP has no connection that could be reset", instead: "flap:on=5s,off=1s" };
        if self.reset && carrier == Carrier::Datagram { Err(misfit) } else { Ok(()) }
    }

    fn armed(&self, _state: &mut (), cx: &mut Cx<'_>) {
        if self.reset && self.back_at(cx).is_none() {
            cx.wake_at(self.gone_at(cx));
        }
    }

    fn data(&self, _state: &mut (), range: Range, cx: &mut Cx<'_>) {
        match self.back_at(cx) {
            None => cx.pass(range),
            Some(_) if self.reset => {
                if !self.cut(cx) {
                    cx.pass(range);
                }
            }
            Some(back) if cx.act(range.offset) => cx.pass_at(back, range),
            Some(_) => cx.pass(range),
        }
    }

    fn datagram(&self, _state: &mut (), range: Range, cx: &mut Cx<'_>) {
        match self.back_at(cx) {
            Some(_) if cx.act(range.offset) => cx.discard(range),
            _ => cx.pass(range),
        }
    }

    fn fin(&self, _state: &mut (), cx: &mut Cx<'_>) {
        match self.back_at(cx) {
            Some(back) if !self.reset => cx.fin_at(back),
            _ => cx.fin(),
        }
    }

    fn timer(&self, _state: &mut (), cx: &mut Cx<'_>) {
        let _ = self.cut(cx);
    }
}
