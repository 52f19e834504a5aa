//! A load as it was read.

use std::time::Duration;

use squall_faults::Carrier;
use squall_load::{Arrivals, Close, Mix, ProxyProtocol, Rate, Request, Schedule, Source};

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
    /// The request that is sent, of HTTP.
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
    /// The link, or the balancer, of that name.
    Link(String),
    /// The built-in server of that name.
    Echo(String),
    /// The process of that name, where it says that it listens.
    Process(String),
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
