//! Where that is which links and balancers lead to.

use super::services::Running;
use squall::Address;
use squall::scenario::model::Upstream;

/// The upstreams of a link, of a balancer its members', and where each is.
#[derive(Default)]
pub(super) struct Ends(Vec<(Upstream, Address)>);

impl Ends {
    /// Where an upstream is, if it is one of these.
    pub(super) fn find(&self, upstream: &Upstream) -> Option<&Address> {
        self.0.iter().find(|(known, _)| known == upstream).map(|(_, address)| address)
    }

    /// The same of one that is.
    pub(super) fn of(&self, upstream: &Upstream) -> Address {
        self.find(upstream).cloned().unwrap_or_else(|| unreachable!("{upstream:?} was looked up"))
    }

    /// Whether all of `others` are among these, and where they were.
    pub(super) fn include(&self, others: &Ends) -> bool {
        others.0.iter().all(|end| self.0.contains(end))
    }
}

impl Running {
    /// Where all of these upstreams are.
    pub(super) fn ends<'a>(&self, upstreams: impl Iterator<Item = &'a Upstream>) -> Result<Ends, String> {
        let ends = upstreams.map(|upstream| Ok((upstream.clone(), self.resolve(upstream)?)));
        ends.collect::<Result<_, String>>().map(Ends)
    }

    /// Where an upstream is.
    pub(super) fn resolve(&self, upstream: &Upstream) -> Result<Address, String> {
        let missing = |kind: &str, name: &str| format!("its upstream {kind}.{name} does not run");
        match upstream {
            Upstream::Echo(name) => {
                let server = self.servers.get(name).and_then(|servers| servers.last());
                server.map(|server| server.addr().into()).ok_or_else(|| missing("echo", name))
            }
            Upstream::Link(name) => {
                let kind = if self.pools.contains(name) { "balance" } else { "link" };
                self.started.get(name).map(|link| link.addr.clone()).ok_or_else(|| missing(kind, name))
            }
            Upstream::Process(name) => Err(missing("process", name)),
            // That is no place; its members are.
            Upstream::Pool(_) => Err("a balancer picks its upstream".to_owned()),
            Upstream::Address(text) => text.parse().map_err(|error: squall::AddressError| error.to_string()),
        }
    }
}
