//! `upstream_hang`: a server that does not answer.

use crate::carrier::Misfit;
use crate::gate::{Admission, Gate};
use crate::params::params;

params! {
    /// As though the server never answered: the client stays connected and hears nothing, until the link's connect timeout is
    /// over and it gets a RST.
    ///
    /// It fires once per connection.
    pub struct UpstreamHang {}
}

impl UpstreamHang {
    /// Keeps silent in the server's name.
    #[expect(clippy::new_without_default, reason = "faults are made by name")]
    pub fn new() -> UpstreamHang {
        UpstreamHang {}
    }
}

impl Gate for UpstreamHang {
    const NAME: &'static str = "upstream_hang";
    const EXAMPLE: &'static str = "upstream_hang:probability=10%";
    const MAIN: Option<&'static str> = None;
    const MISFIT: Misfit =
        Misfit { reason: "UDP has no connecting that could hang", instead: "blackhole@up" };

    fn admit(&self) -> Admission {
        Admission::ServerHangs
    }
}
