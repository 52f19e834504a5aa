//! `reset`: a RST at an exact byte.

use crate::direction::Side;
use crate::engine::{Cx, Range};
use crate::fault::{Carrier, Fault, Rank};
use crate::key::{below, chance};
use crate::params::params;
use crate::spec::Scope;
use crate::value::{Probability, Size};

params! {
    /// Resets the connection (RST) at an exact byte: those before the offset are delivered, none from there on. With `p`
    /// a connection is chosen or spared as a whole, and the offset is drawn; a chosen connection that ends sooner gets a RST
    /// instead of its end.
    ///
    /// It fires once per connection and direction that it resets.
    pub struct Reset {
        /// The offset of the first byte that is not delivered, from the start of the direction's bytes, or from where the
        /// fault armed where `after` is set (then 0 unless given).
        at: Option<Size>,
        /// With which probability a connection is reset at all; the offset is then drawn below `within`.
        p: Option<Probability>,
        /// The bound of the drawn offset.
        within: Size = Size::bytes(16_384),
        /// Who gets the RST; the other peer sees an orderly end.
        side: Side = Side::Both,
        /// Wait until what was let through before has been delivered (at most 1 s); without, what is on the way is lost.
        flush: bool = true,
    }
}

impl Reset {
    /// A RST in place of the byte at this offset.
    pub fn at(offset: u64) -> Reset {
        Reset {
            at: Some(Size::bytes(offset)),
            p: None,
            within: Size::bytes(16_384),
            side: Side::Both,
            flush: true,
        }
    }

    /// A RST with this probability, at an offset drawn below 16 KiB.
    pub fn chance(p: Probability) -> Reset {
        Reset { at: None, p: Some(p), ..Reset::at(0) }
    }

    /// Draws the offset below this many bytes.
    #[must_use]
    pub fn within(self, bytes: u64) -> Reset {
        Reset { within: Size::bytes(bytes), ..self }
    }

    /// Only this side gets the RST.
    #[must_use]
    pub fn side(self, side: Side) -> Reset {
        Reset { side, ..self }
    }

    /// The RST overtakes what is on the way.
    #[must_use]
    pub fn at_once(self) -> Reset {
        Reset { flush: false, ..self }
    }

    fn fire(&self, cx: &mut Cx<'_>) {
        cx.fired();
        if self.flush { cx.reset(self.side) } else { cx.reset_now(self.side) }
    }
}

/// Where the RST stands in this connection and direction.
#[derive(Default)]
pub struct Mark {
    offset: Option<u64>,
    fired: bool,
}

/// The draw that chooses a connection, and the one that places its RST.
const CHOICE: u64 = 0;
const PLACE: u64 = 1;

impl Fault for Reset {
    const NAME: &'static str = "reset";
    const ALIASES: &'static [&'static str] = &["reset_peer"];
    const EXAMPLE: &'static str = "reset:p=1%,within=64KiB";
    const MAIN: Option<&'static str> = Some("at");
    const ON: Carrier = Carrier::Stream;
    const RANK: Rank = Rank::Position;
    const CUTS: bool = true;
    type State = Mark;

    fn validate(&self, scope: &Scope) -> Result<(), String> {
        match (self.at, self.p) {
            (Some(_), Some(_)) => Err("takes `at` or `p`, not both".to_owned()),
            (None, None) if scope.after.is_none() => Err("needs `at` or `p`, or `after`".to_owned()),
            _ if self.within.as_bytes() == 0 => Err("draws no offset below `within=0`".to_owned()),
            _ => Ok(()),
        }
    }

    fn armed(&self, mark: &mut Mark, cx: &mut Cx<'_>) {
        mark.offset = match self.p {
            None => Some(self.at.map_or(0, Size::as_bytes)),
            Some(p) if chance(cx.draw(0, CHOICE), p) => {
                Some(below(cx.draw(0, PLACE), self.within.as_bytes()))
            }
            Some(_) => None,
        }
        .map(|offset| cx.base().saturating_add(offset));
        // A RST at a time does not wait for the next byte.
        if cx.armed_by_time() && mark.offset == Some(cx.base()) {
            mark.fired = true;
            self.fire(cx);
        }
    }

    fn data(&self, mark: &mut Mark, range: Range, cx: &mut Cx<'_>) {
        let (before, from) = range.split_at(mark.offset.unwrap_or(u64::MAX));
        if before.len > 0 {
            cx.pass(before);
        }
        if from.len > 0 {
            if !std::mem::replace(&mut mark.fired, true) {
                self.fire(cx);
            }
            cx.discard(from);
        }
    }

    fn fin(&self, mark: &mut Mark, cx: &mut Cx<'_>) {
        if self.p.is_some() && mark.offset.is_some() && !std::mem::replace(&mut mark.fired, true) {
            self.fire(cx);
        } else {
            cx.fin();
        }
    }
}
