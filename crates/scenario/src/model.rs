//! A scenario as it was read: every name resolved, every value typed, nothing started.

use std::net::SocketAddr;
use std::ops::Range;
use std::time::Duration;

use squall_echo::{EchoBuilder, Mode};
use squall_faults::{Carrier, FaultSpec};
use squall_load::{Arrivals, Close, Mix, ProxyProtocol, Rate, Request, Schedule, Source};

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
    /// The links, in the order of the file.
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
    /// What it calls itself; its name, unless told.
    pub id: String,
    /// How many connections it serves at once, where that is bounded.
    pub max_connections: Option<u64>,
    /// How long a connection may carry nothing, where that is bounded.
    pub idle_timeout: Option<Duration>,
    /// Bytes that it reads at a time, where that is told.
    pub buffer: Option<u64>,
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
        builder = builder.mode(self.mode.clone()).id(&self.id);
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

/// A proxy with faults.
#[derive(Debug, Clone)]
pub struct Link {
    /// Its name in `link.NAME`.
    pub name: String,
    /// TCP or UDP.
    pub carrier: Carrier,
    /// Whom it dials.
    pub upstream: Upstream,
    /// Where it listens; port 0 lets the system choose.
    pub listen: SocketAddr,
    /// How long it waits for its upstream to accept, where that is bounded.
    pub connect_timeout: Option<Duration>,
    /// How long a connection may carry nothing in either direction, where that is bounded; of a UDP link it always is.
    pub idle_timeout: Option<Duration>,
    /// How many connections it carries at once, where that is bounded.
    pub max_connections: Option<u64>,
    /// Bytes that share one draw.
    pub segment: u64,
    /// The faults it starts with, those of its preset first; every one has its name.
    pub faults: Vec<FaultSpec>,
}

/// Whom a link dials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Upstream {
    /// The built-in server of that name.
    Echo(String),
    /// The link of that name.
    Link(String),
    /// A host and a port, not yet resolved.
    Address(String),
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
    /// Takes links down (listener and connections closed) or up again.
    Link {
        /// Which links.
        names: Vec<String>,
        /// Up, or down.
        up: bool,
    },
    /// Waits until an expression holds; the scenario fails where it does not in time.
    Wait {
        /// What must hold.
        that: Expr,
        /// How long it may take.
        within: Duration,
    },
    /// Does nothing for a while.
    Sleep(Duration),
    /// Waits for loads in the background, by name.
    Join(Vec<String>),
}

/// Something that concerns one link.
#[derive(Debug, Clone)]
pub struct OnLink<T> {
    /// The link's name.
    pub link: String,
    /// What concerns it. A fault has its name, which no other fault of the link has in the whole scenario.
    pub what: T,
}

/// A load: requests over connections.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Load {
    /// Whom it connects to.
    pub target: Target,
    /// What its requests are sent over: what the target speaks.
    pub carrier: Carrier,
    /// How many connections it keeps.
    pub connections: u64,
    /// How many requests it sends in all.
    pub requests: u64,
    /// When they are due, where that does not depend on answers.
    pub pace: Option<Pace>,
    /// Bytes of the requests.
    pub sizes: Mix,
    /// What is unusual about how it speaks and connects.
    pub manner: Manner,
    /// Whether a lost connection is replaced.
    pub reconnect: bool,
    /// How often a datagram that is not answered in time is sent again.
    pub retries: u64,
    /// How long an answer, or a connection, may take.
    pub timeout: Duration,
    /// How long a connection rests between an answer and its next request.
    pub pause: Duration,
    /// Whether the next step begins while this one runs.
    pub background: bool,
}

/// When the requests of an open loop are due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pace {
    /// The rate, or that at which the first stage begins.
    pub rate: Rate,
    /// Stages with the rates at their ends; none where the rate stays.
    pub stages: Vec<(Duration, Rate)>,
    /// How requests are spread.
    pub arrivals: Arrivals,
}

/// How a load speaks and connects, where that is not as usual.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Manner {
    /// Whether frames are spoken.
    pub framed: bool,
    /// Bytes of the replies, of frames.
    pub reply_sizes: Option<Mix>,
    /// How long the server is to wait before it replies, of frames.
    pub reply_delay: Duration,
    /// A text that is sent, and the one that answers it.
    pub text: Option<(Vec<u8>, Vec<u8>)>,
    /// The request, of HTTP.
    pub http: Option<Request>,
    /// How many requests may be unanswered on a connection.
    pub pipeline: Option<u64>,
    /// How many requests a connection is used for.
    pub per_connection: Option<u64>,
    /// How connections are ended.
    pub close: Close,
    /// How long connections are held open when they are done.
    pub hold: Duration,
    /// Where connections come from.
    pub source: Option<Source>,
    /// What connections begin with.
    pub proxy_protocol: Option<ProxyProtocol>,
    /// For how long nothing is measured.
    pub warmup: Duration,
}

/// Whom a load connects to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// The link of that name.
    Link(String),
    /// The built-in server of that name.
    Echo(String),
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

impl Pace {
    /// The schedule of as many requests as are wanted, or as a duration or the stages have; none where that makes no sense.
    pub fn schedule(&self, requests: Option<u64>, duration: Option<Duration>, seed: u64) -> Option<Schedule> {
        let schedule = match (requests, duration) {
            _ if !self.stages.is_empty() => Schedule::stages(self.rate, self.stages.iter().copied()),
            (Some(requests), _) => Schedule::constant(self.rate, requests),
            (None, Some(duration)) => Schedule::lasting(self.rate, duration),
            (None, None) => None,
        };
        Some(schedule.filter(|schedule| schedule.count() > 0)?.arriving(self.arrivals, seed))
    }
}

impl Scenario {
    /// The link of that name.
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

    /// The links that a connection to `link` runs through: `link` itself, its upstream link, and so on. Ends where a link is
    /// met again, which only happens in a scenario that is being refused.
    pub(crate) fn route<'a>(&'a self, link: &'a str) -> Vec<&'a Link> {
        let mut route: Vec<&Link> = Vec::new();
        let mut next = self.link(link);
        while let Some(link) = next {
            if route.iter().any(|passed| passed.name == link.name) {
                break;
            }
            route.push(link);
            next = match &link.upstream {
                Upstream::Link(name) => self.link(name),
                Upstream::Echo(_) | Upstream::Address(_) => None,
            };
        }
        route
    }
}
