//! What `squall up` keeps running, and what has to be done where that is to be something else.

use super::{Echo, Link, Pool, Upstream, route};
use squall_faults::FaultSpec;
use std::net::SocketAddr;
use std::time::Duration;

/// A whole file of services.
#[derive(Debug, Clone, Default)]
pub struct Services {
    /// What all random decisions are keyed with.
    pub seed: u64,
    /// How long connections of what is stopped or replaced may go on, where that is told.
    pub grace: Option<Duration>,
    /// Where metrics are served, where they are.
    pub metrics: Option<SocketAddr>,
    /// Where the control API is served, where it is.
    pub control: Option<SocketAddr>,
    /// The built-in servers, in the order of the file.
    pub echoes: Vec<Echo>,
    /// The links in the order of the file, then the balancers. No two have the same name.
    pub links: Vec<Link>,
}

/// One thing that makes of some services others.
#[derive(Debug, Clone)]
pub enum Change {
    /// The link, or the balancer, of that name is no more.
    EndLink(String),
    /// The server of that name is no more.
    EndEcho(String),
    /// This server is new, or takes the place of the one of its name.
    Echo(Echo),
    /// This link, or balancer, is new, or takes the place of the one of its name.
    Link(Link),
    /// A balancer has other members, or picks them otherwise. Members are told apart by name.
    Pool {
        /// The balancer's name.
        balancer: String,
        /// What it is to pick from, and how.
        pool: Pool,
    },
    /// A link, or a balancer, stays as it is but for its faults, and for its pool where that changes before. They are told apart by name; those that are not mentioned stay.
    Faults {
        /// The link's name.
        link: String,
        /// The names of faults that go. One that is to be of another kind goes, and comes under its name.
        gone: Vec<String>,
        /// Faults that change.
        changed: Vec<FaultSpec>,
        /// Faults that come, behind those that are there.
        new: Vec<FaultSpec>,
    },
}

impl Change {
    /// The name of the link, or the balancer, that it is about and that is to be there afterwards.
    pub fn link(&self) -> Option<&str> {
        match self {
            Change::Link(link) => Some(&link.name),
            Change::Pool { balancer: name, .. } | Change::Faults { link: name, .. } => Some(name),
            Change::EndLink(_) | Change::EndEcho(_) | Change::Echo(_) => None,
        }
    }
}

impl Services {
    /// What has to be done to get from these servers and links to others, in an order in which it can be: what ends first, then
    /// servers, then links, each after those that it leads to. Orders alone, of links, of a link's faults or of a balancer's members,
    /// are no change. The seed, the grace and the addresses of metrics and control are not looked at.
    pub fn changes_to(&self, wanted: &Services) -> Vec<Change> {
        let links = self.links_in_order().into_iter().rev();
        let links = links.filter(|old| wanted.link(&old.name).is_none());
        let mut changes: Vec<Change> = links.map(|old| Change::EndLink(old.name.clone())).collect();
        let echoes = self.echoes.iter().filter(|old| wanted.echo(&old.name).is_none());
        changes.extend(echoes.map(|old| Change::EndEcho(old.name.clone())));
        let echoes = wanted.echoes.iter().filter(|new| self.echo(&new.name) != Some(*new));
        changes.extend(echoes.map(|new| Change::Echo(new.clone())));
        for new in wanted.links_in_order() {
            match self.link(&new.name) {
                Some(old) if is_same(old, new) => {
                    changes.extend(pool_change(old, new).into_iter().chain(fault_changes(old, new)));
                }
                _ => changes.push(Change::Link(new.clone())),
            }
        }
        changes
    }

    /// Notes a change as made. Where it ends or changes something that is not there, nothing happens.
    pub fn apply(&mut self, change: &Change) {
        match change {
            Change::EndLink(name) => self.links.retain(|link| link.name != *name),
            Change::EndEcho(name) => self.echoes.retain(|echo| echo.name != *name),
            Change::Echo(new) => match self.echoes.iter_mut().find(|echo| echo.name == new.name) {
                Some(echo) => echo.clone_from(new),
                None => self.echoes.push(new.clone()),
            },
            Change::Link(new) => match self.links.iter_mut().find(|link| link.name == new.name) {
                Some(link) => link.clone_from(new),
                None => self.links.push(new.clone()),
            },
            Change::Pool { balancer, pool } => {
                if let Some(link) = self.links.iter_mut().find(|each| each.name == *balancer) {
                    link.upstream = Upstream::Pool(Box::new(pool.clone()));
                }
            }
            Change::Faults { link, gone, changed, new } => {
                let Some(link) = self.links.iter_mut().find(|each| each.name == *link) else { return };
                link.faults
                    .retain(|fault| !fault.name().is_some_and(|name| gone.iter().any(|gone| gone == name)));
                for fault in &mut link.faults {
                    if let Some(changed) = changed.iter().find(|changed| changed.name() == fault.name()) {
                        fault.clone_from(changed);
                    }
                }
                link.faults.extend(new.iter().cloned());
            }
        }
    }

    /// The link, or the balancer, of that name.
    pub fn link(&self, name: &str) -> Option<&Link> {
        self.links.iter().find(|link| link.name == name)
    }

    /// The server of that name.
    pub fn echo(&self, name: &str) -> Option<&Echo> {
        self.echoes.iter().find(|echo| echo.name == name)
    }

    /// The links and balancers, each after those that it leads to.
    pub fn links_in_order(&self) -> Vec<&Link> {
        let mut ordered: Vec<&Link> = Vec::new();
        for link in &self.links {
            for link in route(&self.links, &link.name).into_iter().rev() {
                if !ordered.iter().any(|before| before.name == link.name) {
                    ordered.push(link);
                }
            }
        }
        ordered
    }
}

/// Whether two links differ in their faults at the most, and two balancers in their pools beside.
fn is_same(old: &Link, new: &Link) -> bool {
    // Taken apart by name, so that a key that joins the format cannot be forgotten here.
    let Link {
        name,
        carrier,
        upstream,
        listen,
        connect_timeout,
        idle_timeout,
        max_connections,
        segment,
        buffer,
        relay,
        tuning,
        proxy_protocol,
        accept_proxy,
        faults: _,
    } = old;
    let leads_the_same_way = match (upstream, &new.upstream) {
        (Upstream::Pool(_), Upstream::Pool(_)) => true,
        (old, new) => old == new,
    };
    *name == new.name
        && *carrier == new.carrier
        && leads_the_same_way
        && *listen == new.listen
        && *connect_timeout == new.connect_timeout
        && *idle_timeout == new.idle_timeout
        && *max_connections == new.max_connections
        && *segment == new.segment
        && *buffer == new.buffer
        && *relay == new.relay
        && *tuning == new.tuning
        && *proxy_protocol == new.proxy_protocol
        && *accept_proxy == new.accept_proxy
}

/// What becomes of the pool of a balancer; nothing where it is the same, and of a link.
fn pool_change(old: &Link, new: &Link) -> Option<Change> {
    let sorted = |pool: &Pool| {
        let mut pool = pool.clone();
        pool.members.sort_by(|one, other| one.name.cmp(&other.name));
        pool
    };
    let (old, pool) = old.pool().zip(new.pool())?;
    let differs = sorted(old) != sorted(pool);
    differs.then(|| Change::Pool { balancer: new.name.clone(), pool: pool.clone() })
}

/// What becomes of the faults of a link; nothing where they are the same.
fn fault_changes(old: &Link, new: &Link) -> Option<Change> {
    let named =
        |faults: &[FaultSpec], name: Option<&str>| faults.iter().find(|fault| fault.name() == name).cloned();
    let mut gone: Vec<String> = Vec::new();
    let (mut changed, mut come) = (Vec::new(), Vec::new());
    for fault in &old.faults {
        let stays = named(&new.faults, fault.name()).is_some_and(|new| new.kind().name == fault.kind().name);
        if !stays {
            gone.extend(fault.name().map(str::to_owned));
        }
    }
    for fault in &new.faults {
        match named(&old.faults, fault.name()) {
            Some(old) if old.kind().name != fault.kind().name => come.push(fault.clone()),
            // Its own text may name a file; what is in that shows here.
            Some(old) if format!("{old:?}") == format!("{fault:?}") => {}
            Some(_) => changed.push(fault.clone()),
            None => come.push(fault.clone()),
        }
    }
    let any = !gone.is_empty() || !changed.is_empty() || !come.is_empty();
    any.then(|| Change::Faults { link: new.name.clone(), gone, changed, new: come })
}
