//! `truncate`: the stream ends at an exact byte.

use crate::carrier::{Carriers, Misfit};
use crate::engine::{Cx, Range};
use crate::fault::{Fault, Rank};
use crate::params::params;
use crate::value::Size;

params! {
    /// Lets exactly that many bytes pass, then ends the direction (FIN) as if the sender had. What comes after is thrown away;
    /// the other direction goes on.
    ///
    /// It fires once per connection and direction that it ends.
    pub struct Truncate {
        /// How many bytes pass, from the start of the direction's bytes, or from where the fault armed where `after` is set.
        /// With 0 the first byte ends it.
        at: Size,
    }
}

impl Truncate {
    /// Ends the direction after so many bytes.
    pub fn at(bytes: u64) -> Truncate {
        Truncate { at: Size::bytes(bytes) }
    }
}

/// Whether the direction has been ended.
#[derive(Default)]
pub struct Ended {
    offset: Option<u64>,
    done: bool,
    /// It has acted as often as it may.
    spent: bool,
}

impl Fault for Truncate {
    const NAME: &'static str = "truncate";
    const ALIASES: &'static [&'static str] = &["limit_data"];
    const EXAMPLE: &'static str = "truncate:64KiB";
    const MAIN: Option<&'static str> = Some("at");
    const ON: Carriers = Carriers::Stream;
    const MISFIT: Option<Misfit> =
        Some(Misfit { reason: "UDP has no end that a receiver could see", instead: "blackhole:after=64KiB" });
    const RANK: Rank = Rank::Position;
    const CUTS: bool = true;
    type State = Ended;
    type Shared = ();

    fn armed(&self, ended: &mut Ended, cx: &mut Cx<'_>) {
        ended.offset.get_or_insert(cx.base().saturating_add(self.at.as_bytes()));
    }

    fn data(&self, ended: &mut Ended, range: Range, cx: &mut Cx<'_>) {
        if ended.spent {
            return cx.pass(range);
        }
        let offset = ended.offset.unwrap_or(u64::MAX);
        if range.end() >= offset && !ended.done && !cx.fire("truncate", 0, offset, 0) {
            ended.spent = true;
            return cx.pass(range);
        }
        let (before, beyond) = range.split_at(offset);
        if before.len > 0 {
            cx.pass(before);
        }
        if range.end() >= offset && !std::mem::replace(&mut ended.done, true) {
            cx.fin();
        }
        if beyond.len > 0 {
            cx.discard(beyond);
        }
    }

    fn changed(&self, ended: &mut Ended, old: &mut Ended) {
        *ended = Ended { offset: None, ..std::mem::take(old) };
    }

    fn fin(&self, ended: &mut Ended, cx: &mut Cx<'_>) {
        if !ended.done {
            cx.fin();
        }
    }
}
