//! `max_size`: a link with a small MTU.

use crate::carrier::{Carriers, Misfit};
use crate::engine::{Cx, Range};
use crate::fault::{Fault, Rank};
use crate::params::params;
use crate::value::{Size, words};

words! {
    /// What becomes of a datagram that is too large.
    Oversize, "action", {
        /// It is dropped, as where it must not be fragmented.
        Drop = "drop",
        /// It is cut short.
        Truncate = "truncate",
    }
}

params! {
    /// Lets no datagram pass whole that is larger than so many bytes of payload.
    ///
    /// It fires once per datagram that is larger.
    pub struct MaxSize {
        /// The largest payload.
        bytes: Size,
        /// `drop` larger ones, as a path that must not fragment them does, or `truncate` them.
        action: Oversize = Oversize::Drop,
    }
}

impl MaxSize {
    /// Drops what is larger.
    pub fn new(bytes: u64) -> MaxSize {
        MaxSize { bytes: Size::bytes(bytes), action: Oversize::Drop }
    }

    /// Cuts short what is larger.
    #[must_use]
    pub fn truncating(self) -> MaxSize {
        MaxSize { action: Oversize::Truncate, ..self }
    }
}

impl Fault for MaxSize {
    const NAME: &'static str = "max_size";
    const EXAMPLE: &'static str = "max_size:1200";
    const MAIN: Option<&'static str> = Some("bytes");
    const ON: Carriers = Carriers::Datagram;
    const MISFIT: Option<Misfit> =
        Some(Misfit { reason: "a stream has no datagrams that could be too large", instead: "slice:1200B" });
    const RANK: Rank = Rank::Position;
    const CUTS: bool = true;
    type State = ();
    type Shared = ();

    fn data(&self, _state: &mut (), range: Range, cx: &mut Cx<'_>) {
        let (number, most) = (cx.unit(range.offset), self.bytes.as_bytes());
        if range.len <= most {
            return cx.pass(range);
        }
        match self.action {
            Oversize::Drop if cx.fire("drop", number, range.offset, 0) => cx.discard(range),
            Oversize::Truncate if cx.fire("truncate", number, range.offset, most) => {
                cx.shorten(most);
                cx.pass(range);
            }
            _ => cx.pass(range),
        }
    }
}
