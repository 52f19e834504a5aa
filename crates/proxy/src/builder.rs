//! A link as it is asked for.

use crate::acceptor::Port;
use crate::balance::{Balance, keep};
use crate::error::ProxyError;
use crate::event::{EventSource, Events, Listener};
use crate::link::{Link, Upstream};
use crate::live_plan::LivePlan;
use crate::options::{Options, Relay};
use crate::proxy::Proxy;
use crate::proxy_protocol::ProxyProtocol;
use crate::registry::Registry;
use crate::unreached::Failures;
use squall_faults::{Carrier, Decisions, FaultSpec, LinkId, Plan, Replay, find_preset, nearest_preset};
use squall_wire::{Address, Shards, Tuning};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

/// Where a link is to lead.
#[derive(Clone, Debug)]
enum Wanted {
    One(Address),
    Pool(Box<Balance>),
    /// Each client says where.
    Asked,
}

/// A link that has not started. Every method but [`ProxyBuilder::start`] just notes something.
#[derive(Clone, Debug)]
#[must_use = "a proxy does nothing until it is started"]
pub struct ProxyBuilder {
    id: LinkId,
    listen: Address,
    upstream: Wanted,
    options: Options,
    /// With the member that they are for, if they are for one.
    faults: Vec<(Option<String>, FaultSpec)>,
    decisions: Option<Decisions>,
    replay: Option<Replay>,
    shards: Option<Shards>,
    listeners: Vec<Listener>,
}

impl ProxyBuilder {
    pub(crate) fn new(upstream: Address, carrier: Carrier) -> ProxyBuilder {
        ProxyBuilder::leading(Wanted::One(upstream), carrier)
    }

    fn leading(upstream: Wanted, carrier: Carrier) -> ProxyBuilder {
        let options = match carrier {
            Carrier::Stream => Options::default(),
            Carrier::Datagram => Options::for_datagrams(),
        };
        ProxyBuilder {
            id: LinkId { carrier, ..LinkId::new("proxy", 0) },
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into(),
            upstream,
            options,
            faults: Vec::new(),
            decisions: None,
            replay: None,
            shards: None,
            listeners: Vec::new(),
        }
    }

    pub(crate) fn balancing(members: Balance) -> ProxyBuilder {
        ProxyBuilder::leading(Wanted::Pool(Box::new(members)), Carrier::Stream).name("balance")
    }

    /// A link whose clients say where they want to go.
    pub(crate) fn forward() -> ProxyBuilder {
        ProxyBuilder::leading(Wanted::Asked, Carrier::Stream)
    }

    /// The name, part of the key of every random decision; `proxy` by default, `balance` on a link that picks.
    pub fn name(mut self, name: &str) -> Self {
        self.id.name = name.into();
        self
    }

    /// The seed of every random decision; 0 by default.
    pub fn seed(mut self, seed: u64) -> Self {
        self.id.seed = seed;
        self
    }

    /// Bytes per segment, the unit of position for draws on a stream; 1448 by default, at least 1.
    pub fn segment(mut self, bytes: u64) -> Self {
        self.id.segment = bytes.max(1);
        self
    }

    /// The address to listen on; `127.0.0.1:0` by default.
    pub fn listen(mut self, addr: SocketAddr) -> Self {
        self.listen = addr.into();
        self
    }

    /// Listens on an address of whatever kind: of a name, on the first of its addresses, or on a unix socket, not in virtual time
    /// and not for datagrams. Its file is there while the link is up; one that is left over from somebody who is gone is replaced.
    /// Looking up a name takes a tokio runtime. [`Proxy::address`] tells where it came to be.
    ///
    /// ```
    /// # use squall_proxy::Proxy;
    /// # use squall_wire::Address;
    /// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// # let folder = tempfile::tempdir()?;
    /// # let at = |name: &str| format!("unix:{}", folder.path().join(name).display());
    /// # let (app, db) = (at("app.sock"), at("db.sock"));
    /// let proxy = Proxy::tcp(db.parse::<Address>()?).listen_at(app.parse()?).start().await?;
    /// assert_eq!(proxy.address().to_string(), app);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn listen_at(mut self, address: Address) -> Self {
        self.listen = address;
        self
    }

    /// A fault that is in force before the first connection is accepted.
    pub fn fault(mut self, fault: impl Into<FaultSpec>) -> Self {
        self.faults.push((None, fault.into()));
        self
    }

    /// As [`ProxyBuilder::fault`], on connections to that member of a balancer only. Its name begins with the member's and a dot.
    pub fn member_fault(mut self, member: &str, fault: impl Into<FaultSpec>) -> Self {
        self.faults.push((Some(member.to_owned()), fault.into()));
        self
    }

    /// The faults of a preset, such as `3g`: latency, rates and loss of a known kind of network.
    ///
    /// # Errors
    /// Where there is no such preset; the error names the nearest.
    pub fn preset(self, name: &str) -> Result<Self, ProxyError> {
        let preset = find_preset(name).ok_or_else(|| {
            let nearest = nearest_preset(name);
            ProxyError::UnknownPreset { name: name.to_owned(), nearest }
        })?;
        let carrier = self.id.carrier;
        Ok(preset.faults(carrier).into_iter().fold(self, |builder, fault| builder.fault(fault)))
    }

    /// Writes every decision of the link's faults into `log`, which other links may share.
    pub fn decisions(mut self, log: Decisions) -> Self {
        self.decisions = Some(log);
        self
    }

    /// Makes the decisions of `replay` again instead of drawing.
    pub fn replay(mut self, replay: Replay) -> Self {
        self.replay = Some(replay);
        self
    }

    /// How long reaching the server may take, name lookup included; 5 s by default.
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.options.connect_timeout = limit;
        self
    }

    /// Closes a client's connection in order (FIN) where the server cannot be reached, so that connecting itself never fails;
    /// with a RST by default, which may come before the client has noticed that it is connected.
    pub fn fin_unreached(mut self, orderly: bool) -> Self {
        self.options.fin_unreached = orderly;
        self
    }

    /// Closes connections without bytes either way for that long; never by default, clients of datagrams after 60 s.
    pub fn idle_timeout(mut self, limit: Duration) -> Self {
        self.options.idle_timeout = Some(limit);
        self
    }

    /// Turns connections away while so many are open; no limit by default, 10,000 clients of datagrams.
    pub fn max_connections(mut self, limit: u64) -> Self {
        self.options.max_connections = Some(limit);
        self
    }

    /// How many bytes one direction of one connection holds at the most; 64 MiB by default.
    pub fn buffer(mut self, bytes: u64) -> Self {
        self.options.buffer = bytes.max(1);
        self
    }

    /// How bytes that no fault has to see are relayed; [`Relay::Auto`] by default.
    pub fn relay(mut self, relay: Relay) -> Self {
        self.options.relay = relay;
        self
    }

    /// Settings of the link's sockets, those of clients and those towards the server; by default those of the system.
    pub fn tuning(mut self, tuning: Tuning) -> Self {
        self.options.tuning = tuning;
        self
    }

    /// Listens to the link from its first connection on; [`Proxy::events`] does so from some later time.
    pub fn events(&mut self) -> Events {
        let (listener, events) = Listener::new();
        self.listeners.push(listener);
        events
    }

    /// Tells servers where clients come from, in a header before anything else. It is no payload: neither counted, nor seen by
    /// faults.
    pub fn proxy_protocol(mut self, version: ProxyProtocol) -> Self {
        self.options.proxy_protocol = Some(version);
        self
    }

    /// Has clients say where they come from, in such a header of either version, within 5 s; without one they are turned away.
    /// What they say is where they come from for source hashing, `client` scopes, events and servers. Only for clients that
    /// are trusted.
    pub fn accept_proxy(mut self) -> Self {
        self.options.accept_proxy = true;
        self
    }

    /// The shards to work on; the process-wide background shard by default.
    pub fn shards(mut self, shards: Shards) -> Self {
        self.shards = Some(shards);
        self
    }

    /// Binds and starts accepting.
    ///
    /// # Errors
    /// Where the address cannot be bound or is the upstream, two faults were given one name, no pool can be made of the members, a
    /// link of datagrams is to have PROXY headers or a unix socket, a fault cannot be on a unix socket, or no thread can be started.
    pub async fn start(self) -> Result<Proxy, ProxyError> {
        let with_header = self.options.proxy_protocol.is_some() || self.options.accept_proxy;
        if with_header && self.id.carrier == Carrier::Datagram {
            return Err(ProxyError::NoHeader { name: self.id.name.to_string() });
        }
        let leads_to_path = matches!(&self.upstream, Wanted::One(upstream) if upstream.is_unix());
        if self.id.carrier == Carrier::Datagram && (self.listen.is_unix() || leads_to_path) {
            return Err(ProxyError::NoUnixDatagrams { name: self.id.name.to_string() });
        }
        let shards = match self.shards {
            Some(shards) => shards,
            None => Shards::background().map_err(ProxyError::Shards)?,
        };
        if !shards.env(0).is_virtual() {
            self.options.tuning.check().map_err(ProxyError::Tuning)?;
        }
        let mut plan = Plan::new(self.id.clone());
        if let Some(log) = self.decisions {
            plan = plan.recording(log);
        }
        if let Some(replay) = self.replay {
            plan = plan.replaying(replay);
        }
        let addr = self.listen.clone();
        let listen = self.listen.resolve().await.map_err(|source| ProxyError::Listen { addr, source })?;
        let leads_to: Box<dyn Fn(&Address) -> bool + Send> = match &self.upstream {
            Wanted::One(upstream) => {
                let upstream = upstream.clone();
                Box::new(move |address| upstream.is_same(address))
            }
            Wanted::Pool(members) => {
                let members = members.clone();
                Box::new(move |address| members.leads_to(address))
            }
            Wanted::Asked => Box::new(|_| false),
        };
        let name = self.id.name.clone();
        let looped = |addr: &Address| ProxyError::Loop { name: name.to_string(), addr: addr.clone() };
        // Before it is bound: a socket file that is left over would be replaced.
        if listen.is_unix() && leads_to(&listen) {
            return Err(looped(&listen));
        }
        let upstream = match self.upstream {
            Wanted::One(endpoint) => Upstream::One(endpoint),
            Wanted::Pool(members) => Upstream::Pool(Arc::new(members.build(&self.id, shards.env(0).now())?)),
            Wanted::Asked => Upstream::Asked,
        };
        let link = Arc::new(Link {
            plan: LivePlan::new(plan),
            replanned: Notify::new(),
            id: self.id,
            listens_on_path: listen.is_unix(),
            upstream,
            options: self.options,
            shards,
            registry: Registry::default(),
            events: EventSource::new(self.listeners),
            starved: Default::default(),
            unserved: Default::default(),
            failures: Failures::default(),
        });
        for (member, fault) in self.faults {
            link.add_fault(member.as_deref(), fault)?;
        }
        let opened = Port::open(link.clone(), &listen);
        let (bound, port) = opened.map_err(|source| ProxyError::Listen { addr: listen, source })?;
        let upkeep = link.upstream.balancer().map(|balancer| {
            let keeping = keep(link.clone(), balancer.clone());
            link.shards.spawn(0, keeping).abort_handle()
        });
        let proxy = Proxy::new(link, bound, port, upkeep);
        // Its port may have been chosen only now.
        if leads_to(proxy.address()) {
            return Err(looped(proxy.address()));
        }
        Ok(proxy)
    }
}
