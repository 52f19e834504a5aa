//! A load that is running: its workers, dealt their shares, and what they have done so far.

use crate::counters::Counts;
use crate::datagram::Session;
use crate::generator;
use crate::plan::{Carrier, Load};
use crate::report::Report;
use crate::shared::Shared;
use crate::stream::Worker;
use squall_wire::Shards;
use std::fmt;
use std::sync::Arc;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

impl Load {
    /// Begins. First all connections are made one after another, so that a target sees them in order; then all send. Of
    /// datagrams in a closed loop, the first of each session is sent in that order.
    pub fn start(self, shards: &Shards) -> Running {
        let shared = Arc::new(Shared::new(self, shards.env(0).now(), shards.count()));
        let work = drive(shared.clone(), shards.clone());
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
async fn drive(shared: Arc<Shared>, shards: Shards) -> Report {
    let load = shared.load();
    let (mut workers, mut gates) = (Vec::new(), Vec::new());
    for number in load.workers() {
        let (connected, turn) = oneshot::channel();
        let (open, gate) = oneshot::channel();
        gates.push(open);
        let shard = number as usize;
        let env = shards.env(shard).clone();
        let task = match load.carrier {
            Carrier::Stream => {
                let worker = Worker::new(shared.clone(), env, number);
                shards.spawn(shard, worker.run(connected, gate))
            }
            Carrier::Datagram => {
                let session = Session::new(shared.clone(), env, number);
                shards.spawn(shard, session.run(connected, gate))
            }
        };
        workers.push(Task(task));
        // An error means that the worker is gone, and then there is nothing to wait for.
        let _ = turn.await;
    }
    let _watched = watch_generator(&shared, &shards);
    // A closed loop over datagrams has begun already.
    if load.carrier == Carrier::Stream || load.schedule.is_some() {
        shared.set_origin(shards.env(0).now());
    }
    // One after another: in virtual time the order in which workers begin shows in what comes of it. One that is gone has no gate.
    for gate in gates {
        let _ = gate.send(());
    }
    for worker in &mut workers {
        // A worker that was dropped with its shard has counted what it did.
        let _ = (&mut worker.0).await;
    }
    shared.report(shards.env(0).now())
}

/// Only an open loop can be late, and only in real time.
fn watch_generator(shared: &Arc<Shared>, shards: &Shards) -> Vec<Task<()>> {
    let open = shared.load().schedule.is_some() && !shards.env(0).is_virtual();
    let watched = if open { 0..shards.count() } else { 0..0 };
    let watch = |shard: usize| {
        let (shared, env) = (shared.clone(), shards.env(shard).clone());
        let task = async move { generator::watch(env, |lag| shared.tally(shard).lag.add(&lag)).await };
        Task(shards.spawn(shard, task))
    };
    watched.map(watch).collect()
}

/// A load that has begun. Dropping it stops it.
pub struct Running {
    task: Task<Report>,
    shared: Arc<Shared>,
}

impl Running {
    /// The counts so far.
    pub fn counts(&self) -> Counts {
        self.shared.counts()
    }

    /// The report so far.
    pub fn snapshot(&self, now_ns: u64) -> Report {
        self.shared.report(now_ns)
    }

    /// Waits for the end. Cancelling it stops the load unless `self` is only lent: then it may be waited for again.
    pub async fn wait(&mut self) -> Report {
        match (&mut self.task.0).await {
            Ok(report) => report,
            Err(_) => self.shared.report(self.shared.began()),
        }
    }

    /// Waits for the end. Cancelling it stops the load.
    pub async fn finish(mut self) -> Report {
        self.wait().await
    }
}

impl fmt::Debug for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Running").field("counts", &self.counts()).finish_non_exhaustive()
    }
}
