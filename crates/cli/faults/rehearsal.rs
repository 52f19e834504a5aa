//! One direction of a connection in virtual time: what a fault does to bytes that all come at once.

use squall_faults::{Action, Conn, Direction, FaultSpec, LinkId, NameTaken, Opening, Plan, Tick};
use std::net::Ipv4Addr;

/// What is offered to the connection.
pub(super) struct Offer {
    pub(super) bytes: u64,
    /// How many bytes one read takes at most.
    pub(super) chunk: u64,
    pub(super) seed: u64,
    /// Place in the link's accept order, from 1.
    pub(super) connection: u64,
}

/// What became of it.
pub(super) struct Rehearsal {
    pub(super) direction: Direction,
    /// Bytes that were offered.
    pub(super) offered: u64,
    /// What was done and when, in order.
    pub(super) actions: Vec<(Tick, Action)>,
    /// Bytes for which there never was room.
    pub(super) unread: u64,
    /// Bytes that were read and never left.
    pub(super) held: u64,
    pub(super) fired: u64,
    /// The fault stands in this direction of this connection.
    pub(super) admitted: bool,
    /// It was still going on after [`PATIENCE`].
    pub(super) cut_short: bool,
}

/// What one direction may hold: the default of `--buffer`.
const LIMIT: u64 = 64 << 20;
/// Reads and actions after which a rehearsal has seen enough.
pub(super) const PATIENCE: u64 = 1 << 18;
/// Wake-ups in a row without a read or an action after which nothing more will happen: windows may come again for ever.
const IDLE: u64 = 10_000;

impl Rehearsal {
    /// Offers all bytes in `direction` at time 0, then their end. Reads as soon as there is room and wakes exactly when
    /// something is due. It ends when nothing is due any more, also where bytes are held for ever.
    pub(super) fn of(spec: &FaultSpec, direction: Direction, offer: &Offer) -> Result<Rehearsal, NameTaken> {
        let mut plan = Plan::new(LinkId::new("proxy", offer.seed));
        let planned = plan.add(spec.clone(), 0, Tick::ZERO)?;
        // A preview comes from where a first try does: this machine.
        let client = Some(Ipv4Addr::LOCALHOST.into());
        let opening = Opening { number: offer.connection, label: None, client, limit: LIMIT };
        let mut conn = Conn::open(&plan, opening, Tick::ZERO);
        let admitted = !conn.is_plain(direction);
        let mut actions = Vec::new();
        let (mut unread, mut finished) = (offer.bytes, false);
        let (mut now, mut steps, mut idle) = (Tick::ZERO, 0, 0);
        let cut_short = loop {
            let before = steps;
            steps += pop(&mut conn, now, &mut actions);
            while unread > 0 && steps < PATIENCE {
                let read = conn.room(direction).min(offer.chunk).min(unread);
                if read == 0 {
                    break;
                }
                conn.push(direction, now, read);
                unread -= read;
                steps += 1 + pop(&mut conn, now, &mut actions);
            }
            if unread == 0 && !std::mem::replace(&mut finished, true) {
                conn.push_fin(direction, now);
                steps += 1 + pop(&mut conn, now, &mut actions);
            }
            idle = if steps == before { idle + 1 } else { 0 };
            if steps >= PATIENCE {
                break true;
            }
            match conn.next_due() {
                Some(due) if idle < IDLE => now = now.max(due),
                _ => break false,
            }
        };
        let (held, fired) = (conn.held(direction), planned.fired());
        let offered = offer.bytes;
        Ok(Rehearsal { direction, offered, actions, unread, held, fired, admitted, cut_short })
    }

    /// Bytes that were written.
    pub(super) fn delivered(&self) -> u64 {
        self.writes().map(|(_, bytes)| bytes).sum()
    }

    /// Bytes that were taken out.
    pub(super) fn discarded(&self) -> u64 {
        let discards = self.actions.iter().map(|(_, action)| match action {
            Action::Discard(range) => range.len,
            _ => 0,
        });
        discards.sum()
    }

    /// Bytes that were read and went down with the connection.
    pub(super) fn lost(&self) -> u64 {
        let known = self.delivered() + self.discarded() + self.held + self.unread;
        self.offered.saturating_sub(known)
    }

    /// When the first and the last byte were written.
    pub(super) fn span(&self) -> Option<(Tick, Tick)> {
        Some((self.writes().next()?.0, self.writes().last()?.0))
    }

    /// What ended the direction or the connection, and when: the first of it, which a later end does not undo.
    pub(super) fn end(&self) -> Option<(Tick, Action)> {
        self.actions.iter().copied().find(|(_, action)| matches!(action, Action::Fin | Action::End(_)))
    }

    fn writes(&self) -> impl DoubleEndedIterator<Item = (Tick, u64)> {
        self.actions.iter().filter_map(|(at, action)| match action {
            Action::Write { range, .. } => Some((*at, range.len)),
            _ => None,
        })
    }
}

/// Takes out what there is to do now. An end may stand in the other direction, too; nothing else does, as no bytes run there.
fn pop(conn: &mut Conn, now: Tick, actions: &mut Vec<(Tick, Action)>) -> u64 {
    let before = actions.len();
    for direction in Direction::BOTH {
        while let Some(action) = conn.pop(direction, now) {
            actions.push((now, action));
        }
    }
    (actions.len() - before) as u64
}
