//! `freeze`: the link stands still for a while.

use crate::carrier::Carriers;
use crate::direction::Directions;
use crate::engine::{Cx, Range};
use crate::fault::{Fault, Rank};
use crate::params::params;
use crate::spec::Scope;
use crate::tick::Tick;

params! {
    /// Holds everything, the end of the stream too, and lets it go at once when its time is over: a link that stalls without
    /// losing anything. The time is the scope key `for`; `every` makes it come again.
    ///
    /// It fires once per connection and direction that it holds.
    pub struct Freeze {}
}

impl Fault for Freeze {
    const NAME: &'static str = "freeze";
    const EXAMPLE: &'static str = "freeze:800ms,every=10s";
    const MAIN: Option<&'static str> = Some("for");
    const ON: Carriers = Carriers::Both;
    const RANK: Rank = Rank::Pause;
    const TIMED: bool = true;
    const DIRECTIONS: Directions = Directions::Both;
    type State = ();
    type Shared = ();

    fn validate(&self, scope: &Scope) -> Result<(), String> {
        if scope.window.is_some() { Ok(()) } else { Err("needs `for`: how long it holds".to_owned()) }
    }

    fn data(&self, _state: &mut (), range: Range, cx: &mut Cx<'_>) {
        if cx.act(range.offset) { cx.hold(range) } else { cx.pass(range) }
    }

    fn fin(&self, _state: &mut (), cx: &mut Cx<'_>) {
        // Where the stream ends is where its last byte was.
        if cx.act(u64::MAX) { cx.fin_at(Tick::NEVER) } else { cx.fin() }
    }
}
