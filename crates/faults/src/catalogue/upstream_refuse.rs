//! `upstream_refuse`: a server that refuses.

use crate::carrier::Misfit;
use crate::gate::{Admission, Gate};
use crate::params::params;

params! {
    /// As though the server had refused the connection: it is not reached for, and the client gets a RST, as it does where
    /// the server cannot be reached.
    ///
    /// It fires once per connection.
    pub struct UpstreamRefuse {}
}

impl UpstreamRefuse {
    /// Refuses in the server's name.
    #[expect(clippy::new_without_default, reason = "faults are made by name")]
    pub fn new() -> UpstreamRefuse {
        UpstreamRefuse {}
    }
}

impl Gate for UpstreamRefuse {
    const NAME: &'static str = "upstream_refuse";
    const EXAMPLE: &'static str = "upstream_refuse:connections=1-2";
    const MAIN: Option<&'static str> = None;
    const MISFIT: Misfit =
        Misfit { reason: "UDP has no connections that could be refused", instead: "blackhole@up" };

    fn admit(&self) -> Admission {
        Admission::ServerRefuses
    }
}
