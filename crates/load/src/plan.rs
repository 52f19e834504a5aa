//! A load as it is asked for, and one that is running.

use crate::counters::Counts;
use crate::report::Report;
use crate::session::Session;
use crate::worker::{Shared, Worker};
use squall_wire::Shards;
use squall_wire::lock;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;

/// What requests are sent over.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Carrier {
    Stream,
    Datagram,
}

/// Told before a connection is made: its local address, the worker (from 1) and that worker's attempt (from 1).
pub(crate) type Announce = Arc<dyn Fn(SocketAddr, u64, u64) + Send + Sync>;

/// A closed-loop load: so many connections, so many requests in all, each sent when the one before has come back.
#[derive(Clone)]
#[must_use = "a load does nothing until it is started"]
pub struct Load {
    carrier: Carrier,
    pub(crate) target: SocketAddr,
    pub(crate) connections: u64,
    pub(crate) requests: u64,
    pub(crate) size: u64,
    pub(crate) reconnect: bool,
    pub(crate) retries: u64,
    pub(crate) timeout: Duration,
    pub(crate) pause: Duration,
    pub(crate) seed: u64,
    pub(crate) announce: Option<Announce>,
}

impl Load {
    /// One connection, one request of 1 KiB, to a target that echoes.
    pub fn new(target: SocketAddr) -> Load {
        Load {
            carrier: Carrier::Stream,
            target,
            connections: 1,
            requests: 1,
            size: 1024,
            reconnect: true,
            retries: 0,
            timeout: Duration::from_secs(10),
            pause: Duration::ZERO,
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

    /// How many bytes a request has, at least 1; of a datagram, 65,507 at the most.
    pub fn size(self, bytes: u64) -> Load {
        Load { size: bytes.max(1), ..self }
    }

    /// Whether a lost connection is opened again; true unless told. Without, what it was still dealt counts as failed.
    pub fn reconnect(self, reconnect: bool) -> Load {
        Load { reconnect, ..self }
    }

    /// How often a datagram that is not answered in time is sent again; not at all unless told. Streams need no such thing.
    pub fn retries(self, retries: u64) -> Load {
        Load { retries, ..self }
    }

    /// How long a request, or coming by a connection, may take; 10 s unless told. With [`Load::retries`] it is how long each
    /// datagram is waited for.
    pub fn timeout(self, limit: Duration) -> Load {
        Load { timeout: limit, ..self }
    }

    /// How long each connection waits between requests; not at all unless told.
    pub fn pause(self, pause: Duration) -> Load {
        Load { pause, ..self }
    }

    /// The seed of the payload; 0 unless told.
    pub fn seed(self, seed: u64) -> Load {
        Load { seed, ..self }
    }

    /// Calls `announce` before each connection is made, with its local address, the worker and the worker's attempt, both
    /// from 1. A link that is told so draws its faults for that label instead of the accept order.
    pub fn announce(self, announce: impl Fn(SocketAddr, u64, u64) + Send + Sync + 'static) -> Load {
        Load { announce: Some(Arc::new(announce)), ..self }
    }

    /// Begins. First all connections are made one after another, so that a target sees them in order; then all send. Of
    /// datagrams, the first of each session is sent in that order.
    pub fn start(self, shards: &Shards) -> Running {
        let shared = Arc::new(Shared::new(self, shards.env(0).now()));
        let (go, gate) = watch::channel(false);
        let work = drive(shared.clone(), shards.clone(), go, gate);
        Running { task: Task(shards.spawn(0, work)), shared }
    }
}

/// A task that ends with its owner.
struct Task<T>(JoinHandle<T>);

impl<T> Drop for Task<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Deals the requests out and waits for all workers.
async fn drive(
    shared: Arc<Shared>,
    shards: Shards,
    go: watch::Sender<bool>,
    gate: watch::Receiver<bool>,
) -> Report {
    let load = shared.load();
    let mut workers = Vec::new();
    for number in 1..=load.connections.min(load.requests.max(1)) {
        let (connected, turn) = oneshot::channel();
        let share = load.requests / load.connections + u64::from(number <= load.requests % load.connections);
        let env = shards.env(number as usize).clone();
        let task = match load.carrier {
            Carrier::Stream => {
                let worker = Worker::new(shared.clone(), env, number, share);
                shards.spawn(number as usize, worker.run(connected, gate.clone()))
            }
            Carrier::Datagram => {
                let session = Session::new(shared.clone(), env, number, share);
                shards.spawn(number as usize, session.run(connected))
            }
        };
        workers.push(Task(task));
        // An error means that the worker is gone, and then there is nothing to wait for.
        let _ = turn.await;
    }
    go.send_replace(true);
    for worker in &mut workers {
        // A worker that was dropped with its shard has counted what it did.
        let _ = (&mut worker.0).await;
    }
    shared.report(shards.env(0).now())
}

/// A load that has begun. Dropping it stops it.
pub struct Running {
    task: Task<Report>,
    shared: Arc<Shared>,
}

impl Running {
    /// The counts so far.
    pub fn counts(&self) -> Counts {
        lock(&self.shared.state).counts
    }

    /// The report so far.
    pub fn snapshot(&self, now_ns: u64) -> Report {
        self.shared.report(now_ns)
    }

    /// Waits for the end. Cancelling it stops the load.
    pub async fn finish(mut self) -> Report {
        match (&mut self.task.0).await {
            Ok(report) => report,
            Err(_) => self.shared.report(self.shared.began()),
        }
    }
}

impl fmt::Debug for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Running").field("counts", &self.counts()).finish_non_exhaustive()
    }
}
