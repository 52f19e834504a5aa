//! Whoever is connected, and who has to go where a newcomer finds no place.

use std::collections::HashMap;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use tokio::task::{AbortHandle, Id, JoinSet};

/// The connections of a server. Dropping it ends them all.
pub(crate) struct Guests {
    tasks: JoinSet<()>,
    seats: HashMap<Id, (AbortHandle, Arc<Seat>)>,
    clock: Arc<AtomicU64>,
}

/// What is known of one connection: since when it waits for its client.
pub(crate) struct Seat {
    /// Counts what happens to all connections; the order is what matters.
    clock: Arc<AtomicU64>,
    /// When the last answer was given, or the connection begun; the largest number while a request is answered.
    quiet_since: AtomicU64,
}

impl Seat {
    /// A request has come.
    pub(crate) fn answering(&self) {
        self.quiet_since.store(u64::MAX, Relaxed);
    }

    /// It is answered.
    pub(crate) fn quiet(&self) {
        self.quiet_since.store(self.clock.fetch_add(1, Relaxed), Relaxed);
    }
}

impl Guests {
    pub(crate) fn new() -> Guests {
        Guests { tasks: JoinSet::new(), seats: HashMap::new(), clock: Arc::default() }
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.seats.len()
    }

    /// Serves one more.
    pub(crate) fn add<F>(&mut self, serve: impl FnOnce(Arc<Seat>) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let seat = Arc::new(Seat { clock: self.clock.clone(), quiet_since: AtomicU64::new(0) });
        seat.quiet();
        let task = self.tasks.spawn(serve(seat.clone()));
        self.seats.insert(task.id(), (task, seat));
    }

    /// Ends the connection that has waited longest for its client; false where every one has a request under way.
    ///
    /// Clients that connect and say nothing, or say it byte by byte, would keep others out until their time is up.
    pub(crate) fn dismiss(&mut self) -> bool {
        let since = |seat: &Seat| seat.quiet_since.load(Relaxed);
        let waiting = self.seats.iter().filter(|(_, (_, seat))| since(seat) < u64::MAX);
        let Some(id) = waiting.min_by_key(|(_, (_, seat))| since(seat)).map(|(id, _)| *id) else {
            return false;
        };
        if let Some((task, _)) = self.seats.remove(&id) {
            task.abort();
        }
        true
    }

    /// Waits for one to end; false where there is none. Cancelling it loses nothing.
    pub(crate) async fn ended(&mut self) -> bool {
        let Some(ended) = self.tasks.join_next_with_id().await else { return false };
        let id = match ended {
            Ok((id, ())) => id,
            Err(error) => error.id(),
        };
        self.seats.remove(&id);
        true
    }
}
