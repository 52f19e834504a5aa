//! `hiccup`: a pause at an exact byte.

use crate::carrier::Carriers;
use crate::engine::{Cx, Range};
use crate::fault::{Fault, Rank};
use crate::params::params;
use crate::value::{Size, nanos};
use std::time::Duration;

params! {
    /// Holds the stream once, at an exact byte, and lets it go on.
    pub struct Hiccup {
        /// How long it holds.
        pause: Duration,
        /// The offset of the first byte that waits.
        at: Size = Size::bytes(0),
    }
}

impl Fault for Hiccup {
    const NAME: &'static str = "hiccup";
    const EXAMPLE: &'static str = "hiccup:1s,at=64KiB";
    const MAIN: Option<&'static str> = Some("pause");
    const ON: Carriers = Carriers::Stream;
    const RANK: Rank = Rank::Delay;
    type State = bool;
    type Shared = ();

    fn data(&self, held: &mut bool, range: Range, cx: &mut Cx<'_>) {
        let (before, from) = range.split_at(self.at.as_bytes());
        if before.len > 0 {
            cx.pass(before);
        }
        let first = from.len > 0 && !std::mem::replace(held, true);
        if first && cx.fire("hold", 0, from.offset, 0) {
            cx.pass_at(cx.at().plus(nanos(self.pause)), from);
        } else if from.len > 0 {
            cx.pass(from);
        }
    }
}
