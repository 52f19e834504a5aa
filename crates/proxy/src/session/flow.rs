//! One direction of a session: what the faults hold, and what is on its way out.

use super::store::Store;
use crate::live::Live;
use squall_faults::{Action, Conn, Direction, Tick};
use squall_wire::Datagrams;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::task::{Context, Poll};

#[derive(Default)]
pub(super) struct Flow {
    pub(super) store: Store,
    /// What may go, and how much of it.
    outbox: VecDeque<(Box<[u8]>, usize)>,
    /// Sent bytes that no event has told of yet.
    pub(super) untold: u64,
}

/// Datagrams that are offered to the system at once at the most.
const BATCH: usize = 64;

/// What one flush came to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Flushed {
    /// There was nothing to send.
    Nothing,
    /// Everything is gone.
    All,
    /// The system has no room for more.
    Blocked,
}

impl Flow {
    /// Takes a datagram in.
    pub(super) fn push(&mut self, conn: &mut Conn, direction: Direction, now: Tick, payload: Box<[u8]>) {
        conn.push_datagram(direction, now, &payload);
        self.store.put(payload);
    }

    /// Does what the faults say; true where the server is to see another port.
    pub(super) fn work(&mut self, conn: &mut Conn, direction: Direction, now: Tick, live: &Live) -> bool {
        let mut rebind = false;
        while let Some(action) = conn.pop(direction, now) {
            match action {
                Action::Send { number, len } => {
                    if let Some(payload) = self.store.take(number) {
                        let len = payload.len().min(usize::try_from(len).unwrap_or(usize::MAX));
                        self.outbox.push_back((payload, len));
                    }
                }
                Action::Drop { number } => {
                    self.store.take(number);
                    live.count_dropped(direction);
                }
                Action::Copy { number, copies } => self.store.copy(number, copies),
                Action::Flip { offset, mask } => self.store.flip(offset, mask),
                Action::Rebind => rebind = true,
                // Nothing of that kind comes of datagrams.
                Action::Write { .. } | Action::Discard(_) | Action::Fin | Action::End(_) => {}
            }
        }
        rebind
    }

    /// Sends what may go.
    pub(super) fn flush(
        &mut self,
        socket: &Datagrams,
        to: SocketAddr,
        direction: Direction,
        live: &Live,
        cx: &mut Context<'_>,
    ) -> Flushed {
        if self.outbox.is_empty() {
            return Flushed::Nothing;
        }
        while !self.outbox.is_empty() {
            let mut batch: [&[u8]; BATCH] = [&[]; BATCH];
            let mut count = 0;
            for (slot, (payload, len)) in batch.iter_mut().zip(&self.outbox) {
                *slot = &payload[..*len];
                count += 1;
            }
            match socket.poll_send(cx, to, &batch[..count]) {
                Poll::Pending => return Flushed::Blocked,
                Poll::Ready(Ok(sent)) => {
                    for (_, len) in self.outbox.drain(..sent.min(count)) {
                        live.count_datagram(direction, len as u64);
                        self.untold += len as u64;
                    }
                }
                // The first of them cannot be sent.
                Poll::Ready(Err(_)) => {
                    self.outbox.pop_front();
                    live.count_dropped(direction);
                }
            }
        }
        Flushed::All
    }
}
