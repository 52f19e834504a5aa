//! The connections being served: counted, waited for, cut off.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use squall_wire::Shards;
use tokio::sync::Notify;
use tokio::task::AbortHandle;

use crate::counts::{Meter, add};

/// All connections of one server, and its counters.
#[derive(Debug)]
pub(crate) struct Connections {
    /// One per shard.
    pub(crate) meters: Box<[Meter]>,
    live: Mutex<Live>,
    /// Told when the last one ended.
    empty: Notify,
}

#[derive(Debug, Default)]
struct Live {
    /// By number; the handle is missing while the task is being spawned.
    tasks: HashMap<u64, Option<AbortHandle>>,
    next: u64,
    cut: bool,
}

/// Counts its connection as live until it is dropped, however that comes.
#[derive(Debug)]
struct Place {
    connections: Arc<Connections>,
    shard: usize,
    number: u64,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut live = self.connections.live();
        // Counted under the lock: whoever sees the count finds the place free.
        add(&self.connections.meters[self.shard].closed, 1);
        live.tasks.remove(&self.number);
        if live.tasks.is_empty() {
            self.connections.empty.notify_waiters();
        }
    }
}

impl Connections {
    /// None yet, on so many shards.
    pub(crate) fn new(shards: usize) -> Arc<Self> {
        let meters = (0..shards).map(|_| Meter::default()).collect();
        Arc::new(Self { meters, live: Mutex::default(), empty: Notify::new() })
    }

    fn live(&self) -> MutexGuard<'_, Live> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.live().tasks.len()
    }

    /// Accepts a connection: runs its `task` on a shard.
    pub(crate) fn spawn(
        self: &Arc<Self>,
        shards: &Shards,
        shard: usize,
        task: impl Future<Output = ()> + Send + 'static,
    ) {
        add(&self.meters[shard].accepted, 1);
        let mut live = self.live();
        live.next += 1;
        let number = live.next;
        live.tasks.insert(number, None);
        // Not held while spawning: a task that ends at once takes the lock.
        drop(live);
        // In this order, so that the connection is closed before its place is given up, also when the task is
        // dropped without having run.
        let held = (task, Place { connections: self.clone(), shard, number });
        let handle = shards.spawn(shard, async move {
            let (task, _place) = held;
            task.await;
        });
        let mut live = self.live();
        if live.cut {
            handle.abort();
        }
        if let Some(waiting) = live.tasks.get_mut(&number) {
            *waiting = Some(handle.abort_handle());
        }
    }

    /// Cuts off all connections, and those that may still come.
    pub(crate) fn cut(&self) {
        let mut live = self.live();
        live.cut = true;
        let tasks: Vec<_> = live.tasks.values().flatten().cloned().collect();
        drop(live);
        tasks.iter().for_each(AbortHandle::abort);
    }

    /// Waits until there are none.
    pub(crate) async fn ended(&self) {
        loop {
            let ended = self.empty.notified();
            if self.count() == 0 {
                return;
            }
            ended.await;
        }
    }
}
