//! `accept_delay`: a slow accept.

use crate::carrier::Misfit;
use crate::gate::{Admission, Gate};
use crate::params::params;
use std::time::Duration;

params! {
    /// Waits between accepting a client and reaching for the server, as a busy server does. The client is connected meanwhile;
    /// what it sends waits.
    ///
    /// It fires once per client that waits.
    pub struct AcceptDelay {
        /// How long.
        delay: Duration,
    }
}

impl AcceptDelay {
    /// Waits so long.
    pub fn new(delay: Duration) -> AcceptDelay {
        AcceptDelay { delay }
    }
}

impl Gate for AcceptDelay {
    const NAME: &'static str = "accept_delay";
    const EXAMPLE: &'static str = "accept_delay:500ms";
    const MAIN: Option<&'static str> = Some("delay");
    const MISFIT: Misfit = Misfit { reason: "UDP has no connections to accept", instead: "latency:500ms@up" };
    const CUTS: bool = false;

    fn admit(&self) -> Admission {
        Admission::Delay(self.delay)
    }
}
