//! `hang`: connecting does not complete.

use crate::carrier::Misfit;
use crate::gate::{Gate, PortState};
use crate::params::params;

params! {
    /// Lets nobody connect: a client's SYN is not answered until the window is over, and then as soon as the client tries again
    /// (Linux does after 1, 3, 7 seconds and so on). The listener's backlog is kept full by connections of our own. Connections
    /// that are open stay. It concerns everybody, so it takes no `connections`, `client` or `probability`.
    ///
    /// It fires each time that it begins.
    pub struct Hang {}
}

impl Hang {
    /// Lets nobody connect.
    #[expect(clippy::new_without_default, reason = "faults are made by name")]
    pub fn new() -> Hang {
        Hang {}
    }
}

impl Gate for Hang {
    const NAME: &'static str = "hang";
    const EXAMPLE: &'static str = "hang:3s";
    const MAIN: Option<&'static str> = Some("for");
    const MISFIT: Misfit =
        Misfit { reason: "UDP has no connecting that could hang", instead: "blackhole:for=3s" };

    fn port(&self) -> PortState {
        PortState::Hung
    }
}
