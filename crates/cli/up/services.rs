//! The links, balancers and servers that run, and how they become others.

use super::links::title;
use super::ports::Crowded;
use super::watch::Ears;
use super::whereabouts::Ends;
use crate::Failure;
use crate::ready::Bound;
use squall::echo::Echo;
use squall::scenario::model::{Change, Services};
use squall::{Address, Carrier, Decisions, Proxy, ProxyBuilder, Shards};
use squall_control::{Collection, EchoCollection};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use tokio::task::JoinSet;

/// What all links and servers have in common.
#[derive(Clone)]
pub(super) struct Setting {
    pub(super) shards: Shards,
    pub(super) decisions: Option<Decisions>,
    pub(super) ears: Ears,
    /// The seed of links that are started from now on.
    pub(super) seed: Arc<AtomicU64>,
}

impl Setting {
    pub(super) fn apply(&self, builder: ProxyBuilder) -> ProxyBuilder {
        let mut builder = builder.seed(self.seed.load(Relaxed)).shards(self.shards.clone());
        if let Some(log) = &self.decisions {
            builder = builder.decisions(log.clone());
        }
        self.ears.link(&mut builder);
        builder
    }
}

/// Links, balancers and servers that run.
pub(super) struct Running {
    pub(super) setting: Setting,
    /// What runs, as the file has it: a change that failed is not in it.
    pub(super) services: Services,
    pub(super) links: Collection,
    /// The balancers, of which clients see members only.
    pub(super) balancers: BTreeMap<String, Proxy>,
    /// Of links and balancers alike.
    pub(super) started: BTreeMap<String, Started>,
    /// The last one of a name has its port. Others have connections that are to go on.
    pub(super) servers: BTreeMap<String, Vec<Echo>>,
    pub(super) echoes: EchoCollection,
    /// What others have taken the place of, while its port may yet be open: links, each after those that it leads to, and servers.
    pub(super) retired: (Vec<Proxy>, Vec<Echo>),
    /// The names of the balancers of the file, of those that do not run, too.
    pub(super) pools: BTreeSet<String>,
    /// Links, servers and members that are gone but for their connections, which have until the end of the grace.
    pub(super) leaving: JoinSet<()>,
}

/// What a link was started with that is not in its own table.
pub(super) struct Started {
    pub(super) addr: Address,
    pub(super) ends: Ends,
    pub(super) seed: u64,
}

/// Links and servers that are to be replaced, and whose ports had to be closed for others.
#[derive(Default)]
struct Replaced {
    links: BTreeMap<String, Proxy>,
    servers: BTreeMap<String, Vec<Echo>>,
}

/// What came of one change: a line that says so.
pub(super) type Outcome = Result<String, Failure>;

impl Running {
    /// Starts everything.
    ///
    /// # Errors
    /// Where one thing cannot be started. Nothing runs then.
    pub(super) async fn start(setting: Setting, wanted: Services) -> Result<Running, Failure> {
        let own = setting.clone();
        let links = Collection::new(move |upstream, carrier| {
            own.apply(match carrier {
                Carrier::Stream => Proxy::tcp(upstream),
                Carrier::Datagram => Proxy::udp(upstream),
            })
        });
        let mut running = Running {
            setting,
            services: Services::default(),
            links,
            balancers: BTreeMap::new(),
            started: BTreeMap::new(),
            servers: BTreeMap::new(),
            echoes: EchoCollection::default(),
            retired: Default::default(),
            pools: BTreeSet::new(),
            leaving: JoinSet::new(),
        };
        running.change(wanted).await.into_iter().collect::<Result<Vec<String>, Failure>>()?;
        Ok(running)
    }

    /// Makes of what runs what is wanted, and says what was done, and what could not be.
    pub(super) async fn change_to(&mut self, wanted: Services) {
        let outcomes = self.change(wanted).await;
        if outcomes.is_empty() {
            tracing::info!("nothing has changed");
        }
        for outcome in outcomes {
            match outcome {
                Ok(line) => tracing::info!("{line}"),
                Err(failure) => tracing::error!("{}", failure.message),
            }
        }
    }

    async fn change(&mut self, wanted: Services) -> Vec<Outcome> {
        self.setting.seed.store(wanted.seed, Relaxed);
        let changes = self.services.changes_to(&wanted);
        let before = self.services.clone();
        let Services { seed, grace, metrics, control, .. } = wanted;
        let Services { echoes, links, .. } = std::mem::take(&mut self.services);
        self.services = Services { seed, grace, metrics, control, echoes, links };
        let pools = wanted.links.iter().filter(|link| link.pool().is_some());
        self.pools = pools.map(|link| link.name.clone()).collect();
        let (mut outcomes, mut replaced) = (Vec::new(), Replaced::default());
        let crowded = self.crowded(&changes);
        // Nothing goes before what comes is there, but for ports that are in each other's way.
        self.dismiss(&changes, &crowded);
        for change in &changes {
            outcomes.extend(self.make_room(change, &crowded, &mut replaced).await.map(Ok));
        }
        for change in &changes {
            if let Change::Echo(echo) = change {
                outcomes.push(self.change_server(echo, replaced.servers.remove(&echo.name)).await);
            }
        }
        let place = |name: &str| wanted.echoes.iter().position(|echo| echo.name == name);
        self.services.echoes.sort_by_key(|echo| place(&echo.name));
        for link in wanted.links_in_order() {
            let own: Vec<&Change> =
                changes.iter().filter(|change| change.link() == Some(&*link.name)).collect();
            let old = replaced.links.remove(&link.name);
            outcomes.extend(self.change_link(link, &own, &before, old).await);
        }
        outcomes.extend(self.forsake(&changes));
        for change in &changes {
            outcomes.extend(self.end(change).await.map(Ok));
        }
        self.let_go().await;
        let place = |name: &str| wanted.links.iter().position(|link| link.name == name);
        self.services.links.sort_by_key(|link| place(&link.name));
        outcomes
    }

    /// Ends what is to end, and closes the ports of what is to be replaced, where those are in the way.
    async fn make_room(
        &mut self,
        change: &Change,
        crowded: &Crowded,
        replaced: &mut Replaced,
    ) -> Option<String> {
        match change {
            Change::EndLink(name) if crowded.has_link(name) => return self.end(change).await,
            Change::EndEcho(name) if crowded.has_echo(name) => return self.end(change).await,
            Change::Echo(echo) if crowded.has_echo(&echo.name) => {
                if let Some(mut servers) = self.servers.remove(&echo.name) {
                    for server in &mut servers {
                        server.close_port().await;
                    }
                    replaced.servers.insert(echo.name.clone(), servers);
                }
            }
            Change::Link(link) if crowded.has_link(&link.name) => {
                if let Some(old) = self.release(&link.name).await {
                    old.close_port().await;
                    replaced.links.insert(link.name.clone(), old);
                }
            }
            _ => {}
        }
        None
    }

    /// Ends what is to end, unless it has.
    async fn end(&mut self, change: &Change) -> Option<String> {
        match change {
            Change::EndLink(name) => {
                let ended = self.services.link(name).map(|link| format!("{} ended", title(link)))?;
                self.started.remove(name);
                if let Some(balancer) = self.balancers.remove(name) {
                    self.leave(balancer).await;
                }
                self.links.remove_balancer(name);
                if let Some(link) = self.links.remove(name).await {
                    self.leave(link).await;
                }
                self.services.apply(change);
                Some(ended)
            }
            Change::EndEcho(name) => {
                self.services.echo(name)?;
                for server in self.servers.remove(name).unwrap_or_default() {
                    self.leave_server(server).await;
                }
                self.echoes.remove(name);
                self.services.apply(change);
                Some(format!("echo {name} ended"))
            }
            _ => None,
        }
    }

    /// The seed behind every random decision.
    pub(super) fn seed(&self) -> u64 {
        self.services.seed
    }

    /// The links, with those that clients of the control API have added.
    pub(super) fn links(&self) -> &Collection {
        &self.links
    }

    /// What the servers count.
    pub(super) fn echoes(&self) -> &EchoCollection {
        &self.echoes
    }

    /// The faults of all links, in lines.
    pub(super) fn plan(&self) -> Vec<String> {
        let faults =
            self.services.links.iter().flat_map(|link| link.faults.iter().map(move |fault| (link, fault)));
        faults.map(|(link, fault)| format!("{}: {fault}", title(link))).collect()
    }

    /// Notes what listens, links first, then balancers.
    pub(super) fn note(&self, bound: &mut Bound) {
        let mut addrs: BTreeMap<String, Address> = self.links.addresses().into_iter().collect();
        addrs
            .extend(self.balancers.iter().map(|(name, balancer)| (name.clone(), balancer.address().clone())));
        for link in &self.services.links {
            let Some(addr) = addrs.get(&link.name) else { continue };
            let scheme = if link.carrier == Carrier::Datagram { "udp:" } else { "" };
            let command = if link.pool().is_some() { "balance" } else { "proxy" };
            let what = format!("squall {command} {} listening on {scheme}", link.name);
            bound.note(&link.name, what, addr);
        }
        for echo in &self.services.echoes {
            let Some(server) = self.servers.get(&echo.name).and_then(|servers| servers.last()) else {
                continue;
            };
            let scheme = match echo.carrier {
                Carrier::Stream if echo.http => "http://",
                Carrier::Stream => "",
                Carrier::Datagram => "udp:",
            };
            bound.note(&echo.name, format!("squall echo {} listening on {scheme}", echo.name), server.addr());
        }
    }
}
