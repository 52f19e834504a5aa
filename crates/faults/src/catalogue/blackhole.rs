//! `blackhole`: bytes go in and nothing comes out.

use crate::carrier::{Carrier, Carriers, Misfit};
use crate::direction::Directions;
use crate::engine::{Cx, Range};
use crate::fault::{Fault, Rank};
use crate::params::params;
use crate::tick::Tick;
use crate::value::words;

words! {
    /// What becomes of the bytes that a blackhole gets.
    BlackholeMode, "mode", {
        /// They are read and thrown away: the sender notices nothing.
        Swallow = "swallow",
        /// They are not read: the sender's window fills, and it stops.
        Stop = "stop",
    }
}

params! {
    /// Nothing passes, and nobody is told: no RST, no end of the stream. Datagrams are dropped.
    ///
    /// It fires once per connection and direction that sent something into it.
    pub struct Blackhole {
        /// `swallow` reads and throws away; `stop` reads nothing, so that the sender's window fills.
        mode: BlackholeMode = BlackholeMode::Swallow,
    }
}

impl Blackhole {
    /// Reads and throws away.
    pub fn swallow() -> Blackhole {
        Blackhole { mode: BlackholeMode::Swallow }
    }

    /// Reads nothing any more.
    pub fn stop() -> Blackhole {
        Blackhole { mode: BlackholeMode::Stop }
    }
}

impl Fault for Blackhole {
    const NAME: &'static str = "blackhole";
    const EXAMPLE: &'static str = "blackhole:mode=stop,after=64KiB";
    const MAIN: Option<&'static str> = None;
    const ON: Carriers = Carriers::Both;
    const RANK: Rank = Rank::Position;
    const CUTS: bool = true;
    const DIRECTIONS: Directions = Directions::Both;
    type State = ();
    type Shared = ();

    fn fits(&self, carrier: Carrier) -> Result<(), Misfit> {
        let misfit = Misfit {
            reason: "UDP has no window that could fill, so `mode=stop` says nothing",
            instead: "blackhole",
        };
        if self.mode == BlackholeMode::Stop && carrier == Carrier::Datagram { Err(misfit) } else { Ok(()) }
    }

    fn data(&self, _state: &mut (), range: Range, cx: &mut Cx<'_>) {
        match self.mode {
            _ if !cx.act(range.offset) => cx.pass(range),
            BlackholeMode::Swallow => cx.discard(range),
            BlackholeMode::Stop => cx.hold(range),
        }
    }

    fn datagram(&self, _state: &mut (), range: Range, cx: &mut Cx<'_>) {
        if cx.act(range.offset) { cx.discard(range) } else { cx.pass(range) }
    }

    fn fin(&self, _state: &mut (), cx: &mut Cx<'_>) {
        if cx.act(u64::MAX) { cx.fin_at(Tick::NEVER) } else { cx.fin() }
    }

    fn room(&self, _queued: u64) -> u64 {
        match self.mode {
            BlackholeMode::Swallow => u64::MAX,
            BlackholeMode::Stop => 0,
        }
    }
}
