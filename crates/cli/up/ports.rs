//! Ports that have to be closed before others can be bound: all others are closed last, when nobody leads to them any more.

use super::services::Running;
use squall::Address;
use squall::scenario::model::{Change, Upstream};

/// What has to give its port up first.
#[derive(Default)]
pub(super) struct Crowded(Vec<Upstream>);

impl Crowded {
    /// Whether that link, or balancer, is among it.
    pub(super) fn has_link(&self, name: &str) -> bool {
        self.has(&Upstream::Link(name.to_owned()))
    }

    /// Whether that server is among it.
    pub(super) fn has_echo(&self, name: &str) -> bool {
        self.has(&Upstream::Echo(name.to_owned()))
    }

    /// Whether that is among it, whatever it is.
    pub(super) fn has(&self, upstream: &Upstream) -> bool {
        self.0.contains(upstream)
    }
}

impl Running {
    /// What listens where something else of these changes is to.
    pub(super) fn crowded(&self, changes: &[Change]) -> Crowded {
        let taken: Vec<Address> = changes.iter().filter_map(|change| self.bound_anew(change)).collect();
        let among = |addr: &Address| taken.iter().any(|wanted| overlap(addr, wanted));
        let gives_way = |change: &Change| match change {
            Change::EndLink(name) => self.gives_way_link(name, &among),
            Change::Link(link) if self.moves_link(change) => self.gives_way_link(&link.name, &among),
            Change::EndEcho(name) => self.gives_way_echo(name, &among),
            Change::Echo(echo) if self.bound_anew(change).is_some() => {
                self.gives_way_echo(&echo.name, &among)
            }
            _ => None,
        };
        Crowded(changes.iter().filter_map(gives_way).collect())
    }

    /// Where a change binds an address that is told, and that it does not have already.
    fn bound_anew(&self, change: &Change) -> Option<Address> {
        let wanted = match change {
            Change::Link(link) if self.moves_link(change) => link.listen.clone(),
            Change::Echo(echo) => {
                let stays = self.services.echo(&echo.name).is_some_and(|was| was.listen == echo.listen);
                (!stays).then(|| echo.listen.into())?
            }
            _ => return None,
        };
        let picked = matches!(&wanted, Address::Ip(endpoint) if endpoint.port == 0);
        (!picked).then_some(wanted)
    }

    fn moves_link(&self, change: &Change) -> bool {
        let Change::Link(link) = change else { return false };
        self.services.link(&link.name).is_none_or(|was| was.listen != link.listen)
    }

    fn gives_way_link(&self, name: &str, among: &impl Fn(&Address) -> bool) -> Option<Upstream> {
        let started = self.started.get(name).filter(|started| among(&started.addr));
        started.map(|_| Upstream::Link(name.to_owned()))
    }

    fn gives_way_echo(&self, name: &str, among: &impl Fn(&Address) -> bool) -> Option<Upstream> {
        let server = self.servers.get(name).and_then(|servers| servers.last());
        let server = server.filter(|server| among(&server.addr().into()));
        server.map(|_| Upstream::Echo(name.to_owned()))
    }
}

/// Whether one of the two may be in the way of the other. Ports decide: hosts have many names, and one is all of them.
fn overlap(one: &Address, other: &Address) -> bool {
    match (one, other) {
        (Address::Ip(one), Address::Ip(other)) => one.port == other.port,
        (one, other) => one == other,
    }
}
