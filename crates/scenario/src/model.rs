//! A scenario as it was read: every name resolved, every value typed, nothing started.

mod load;
mod pool;
mod program;
mod route;
mod services;
#[cfg(test)]
mod services_tests;
mod template;

pub use pool::{Member, OnMember, Pool};
pub use program::{Job, Output, Probe, Process, Program, Ready};
pub(crate) use route::{circle, route};
pub use services::{Change, Services};
pub use template::{Owner, Part, Place, Template};

use std::net::SocketAddr;
use std::ops::Range;
use std::time::Duration;

use squall_echo::{EchoBuilder, Mode};
use squall_faults::{Carrier, FaultSpec, Shape};
use squall_proxy::{Proxy, ProxyBuilder, ProxyProtocol, Relay};
use squall_wire::{Address, Tuning};

pub use load::{Load, Manner, Pace, Target};

use crate::expr::Expr;

/// A whole scenario file.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// The name of the scenario; that of the file unless it says otherwise.
    pub name: String,
    /// What all random decisions are keyed with.
    pub seed: u64,
    /// What time is.
    pub clock: Clock,
    /// How long the steps may take in all.
    pub timeout: Duration,
    /// How long the run may take to settle after the last step, before what is still open is cancelled.
    pub grace: Duration,
    /// The built-in servers, in the order of the file.
    pub echoes: Vec<Echo>,
    /// The programs under test, in the order of the file.
    pub processes: Vec<Process>,
    /// Programs that have to be installed, beside those that the scenario starts.
    pub requires: Vec<String>,
    /// The links in the order of the file, then the balancers. No two have the same name.
    pub links: Vec<Link>,
    /// What happens, in order.
    pub steps: Vec<Step>,
    /// What must hold afterwards.
    pub expectations: Vec<Expectation>,
    /// Present where the report is compared with a snapshot.
    pub snapshot: Option<Snapshot>,
}

/// What time is in a scenario.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Clock {
    /// Real sockets and the clock on the wall.
    Real,
    /// Streams in memory, and a clock that moves only when nothing else does.
    Virtual,
}

/// A built-in echo server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Echo {
    /// Its name in `echo.NAME`.
    pub name: String,
    /// TCP or UDP.
    pub carrier: Carrier,
    /// Whether it speaks HTTP, over TCP.
    pub http: bool,
    /// What it does with what it gets.
    pub mode: Mode,
    /// What it calls itself; its name by default.
    pub id: String,
    /// How many connections it serves at once, where that is bounded.
    pub max_connections: Option<u64>,
    /// How long a connection may carry nothing, where that is bounded.
    pub idle_timeout: Option<Duration>,
    /// Bytes that it reads at a time, where that is told.
    pub buffer: Option<u64>,
    /// Where it listens; port 0 lets the system choose.
    pub listen: SocketAddr,
}

impl Echo {
    /// The server that is yet to be started.
    pub fn builder(&self) -> EchoBuilder {
        let count = |count| usize::try_from(count).unwrap_or(usize::MAX);
        let mut builder = match self.carrier {
            Carrier::Stream if self.http => squall_echo::http(),
            Carrier::Stream => squall_echo::tcp(),
            Carrier::Datagram => squall_echo::udp(),
        };
        builder = builder.mode(self.mode.clone()).id(&self.id).listen(self.listen);
        if let Some(limit) = self.max_connections {
            builder = builder.max_connections(count(limit));
        }
        if let Some(limit) = self.idle_timeout {
            builder = builder.idle_timeout(limit);
        }
        if let Some(bytes) = self.buffer {
            builder = builder.buffer(count(bytes));
        }
        builder
    }
}

/// A proxy with faults: a link, or a balancer, which is a link whose upstream is picked.
#[derive(Debug, Clone)]
pub struct Link {
    /// Its name in `link.NAME`, or `balance.NAME`.
    pub name: String,
    /// TCP or UDP.
    pub carrier: Carrier,
    /// Whom it dials.
    pub upstream: Upstream,
    /// Where it listens; port 0 lets the system choose.
    pub listen: Address,
    /// How long it waits for its upstream to accept, where that is bounded.
    pub connect_timeout: Option<Duration>,
    /// How long a connection may carry nothing in either direction, where that is bounded; of a UDP link it always is.
    pub idle_timeout: Option<Duration>,
    /// How many connections it carries at once, where that is bounded.
    pub max_connections: Option<u64>,
    /// Bytes that share one draw.
    pub segment: u64,
    /// Bytes that one direction of one connection may hold, where that is told.
    pub buffer: Option<u64>,
    /// How bytes are relayed that no fault has to see.
    pub relay: Relay,
    /// The header that its upstream gets before anything else, where one is wanted.
    pub proxy_protocol: Option<ProxyProtocol>,
    /// Whether its clients begin with such a header.
    pub accept_proxy: bool,
    /// How its sockets are set up.
    pub tuning: Tuning,
    /// The faults it starts with, those of its preset first; every one has its name. That of a fault for one member of a balancer
    /// begins with the member's and a dot.
    pub faults: Vec<FaultSpec>,
}

impl Link {
    /// The link that is to be started, where `whom` is what each upstream has come to be.
    pub fn builder(&self, whom: impl Fn(&Upstream) -> Address) -> ProxyBuilder {
        let builder = self.faults.iter().fold(self.plain(whom), |builder, fault| match of_member(fault) {
            Some((member, fault)) => builder.member_fault(&member, fault),
            None => builder.fault(fault.clone()),
        });
        builder.name(&self.name).listen_at(self.listen.clone())
    }

    /// The same without name, address and faults.
    pub fn plain(&self, whom: impl Fn(&Upstream) -> Address) -> ProxyBuilder {
        let mut builder = match (&self.upstream, self.carrier) {
            (Upstream::Pool(pool), _) => Proxy::balance(pool.build(whom)),
            (upstream, Carrier::Stream) => Proxy::tcp(whom(upstream)),
            (upstream, Carrier::Datagram) => Proxy::udp(whom(upstream)),
        };
        builder = builder.segment(self.segment).relay(self.relay).tuning(self.tuning.clone());
        if let Some(bytes) = self.buffer {
            builder = builder.buffer(bytes);
        }
        if let Some(limit) = self.connect_timeout {
            builder = builder.connect_timeout(limit);
        }
        if let Some(limit) = self.idle_timeout {
            builder = builder.idle_timeout(limit);
        }
        if let Some(limit) = self.max_connections {
            builder = builder.max_connections(limit);
        }
        if let Some(version) = self.proxy_protocol {
            builder = builder.proxy_protocol(version);
        }
        if self.accept_proxy {
            builder = builder.accept_proxy();
        }
        builder
    }
}

/// The member that a fault of a balancer is for, where it is for one, and the fault by the name that it has there.
pub fn of_member(fault: &FaultSpec) -> Option<(String, FaultSpec)> {
    let (member, name) = fault.name()?.split_once('.')?;
    Some((member.to_owned(), fault.clone().named(name)))
}

/// Whom a link dials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Upstream {
    /// The built-in server of that name.
    Echo(String),
    /// The link, or the balancer, of that name.
    Link(String),
    /// The process of that name, which says where it listens.
    Process(String),
    /// A host and a port, not yet resolved, or the path of a unix socket; ports may have places in it, as in a [`Template`].
    Address(String),
    /// The member that is picked for each connection.
    Pool(Box<Pool>),
}

/// One step.
#[derive(Debug, Clone)]
pub struct Step {
    /// Its name, unique among the steps: as given, or that of the action, then `load_2` and so on.
    pub name: String,
    /// Where its header stands in the file, as byte offsets.
    pub at: Range<usize>,
    /// What it does.
    pub action: Action,
}

/// What a step does.
#[derive(Debug, Clone)]
pub enum Action {
    /// Sends requests and checks the answers.
    Load(Box<Load>),
    /// Puts faults into force.
    Inject(Vec<OnLink<FaultSpec>>),
    /// Changes faults that are in force; each bears the name of the one that it replaces.
    Update(Vec<OnLink<FaultSpec>>),
    /// Takes faults out of force, by name.
    Clear(Vec<OnLink<String>>),
    /// Puts members of balancers in and out of service.
    Balance(Vec<OnMember>),
    /// Takes links down (listener and connections closed; false) or up again (true).
    Link(Vec<OnLink<bool>>),
    /// Ends what goes on by itself.
    Stop(Vec<Subject>),
    /// Brings back what a step has stopped, at the same address.
    Start(Vec<Subject>),
    /// Demands that expressions hold, once nothing is on its way any more.
    Assert(Vec<Expr>),
    /// Waits until an expression holds; the scenario fails where it does not in time.
    Wait {
        /// What must hold.
        that: Expr,
        /// How long it may take.
        within: Duration,
    },
    /// Does nothing for a while.
    Sleep(Duration),
    /// Waits for loads and commands in the background, by name.
    Join(Vec<String>),
    /// Runs a command.
    Run(Box<Job>),
}

/// Something that concerns one link.
#[derive(Debug, Clone)]
pub struct OnLink<T> {
    /// The link's name.
    pub link: String,
    /// What concerns it. A fault has its name, which no other fault of the link has in the whole scenario.
    pub what: T,
}

/// Something that goes on until it is stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// The load in the background of that name.
    Load(String),
    /// The built-in server of that name.
    Echo(String),
    /// The link, or the balancer, of that name.
    Link(String),
    /// The process of that name.
    Process(String),
}

impl Subject {
    /// As the file has it, such as `echo.backend`.
    pub fn path(&self) -> String {
        match self {
            Subject::Load(name) => format!("load.{name}"),
            Subject::Echo(name) => format!("echo.{name}"),
            Subject::Link(name) => format!("link.{name}"),
            Subject::Process(name) => format!("process.{name}"),
        }
    }
}

/// Something that must hold when the run has settled.
#[derive(Debug, Clone)]
pub struct Expectation {
    /// What must hold.
    pub that: Expr,
    /// Where the expression stands in the file, with its quotes, as byte offsets.
    pub at: Range<usize>,
}

/// What is compared with the snapshot beside the counts.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// The bounds of timings, in the order of the file.
    pub bands: Vec<Band>,
}

/// The bounds of one value.
#[derive(Debug, Clone)]
pub struct Band {
    /// The value's path.
    pub path: String,
    /// Holds where the value is within its bounds. Its text is the band alone, such as `>= 100ms`.
    pub within: Expr,
    /// Where the band stands in the file, with its quotes, as byte offsets.
    pub at: Range<usize>,
}

impl Scenario {
    /// The link, or the balancer, of that name.
    pub fn link(&self, name: &str) -> Option<&Link> {
        self.links.iter().find(|link| link.name == name)
    }

    /// Every fault that is in force on a link at some time: those it starts with, then those that steps inject.
    pub fn faults_of<'a>(&'a self, link: &'a Link) -> impl Iterator<Item = &'a FaultSpec> {
        let injected = self.steps.iter().flat_map(|step| match &step.action {
            Action::Inject(faults) => faults.as_slice(),
            _ => &[],
        });
        link.faults.iter().chain(injected.filter(|fault| fault.link == link.name).map(|fault| &fault.what))
    }

    /// What faults of a link become by steps, each under the name of the fault that it changes.
    pub fn updates_of<'a>(&'a self, link: &'a Link) -> impl Iterator<Item = &'a FaultSpec> {
        let updates = self.steps.iter().flat_map(|step| match &step.action {
            Action::Update(faults) => faults.as_slice(),
            _ => &[],
        });
        updates.filter(|fault| fault.link == link.name).map(|fault| &fault.what)
    }

    /// The loads with the names of their steps, in order.
    pub fn loads(&self) -> impl Iterator<Item = (&str, &Load)> {
        self.steps.iter().filter_map(|step| match &step.action {
            Action::Load(load) => Some((step.name.as_str(), load.as_ref())),
            _ => None,
        })
    }
}
