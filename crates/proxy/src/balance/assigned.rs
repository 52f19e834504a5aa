//! The place of one connection at a member, given back whatever becomes of the connection.

use super::balancer::Balancer;
use super::roster::Entry;
use crate::link::Link;
use crate::live::Live;
use squall_balance::MemberId;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU32, Ordering::Relaxed};

/// While it lives, the member counts the connection. Dropping it, dialled or not, says that the connection has ended.
#[must_use = "dropping it ends the connection in the pool's eyes"]
pub(crate) struct Assigned<'a> {
    balancer: &'a Balancer,
    link: &'a Link,
    live: &'a Live,
    pub(super) member: MemberId,
    /// What is known of it.
    pub(super) entry: Arc<Entry>,
    /// The pool has been told of the end.
    told: bool,
}

impl<'a> Assigned<'a> {
    pub(super) fn new(
        balancer: &'a Balancer,
        link: &'a Link,
        live: &'a Live,
        member: MemberId,
        entry: Arc<Entry>,
    ) -> Assigned<'a> {
        Assigned { balancer, link, live, member, entry, told: false }
    }

    /// The dial went well. False where the member was taken down meanwhile: the connection is to go elsewhere.
    pub(super) fn connected(&self) -> bool {
        let connected = self.balancer.connected(self.link.now().as_nanos(), self.member, self.live);
        if connected {
            self.balancer.note_reached(&self.entry);
        }
        connected
    }

    /// The dial failed.
    pub(super) fn failed(mut self, error: &io::Error) {
        self.told = true;
        self.live.seat().leave();
        self.balancer.note_unreached(self.link, &self.entry, error);
        let now = self.link.now().as_nanos();
        self.balancer.with(|pool| ((), pool.connect_failed(now, self.member)));
    }
}

impl Drop for Assigned<'_> {
    fn drop(&mut self) {
        if !self.told {
            self.live.seat().leave();
            let now = self.link.now().as_nanos();
            self.balancer.with(|pool| ((), pool.closed(now, self.member)));
        }
    }
}

/// Which member a connection has, for whoever takes members down. What is decided here is decided under the pool's lock.
#[derive(Debug)]
pub(crate) struct Seat {
    member: AtomicU32,
    state: AtomicU8,
}

/// Without a member.
const FREE: u32 = u32::MAX;

const DIALLING: u8 = 0;
const CONNECTED: u8 = 1;
const TURNED_OUT: u8 = 2;
/// Turned out after it was connected.
const ENDING: u8 = 3;

impl Default for Seat {
    fn default() -> Seat {
        Seat { member: AtomicU32::new(FREE), state: AtomicU8::new(DIALLING) }
    }
}

impl Seat {
    pub(super) fn take(&self, member: MemberId) {
        self.member.store(u32::try_from(member.index()).unwrap_or(FREE), Relaxed);
        self.state.store(DIALLING, Relaxed);
    }

    /// False where the connection was turned out before.
    pub(super) fn connect(&self) -> bool {
        self.state.compare_exchange(DIALLING, CONNECTED, Relaxed, Relaxed).is_ok()
    }

    pub(super) fn turn_out(&self) {
        let ending = if self.state.load(Relaxed) == CONNECTED { ENDING } else { TURNED_OUT };
        self.state.store(ending, Relaxed);
    }

    pub(super) fn is_turned_out(&self) -> bool {
        self.state.load(Relaxed) == TURNED_OUT
    }

    pub(super) fn is_connected(&self) -> bool {
        matches!(self.state.load(Relaxed), CONNECTED | ENDING)
    }

    pub(super) fn is_of(&self, member: MemberId) -> bool {
        self.index() == Some(member.index())
    }

    /// The place of the member in the pool.
    pub(crate) fn index(&self) -> Option<usize> {
        Some(self.member.load(Relaxed)).filter(|member| *member != FREE).map(|member| member as usize)
    }

    fn leave(&self) {
        self.member.store(FREE, Relaxed);
    }
}
