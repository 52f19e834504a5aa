//! Looks after a peer that nobody reads from, because it has finished or because there is no room: its RST would go unseen, and
//! the other peer would be kept for ever.

use super::Pump;
use squall_faults::Direction;
use squall_wire::{Env, Sleep};
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::Context;

/// The time from one look to the next, in nanoseconds.
const INTERVAL: u64 = 1_000_000_000;

pub(super) struct Watch {
    env: Env,
    interval: u64,
    sleep: Option<Sleep>,
}

impl Watch {
    pub(super) fn new(env: &Env) -> Watch {
        Watch { env: env.clone(), interval: INTERVAL, sleep: None }
    }

    /// True when it is time to look.
    fn poll(&mut self, cx: &mut Context<'_>) -> bool {
        let due = self.env.now().saturating_add(self.interval);
        let sleep = self.sleep.get_or_insert_with(|| self.env.sleep_until(due));
        let look = Pin::new(sleep).poll(cx).is_ready();
        if look {
            self.sleep = None;
            if self.env.is_virtual() {
                // A world in which nothing else happens is to be seen as one that is stuck, not to tick on for ever.
                self.interval = self.interval.saturating_mul(2);
            }
        }
        look
    }
}

impl Pump {
    /// Once in a while, looks whether a peer that is not being read from has gone; true where one has.
    pub(super) fn look_after(&mut self, cx: &mut Context<'_>) -> bool {
        let unread = Direction::BOTH.map(|direction| self.room(direction) == 0);
        if !unread.contains(&true) {
            self.watch.sleep = None;
            return false;
        }
        if !self.watch.poll(cx) {
            return false;
        }
        let mut gone = false;
        for direction in Direction::BOTH {
            let sender = direction.sender();
            // A peer that has finished and was told that the other has is gone in good order.
            let parted =
                self.flows[direction.index()].ended && self.flows[direction.reverse().index()].finished;
            let lost = parted || self.is_lost(sender);
            if unread[direction.index()] && !lost && self.streams[sender.index()].is_gone() {
                self.lose(sender, &io::ErrorKind::ConnectionReset.into());
                self.flows[direction.index()].ended = true;
                let now = self.refresh();
                self.conn.push_reset(direction, now);
                gone = true;
            }
        }
        // The timer is set anew by the next poll.
        gone || self.look_after(cx)
    }
}
