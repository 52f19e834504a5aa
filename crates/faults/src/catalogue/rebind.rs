//! `rebind`: a client that comes from another port.

use crate::carrier::{Carriers, Misfit};
use crate::direction::Directions;
use crate::engine::{Cx, Range};
use crate::fault::{Fault, Rank};
use crate::params::params;

params! {
    /// Goes on towards the server from another port, as when a NAT forgets its mapping or a phone changes networks: once per
    /// session when the fault arms, or with each window. What the server still sends to the old port is lost.
    ///
    /// It fires once per session and time.
    pub struct Rebind {}
}

impl Rebind {
    /// Another port when the fault arms.
    #[expect(clippy::new_without_default, reason = "faults are made by name")]
    pub fn new() -> Rebind {
        Rebind {}
    }
}

/// How often the port has been changed.
#[derive(Default)]
pub struct Changes(u64);

impl Fault for Rebind {
    const NAME: &'static str = "rebind";
    const EXAMPLE: &'static str = "rebind:after=64KiB";
    const MAIN: Option<&'static str> = None;
    const ON: Carriers = Carriers::Datagram;
    const MISFIT: Option<Misfit> =
        Some(Misfit { reason: "a TCP connection cannot change its port", instead: "reset:after=64KiB" });
    const RANK: Rank = Rank::Position;
    const DIRECTIONS: Directions = Directions::Up;
    type State = Changes;
    type Shared = ();

    fn armed(&self, changes: &mut Changes, cx: &mut Cx<'_>) {
        if cx.fire("rebind", changes.0, cx.base(), 0) {
            changes.0 += 1;
            cx.rebind();
        }
    }

    fn data(&self, _changes: &mut Changes, range: Range, cx: &mut Cx<'_>) {
        cx.pass(range);
    }
}
