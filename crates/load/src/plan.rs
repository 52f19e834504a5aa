//! A load as it is asked for.

use crate::http::Request;
use crate::mix::Mix;
use crate::proxy_protocol::ProxyProtocol;
use crate::schedule::Schedule;
use crate::source::Source;
use crate::talk::Talk;
use squall_wire::Address;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// What requests are sent over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Carrier {
    Stream,
    Datagram,
}

/// Where requests are sent.
#[derive(Clone, Debug)]
pub(crate) enum Target {
    Ip(SocketAddr),
    /// A unix socket.
    Unix(Address),
}

/// How a connection that has done its share is ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Close {
    /// With FIN, once every answer is there; then the target's own FIN is waited for, and what comes before it counts as extra.
    #[default]
    Fin,
    /// With RST; over a unix socket, which has none, both directions are shut down.
    Rst,
    /// With FIN right behind the last request: its answers come over a connection that is half closed.
    Half,
}

/// Told before a connection is made: its local address, the worker (from 1) and that worker's attempt (from 1).
pub(crate) type Announce = Arc<dyn Fn(SocketAddr, u64, u64) + Send + Sync>;

/// A part of a plan: every so many-th connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Shard {
    pub(crate) index: u64,
    pub(crate) count: u64,
}

/// A load: so many connections, so many requests in all.
///
/// Without a [`Load::schedule`] it is a closed loop: each request is sent when an earlier one has come back. With one it is an
/// open loop: each is sent when it is due, whether others have come back or not, unless its connection is busy; the time that it
/// has to wait then counts as latency.
#[derive(Clone)]
#[must_use = "a load does nothing until it is started"]
pub struct Load {
    pub(crate) carrier: Carrier,
    pub(crate) target: Target,
    pub(crate) connections: u64,
    pub(crate) requests: u64,
    pub(crate) duration: Option<Duration>,
    pub(crate) schedule: Option<Schedule>,
    pub(crate) shard: Option<Shard>,
    pub(crate) sizes: Mix,
    pub(crate) talk: Talk,
    pub(crate) pipeline: Option<u64>,
    pub(crate) per_connection: Option<u64>,
    pub(crate) close: Close,
    pub(crate) hold: Duration,
    pub(crate) source: Option<Source>,
    pub(crate) proxy_protocol: Option<ProxyProtocol>,
    pub(crate) reconnect: bool,
    pub(crate) retries: u64,
    pub(crate) timeout: Duration,
    pub(crate) pause: Duration,
    pub(crate) warmup: Duration,
    pub(crate) seed: u64,
    pub(crate) announce: Option<Announce>,
}

impl Load {
    /// One connection, one request of 1 KiB, to a target that echoes.
    pub fn new(target: SocketAddr) -> Load {
        Load::to(Target::Ip(target))
    }

    /// As [`Load::new`], to a unix socket; a relative path counts from the working folder. Not for [`Load::datagrams`], and not in
    /// virtual time, where there are no such sockets: every connection counts as refused there.
    ///
    /// Such a connection has no address, so [`Load::source`] and [`Load::announce`] mean nothing to it, and a header of the PROXY
    /// protocol says that it is unknown where the connection comes from. It has no RST either: see [`Close::Rst`].
    pub fn unix(path: impl Into<PathBuf>) -> Load {
        Load::to(Target::Unix(Address::Unix(path.into())))
    }

    fn to(target: Target) -> Load {
        Load {
            carrier: Carrier::Stream,
            target,
            connections: 1,
            requests: 1,
            duration: None,
            schedule: None,
            shard: None,
            sizes: Mix::fixed(1024),
            talk: Talk::Echo,
            pipeline: None,
            per_connection: None,
            close: Close::Fin,
            hold: Duration::ZERO,
            source: None,
            proxy_protocol: None,
            reconnect: true,
            retries: 0,
            timeout: Duration::from_secs(10),
            pause: Duration::ZERO,
            warmup: Duration::ZERO,
            seed: 0,
            announce: None,
        }
    }

    /// Sends each request as one UDP datagram, which must come back as one. A connection is a socket of its own then, and a
    /// request whose answer does not come in time is sent again up to [`Load::retries`] times, then it has failed.
    ///
    /// Datagrams of 8 bytes or more carry the number of their request, so that a late answer is not taken for the one that is
    /// waited for; smaller ones are compared with the last 64 requests.
    pub fn datagrams(self) -> Load {
        Load { carrier: Carrier::Datagram, ..self }
    }

    /// How many connections are open at a time, at least 1.
    pub fn connections(self, connections: u64) -> Load {
        Load { connections: connections.max(1), ..self }
    }

    /// How many requests in all, dealt evenly to the connections in order.
    pub fn requests(self, requests: u64) -> Load {
        Load { requests, ..self }
    }

    /// A closed loop that sends as many requests as it gets done in so long. How many is up to the target and the clock.
    pub fn duration(self, duration: Duration) -> Load {
        Load { duration: Some(duration), requests: u64::MAX, ..self }
    }

    /// An open loop: operation `i`, of as many as the schedule has, goes to connection `i` modulo their number when it is due.
    pub fn schedule(self, schedule: Schedule) -> Load {
        Load { requests: schedule.count(), duration: None, schedule: Some(schedule), ..self }
    }

    /// Only every `count`-th connection, beginning with number `index` (from 0): all parts together are the whole, connection by
    /// connection and operation by operation.
    pub fn shard(self, index: u64, count: u64) -> Load {
        Load { shard: (count > 1).then_some(Shard { index: index % count, count }), ..self }
    }

    /// How many bytes a request has, at least 1; of a datagram, 65,507 at the most.
    pub fn size(self, bytes: u64) -> Load {
        self.sizes(Mix::fixed(bytes))
    }

    /// How many bytes requests have, drawn for each. A size of 0 counts as 1.
    pub fn sizes(self, sizes: Mix) -> Load {
        Load { sizes, ..self }
    }

    /// Speaks in frames with squall's echo: see [`squall_wire::Frame`]. The size of a request is that of its payload, behind a
    /// header of 64 bytes; a reply has the same unless `reply` says otherwise, and comes after `delay`.
    pub fn framed(self, reply: Option<Mix>, delay: Duration) -> Load {
        Load { talk: Talk::Framed { reply, delay }, ..self }
    }

    /// Sends this text as each request, and expects that one back.
    pub fn text(self, send: impl Into<Arc<[u8]>>, expect: impl Into<Arc<[u8]>>) -> Load {
        Load { talk: Talk::Text { send: send.into(), expect: expect.into() }, ..self }
    }

    /// Sends this HTTP request each time.
    pub fn http(self, request: Request) -> Load {
        Load { talk: Talk::Http(Arc::new(request)), ..self }
    }

    /// How many requests may be unanswered on one connection, at least 1; 1 by default. Over datagrams an open loop has no such
    /// bound by default.
    pub fn pipeline(self, depth: u64) -> Load {
        Load { pipeline: Some(depth.max(1)), ..self }
    }

    /// Closes a connection after so many requests, at least 1, and makes another one.
    pub fn per_connection(self, requests: u64) -> Load {
        Load { per_connection: Some(requests.max(1)), ..self }
    }

    /// How connections are ended; with FIN by default.
    pub fn close(self, close: Close) -> Load {
        Load { close, ..self }
    }

    /// How long a connection stays open when it has done its share.
    pub fn hold(self, hold: Duration) -> Load {
        Load { hold, ..self }
    }

    /// Which of this host's addresses connections come from.
    pub fn source(self, source: Source) -> Load {
        Load { source: Some(source), ..self }
    }

    /// What each connection begins with, besides.
    pub fn proxy_protocol(self, version: ProxyProtocol) -> Load {
        Load { proxy_protocol: Some(version), ..self }
    }

    /// Whether a lost connection is opened again; true by default. Without, what it was still dealt counts as failed.
    pub fn reconnect(self, reconnect: bool) -> Load {
        Load { reconnect, ..self }
    }

    /// How often a datagram that is not answered in time is sent again; not at all by default. Streams need no such thing.
    pub fn retries(self, retries: u64) -> Load {
        Load { retries, ..self }
    }

    /// How long a request, or coming by a connection, may take; 10 s by default. With [`Load::retries`] it is how long each
    /// datagram is waited for.
    pub fn timeout(self, limit: Duration) -> Load {
        Load { timeout: limit, ..self }
    }

    /// How long each connection waits between requests; not at all by default, and never in an open loop.
    pub fn pause(self, pause: Duration) -> Load {
        Load { pause, ..self }
    }

    /// For how long requests are counted but not measured: those of an open loop by their planned instant.
    pub fn warmup(self, warmup: Duration) -> Load {
        Load { warmup, ..self }
    }

    /// The seed of the payload and of all that is drawn; 0 by default.
    pub fn seed(self, seed: u64) -> Load {
        Load { seed, ..self }
    }

    /// Calls `announce` before each connection is made, with its local address, the worker and the worker's attempt, both
    /// from 1. A link that is told so draws its faults for that label instead of the accept order.
    pub fn announce(self, announce: impl Fn(SocketAddr, u64, u64) + Send + Sync + 'static) -> Load {
        Load { announce: Some(Arc::new(announce)), ..self }
    }

    /// The address of the target, where it has one.
    pub(crate) fn addr(&self) -> Option<SocketAddr> {
        match self.target {
            Target::Ip(addr) => Some(addr),
            Target::Unix(_) => None,
        }
    }

    /// How many requests this part of the plan has; `u64::MAX` where a duration decides.
    pub(crate) fn planned(&self) -> u64 {
        match self.shard {
            _ if self.duration.is_some() => u64::MAX,
            None => self.requests,
            Some(_) => self.workers().map(|number| self.share(number)).sum(),
        }
    }

    /// The numbers of this part's connections, from 1.
    pub(crate) fn workers(&self) -> impl Iterator<Item = u64> + use<> {
        let Shard { index, count } = self.shard.unwrap_or(Shard { index: 0, count: 1 });
        let all = self.connections.min(self.requests.max(1));
        (1..=all).filter(move |number| (number - 1) % count == index)
    }

    /// How many requests connection `number` is dealt.
    pub(crate) fn share(&self, number: u64) -> u64 {
        if self.duration.is_some() {
            return u64::MAX;
        }
        self.requests / self.connections + u64::from(number <= self.requests % self.connections)
    }

    /// How many requests may be unanswered on one connection.
    pub(crate) fn window(&self) -> u64 {
        let unbounded = self.carrier == Carrier::Datagram && self.schedule.is_some();
        self.pipeline.unwrap_or(if unbounded { u64::MAX } else { 1 })
    }

    /// Between two requests of one connection, in an open loop; in nanoseconds.
    pub(crate) fn interval(&self) -> u64 {
        let mean = self.schedule.as_ref().map_or(0, Schedule::mean_interval);
        mean.saturating_mul(self.connections)
    }
}
