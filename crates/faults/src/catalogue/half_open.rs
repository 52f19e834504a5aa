//! `half_open`: a peer that is gone and has not said so.

use crate::carrier::{Carriers, Misfit};
use crate::direction::Peer;
use crate::engine::{Cx, Range};
use crate::fault::{Fault, Rank};
use crate::params::params;
use crate::value::{Size, words};

words! {
    /// Which peer disappears.
    GonePeer, "peer", {
        /// The one that connected to the link.
        Client = "client",
        /// The one that the link dialled.
        Server = "server",
    }
}

params! {
    /// One peer disappears without a word, as after a crash or a cut cable: nothing more is read from it or written to it, its
    /// socket stays open, and the other peer notices nothing. What the other still sends is lost. The connection ends when
    /// the other ends it, by the idle timeout, or with the link.
    ///
    /// It fires once per connection.
    pub struct HalfOpen {
        /// After how many bytes, from the start of the direction's bytes, or from where the fault armed where `after` is set.
        /// They still pass; with 0 the first byte makes the peer disappear, and is lost.
        at: Size,
        /// Who disappears.
        side: GonePeer = GonePeer::Server,
    }
}

impl HalfOpen {
    /// The server disappears after so many bytes.
    pub fn server(bytes: u64) -> HalfOpen {
        HalfOpen { at: Size::bytes(bytes), side: GonePeer::Server }
    }

    /// The client disappears after so many bytes.
    pub fn client(bytes: u64) -> HalfOpen {
        HalfOpen { at: Size::bytes(bytes), side: GonePeer::Client }
    }
}

/// Where the peer disappears in this connection and direction.
#[derive(Default)]
pub struct Moment {
    offset: Option<u64>,
    past: bool,
    /// It has acted as often as it may.
    spent: bool,
}

impl Fault for HalfOpen {
    const NAME: &'static str = "half_open";
    const EXAMPLE: &'static str = "half_open:4KiB,side=server";
    const MAIN: Option<&'static str> = Some("at");
    const ON: Carriers = Carriers::Stream;
    const MISFIT: Option<Misfit> = Some(Misfit {
        reason: "UDP has no connection whose peer could be thought alive",
        instead: "blackhole",
    });
    const RANK: Rank = Rank::Position;
    const CUTS: bool = true;
    type State = Moment;
    type Shared = ();

    fn armed(&self, moment: &mut Moment, cx: &mut Cx<'_>) {
        moment.offset.get_or_insert(cx.base().saturating_add(self.at.as_bytes()));
    }

    fn data(&self, moment: &mut Moment, range: Range, cx: &mut Cx<'_>) {
        if moment.spent {
            return cx.pass(range);
        }
        let offset = moment.offset.unwrap_or(u64::MAX);
        if range.end() >= offset && !moment.past && !cx.fire("vanish", 0, offset, 0) {
            moment.spent = true;
            return cx.pass(range);
        }
        let (before, beyond) = range.split_at(offset);
        if before.len > 0 {
            cx.pass(before);
        }
        if range.end() >= offset && !std::mem::replace(&mut moment.past, true) {
            cx.lose(match self.side {
                GonePeer::Client => Peer::Client,
                GonePeer::Server => Peer::Server,
            });
        }
        if beyond.len > 0 {
            cx.discard(beyond);
        }
    }

    fn changed(&self, moment: &mut Moment, old: &mut Moment) {
        *moment = Moment { offset: None, ..std::mem::take(old) };
    }

    fn cut(&self, moment: &Moment) -> Option<u64> {
        moment.offset.filter(|_| !moment.past)
    }
}
