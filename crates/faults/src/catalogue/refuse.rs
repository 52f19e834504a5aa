//! `refuse`: clients that do not get in.

use crate::carrier::Misfit;
use crate::gate::{Admission, Gate, PortState};
use crate::params::params;
use crate::value::words;

words! {
    /// How a client is refused.
    Refusal, "mode", {
        /// Accepted, then RST at once.
        Rst = "rst",
        /// Accepted, then FIN at once.
        Fin = "fin",
        /// The port is closed, so that connecting itself is refused.
        Unlisten = "unlisten",
    }
}

params! {
    /// Turns clients away. With `rst` and `fin` the system has accepted them by then, as it does for every listening port: they
    /// see their connection end at once. With `unlisten` the port is closed, so that connecting fails; connections that are open
    /// stay. That concerns everybody: it takes no `connections`, `client` or `probability`.
    ///
    /// It fires once per client that it turns away, with `unlisten` each time that it closes the port.
    pub struct Refuse {
        /// `rst`, `fin` or `unlisten`.
        mode: Refusal = Refusal::Rst,
    }
}

impl Refuse {
    /// Accepts, then RST.
    pub fn rst() -> Refuse {
        Refuse { mode: Refusal::Rst }
    }

    /// Accepts, then FIN.
    pub fn fin() -> Refuse {
        Refuse { mode: Refusal::Fin }
    }

    /// Closes the port.
    pub fn unlisten() -> Refuse {
        Refuse { mode: Refusal::Unlisten }
    }
}

impl Gate for Refuse {
    const NAME: &'static str = "refuse";
    const EXAMPLE: &'static str = "refuse:connections=1-2";
    const MAIN: Option<&'static str> = Some("mode");
    const MISFIT: Misfit =
        Misfit { reason: "UDP has no connections that could be refused", instead: "blackhole" };

    fn port(&self) -> PortState {
        if self.mode == Refusal::Unlisten { PortState::Closed } else { PortState::Open }
    }

    fn admit(&self) -> Admission {
        match self.mode {
            Refusal::Rst => Admission::Reset,
            Refusal::Fin => Admission::Close,
            Refusal::Unlisten => Admission::Accept,
        }
    }
}
