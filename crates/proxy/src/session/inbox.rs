//! Where the receiver leaves a client's datagrams for its session.

use crate::live::Live;
use squall_faults::Direction;
use squall_wire::lock;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

/// What a client has sent and its session has not seen.
pub(super) struct Inbox {
    live: Arc<Live>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Box<[u8]>>,
    bytes: usize,
    closed: bool,
}

/// Bytes that may wait: a session that is not run for that long loses datagrams, as a full socket does.
const LIMIT: usize = 8 << 20;

impl Inbox {
    pub(super) fn new(live: Arc<Live>) -> Inbox {
        Inbox { live, state: Mutex::default() }
    }

    /// Leaves a datagram; false where the session has ended.
    pub(super) fn put(&self, payload: &[u8]) -> bool {
        let mut state = lock(&self.state);
        if state.closed {
            return false;
        }
        if state.bytes + payload.len() > LIMIT {
            self.live.count_dropped(Direction::Up);
        } else {
            state.bytes += payload.len();
            state.waiting.push_back(payload.into());
        }
        true
    }

    /// Tells the session to look.
    pub(super) fn ring(&self) {
        self.live.wake();
    }

    /// Everything that waits, in exchange for `empty`.
    pub(super) fn take(&self, empty: &mut VecDeque<Box<[u8]>>) {
        let mut state = lock(&self.state);
        std::mem::swap(&mut state.waiting, empty);
        state.bytes = 0;
    }

    /// Closes it, unless something waits; false then.
    pub(super) fn close_if_empty(&self) -> bool {
        let mut state = lock(&self.state);
        state.closed = state.waiting.is_empty();
        state.closed
    }

    /// Closes it, whatever waits.
    pub(super) fn close(&self) {
        lock(&self.state).closed = true;
    }

    pub(super) fn is_closed(&self) -> bool {
        lock(&self.state).closed
    }
}
