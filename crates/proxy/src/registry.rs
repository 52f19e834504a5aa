//! The connections of a link as they come and go, and the totals of those that have gone.

use crate::close::CloseReason;
use crate::durations::Durations;
use crate::live::Live;
use crate::metrics::{Bytes, Closes, Connections, Datagrams};
use squall_faults::{ConnKey, Direction};
use squall_wire::lock;
use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use tokio::sync::Notify;

#[derive(Default)]
pub(crate) struct Registry {
    inner: Mutex<Inner>,
    /// Told whenever the last open connection has gone.
    emptied: Notify,
    /// The most that one direction of one connection ever held.
    held_max: AtomicU64,
}

#[derive(Default)]
struct Inner {
    open: BTreeMap<u64, Arc<Live>>,
    labels: HashMap<SocketAddr, ConnKey>,
    shut: bool,
    accepted: u64,
    refused: u64,
    failed: u64,
    closes: Closes,
    bytes: Bytes,
    received: Bytes,
    datagrams: Datagrams,
    dial_time: Durations,
    duration: Durations,
}

/// What became of an accepted connection.
pub(crate) enum Outcome {
    /// A fault turned it away.
    Refused,
    /// The server could not be reached, so nothing was relayed.
    NotConnected,
    /// Bytes could flow, until this.
    Closed(CloseReason),
}

/// The counts of one moment.
pub(crate) struct Tally {
    pub(crate) connections: Connections,
    pub(crate) closes: Closes,
    pub(crate) bytes: Bytes,
    pub(crate) received: Bytes,
    pub(crate) datagrams: Datagrams,
    pub(crate) dial_time: Durations,
    pub(crate) duration: Durations,
    pub(crate) held: u64,
    pub(crate) held_max: u64,
}

impl Registry {
    /// Numbers an accepted connection and takes it in; `None` where `limit` are open or the link is gone, and it
    /// is counted as refused.
    pub(crate) fn admit(&self, peer: Option<SocketAddr>, limit: Option<u64>) -> Option<Arc<Live>> {
        let mut inner = lock(&self.inner);
        inner.accepted += 1;
        let label = peer.and_then(|peer| inner.labels.remove(&peer));
        if inner.shut || limit.is_some_and(|limit| inner.open.len() as u64 >= limit) {
            inner.refused += 1;
            return None;
        }
        let live = Arc::new(Live::new(inner.accepted, peer, label));
        inner.open.insert(live.number, live.clone());
        Some(live)
    }

    /// The link is gone: whatever its acceptor still accepts before it notices is refused.
    pub(crate) fn shut(&self) {
        lock(&self.inner).shut = true;
    }

    /// A server was reached in so many nanoseconds.
    pub(crate) fn dialled(&self, ns: u64) {
        lock(&self.inner).dial_time.note(ns);
    }

    /// Takes a connection out that lasted `ns` nanoseconds, and keeps its counts.
    pub(crate) fn retire(&self, live: &Live, outcome: Outcome, ns: u64) {
        let mut inner = lock(&self.inner);
        if inner.open.remove(&live.number).is_none() {
            return;
        }
        match outcome {
            Outcome::Refused => inner.refused += 1,
            Outcome::NotConnected => inner.failed += 1,
            Outcome::Closed(reason) => {
                inner.closes.count(reason);
                inner.duration.note(ns);
            }
        }
        inner.bytes.add(bytes(live));
        inner.received.add(received(live));
        inner.datagrams.add(datagrams(live));
        if inner.open.is_empty() {
            self.emptied.notify_waiters();
        }
    }

    /// Whether the link is gone and its last connection has ended, so that nothing changes any more.
    pub(crate) fn is_over(&self) -> bool {
        let inner = lock(&self.inner);
        inner.shut && inner.open.is_empty()
    }

    /// Says what a client is before it connects from `local`.
    pub(crate) fn label(&self, local: SocketAddr, key: ConnKey) {
        lock(&self.inner).labels.insert(local, key);
    }

    /// How many connections are open.
    pub(crate) fn active(&self) -> u64 {
        lock(&self.inner).open.len() as u64
    }

    pub(crate) fn accepted(&self) -> u64 {
        lock(&self.inner).accepted
    }

    pub(crate) fn note_held(&self, bytes: u64) {
        if bytes > self.held_max.load(Relaxed) {
            self.held_max.fetch_max(bytes, Relaxed);
        }
    }

    /// Does something to every open connection, in accept order.
    pub(crate) fn for_each(&self, act: impl Fn(&Live)) {
        // Waking under the lock could meet a task that is about to take it: go over a copy.
        let open: Vec<_> = lock(&self.inner).open.values().cloned().collect();
        open.iter().for_each(|live| act(live));
    }

    /// The open connections that are meant, in accept order.
    pub(crate) fn find_all(&self, meant: impl Fn(&Live) -> bool) -> Vec<Arc<Live>> {
        lock(&self.inner).open.values().filter(|live| meant(live)).cloned().collect()
    }

    /// Waits until no connection is open.
    pub(crate) async fn emptied(&self) {
        loop {
            let emptied = self.emptied.notified();
            if lock(&self.inner).open.is_empty() {
                return;
            }
            emptied.await;
        }
    }

    pub(crate) fn tally(&self) -> Tally {
        let inner = lock(&self.inner);
        let mut delivered = inner.bytes;
        let mut read = inner.received;
        let mut sent = inner.datagrams;
        let mut held = 0;
        for live in inner.open.values() {
            delivered.add(bytes(live));
            read.add(received(live));
            sent.add(datagrams(live));
            held += live.held();
        }
        let connections = Connections {
            accepted: inner.accepted,
            active: inner.open.len() as u64,
            closed: inner.closes.total(),
            refused: inner.refused,
            failed: inner.failed,
        };
        Tally {
            connections,
            closes: inner.closes,
            bytes: delivered,
            received: read,
            datagrams: sent,
            dial_time: inner.dial_time,
            duration: inner.duration,
            held,
            held_max: self.held_max.load(Relaxed),
        }
    }
}

fn bytes(live: &Live) -> Bytes {
    let [up, down] = Direction::BOTH.map(|direction| live.bytes(direction));
    Bytes { up, down }
}

fn received(live: &Live) -> Bytes {
    let [up, down] = Direction::BOTH.map(|direction| live.received(direction));
    Bytes { up, down }
}

fn datagrams(live: &Live) -> Datagrams {
    let [(up, dropped_up), (down, dropped_down)] = Direction::BOTH.map(|direction| live.datagrams(direction));
    Datagrams { up, down, dropped_up, dropped_down }
}
