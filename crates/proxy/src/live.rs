//! One open connection as seen from outside its pump: its counters, and the orders it is given.

use crate::balance::Seat;
use squall_faults::{ConnKey, Direction, Planned};
use squall_wire::{Client, Stream, lock};
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, OnceLock};
use std::task::Waker;

/// Between whom a connection is, as far as its client is concerned.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Ends {
    /// Over IP.
    Ip {
        /// Where it comes from.
        source: SocketAddr,
        /// What it was made to.
        target: SocketAddr,
    },
    /// To the unix socket of that path, from nobody in particular.
    Unix(PathBuf),
}

impl Ends {
    /// Those of a connection as its own sockets tell them.
    pub(crate) fn of(client: &Stream, peer: Option<SocketAddr>) -> Option<Ends> {
        match peer {
            Some(source) => Some(Ends::Ip { source, target: client.local_addr().ok()? }),
            None => client.local_path().map(Ends::Unix),
        }
    }
}

pub(crate) struct Live {
    /// The place in accept order, from 1.
    pub(crate) number: u64,
    /// Who connected, where that shows; see [`Live::client`].
    pub(crate) peer: Option<SocketAddr>,
    ends: OnceLock<Ends>,
    ended_by: OnceLock<Arc<Planned>>,
    seat: Seat,
    /// What the client said it is, if it did.
    pub(crate) label: Option<ConnKey>,
    bytes: [AtomicU64; 2],
    received: [AtomicU64; 2],
    datagrams: [AtomicU64; 2],
    dropped: [AtomicU64; 2],
    held: [AtomicU64; 2],
    cancelled: AtomicBool,
    waker: Mutex<Option<Waker>>,
}

impl Live {
    pub(crate) fn new(number: u64, peer: Option<SocketAddr>, label: Option<ConnKey>) -> Live {
        Live {
            number,
            peer,
            ends: OnceLock::new(),
            ended_by: OnceLock::new(),
            seat: Seat::default(),
            label,
            bytes: Default::default(),
            received: Default::default(),
            datagrams: Default::default(),
            dropped: Default::default(),
            held: Default::default(),
            cancelled: AtomicBool::new(false),
            waker: Mutex::new(None),
        }
    }

    /// Where it comes from: as was stated, else who connected.
    pub(crate) fn client(&self) -> Client {
        let addr = match self.ends.get() {
            Some(Ends::Ip { source, .. }) => Some(*source),
            Some(Ends::Unix(_)) | None => self.peer,
        };
        Client { number: self.number, addr }
    }

    /// The host that it comes from, where it comes from one.
    pub(crate) fn ip(&self) -> Option<IpAddr> {
        self.client().addr.map(|addr| addr.ip())
    }

    /// Between whom it is, once that is known.
    pub(crate) fn ends(&self) -> Option<&Ends> {
        self.ends.get()
    }

    /// Says between whom it is. The first word counts.
    pub(crate) fn set_ends(&self, ends: Ends) {
        // Only the connection's own task says it, once.
        let _ = self.ends.set(ends);
    }

    /// The fault that ended it.
    pub(crate) fn ended_by(&self) -> Option<&Arc<Planned>> {
        self.ended_by.get()
    }

    /// Says which fault ended it.
    pub(crate) fn set_ended_by(&self, fault: Arc<Planned>) {
        // A connection ends once.
        let _ = self.ended_by.set(fault);
    }

    /// Its place at a member, on a link that picks.
    pub(crate) fn seat(&self) -> &Seat {
        &self.seat
    }

    /// Counts bytes as delivered to the receiver of `direction`. Only the connection's own task writes, so that a load and a
    /// store do where an atomic addition would cost ten times as much.
    pub(crate) fn count(&self, direction: Direction, bytes: u64) {
        let counter = &self.bytes[direction.index()];
        counter.store(counter.load(Relaxed) + bytes, Relaxed);
    }

    pub(crate) fn bytes(&self, direction: Direction) -> u64 {
        self.bytes[direction.index()].load(Relaxed)
    }

    /// Counts bytes as read from the sender of `direction`. Only the connection's own task writes, as above.
    pub(crate) fn count_received(&self, direction: Direction, bytes: u64) {
        let counter = &self.received[direction.index()];
        counter.store(counter.load(Relaxed) + bytes, Relaxed);
    }

    pub(crate) fn received(&self, direction: Direction) -> u64 {
        self.received[direction.index()].load(Relaxed)
    }

    /// Counts a datagram as sent to the receiver of `direction`.
    pub(crate) fn count_datagram(&self, direction: Direction, bytes: u64) {
        self.datagrams[direction.index()].fetch_add(1, Relaxed);
        self.count(direction, bytes);
    }

    /// Counts a datagram as received and not sent on. It may be dropped before the connection's task has seen it.
    pub(crate) fn count_dropped(&self, direction: Direction) {
        self.dropped[direction.index()].fetch_add(1, Relaxed);
    }

    /// Datagrams that were sent on and that were dropped.
    pub(crate) fn datagrams(&self, direction: Direction) -> (u64, u64) {
        let [sent, dropped] =
            [&self.datagrams, &self.dropped].map(|pair| pair[direction.index()].load(Relaxed));
        (sent, dropped)
    }

    pub(crate) fn set_held(&self, direction: Direction, bytes: u64) {
        self.held[direction.index()].store(bytes, Relaxed);
    }

    pub(crate) fn held(&self) -> u64 {
        self.held.iter().map(|held| held.load(Relaxed)).sum()
    }

    /// Tells the connection's task to look around: its plan may have changed, or its orders.
    pub(crate) fn wake(&self) {
        if let Some(waker) = &*lock(&self.waker) {
            waker.wake_by_ref();
        }
    }

    /// Sets whom [`Live::wake`] wakes.
    pub(crate) fn listen(&self, waker: &Waker) {
        let mut current = lock(&self.waker);
        if !current.as_ref().is_some_and(|current| current.will_wake(waker)) {
            *current = Some(waker.clone());
        }
    }

    /// Orders the connection to end now.
    pub(crate) fn cancel(&self) {
        self.cancelled.store(true, Relaxed);
        self.wake();
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancelled.load(Relaxed)
    }
}
