//! One direction of a connection in virtual time: what a fault does to the bytes that are offered to it.

use super::offer::Offer;
use super::play::play;
use squall_faults::{
    Action, Conn, Direction, Directions, FaultSpec, LinkId, Opening, Plan, PlanError, Shape, Tick,
};
use std::net::Ipv4Addr;

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
    /// A clock decides what it acts on.
    pub(super) timed: bool,
    /// The fault was still waiting for its pattern in the end.
    pub(super) waiting: bool,
    /// It was still going on when the preview stopped.
    pub(super) cut_short: bool,
}

/// What one direction may hold: the default of `--buffer`.
const LIMIT: u64 = 64 << 20;

impl Rehearsal {
    /// Puts the fault on a connection and offers the bytes in `direction`.
    pub(super) fn of(spec: &FaultSpec, direction: Direction, offer: &Offer) -> Result<Rehearsal, PlanError> {
        let link = LinkId { carrier: offer.carrier, ..LinkId::new("proxy", offer.seed) };
        let mut plan = Plan::new(link);
        // What it does the other way is another rehearsal.
        let toward = if direction == Direction::Up { Directions::Up } else { Directions::Down };
        let planned = plan.add(spec.clone().toward(toward), 0, Tick::ZERO)?;
        // A preview comes from where a first try does: this machine.
        let client = Some(Ipv4Addr::LOCALHOST.into());
        let opening = Opening { number: offer.connection, label: None, client, limit: LIMIT };
        let conn = Conn::open(&plan, opening, Tick::ZERO);
        let admitted = !conn.is_plain(direction);
        let played = play(conn, direction, offer);
        Ok(Rehearsal {
            direction,
            offered: offer.bytes,
            unread: offer.bytes - played.read,
            held: played.conn.held(direction),
            fired: planned.fired(),
            admitted,
            timed: spec.is_timed(),
            waiting: Direction::BOTH.into_iter().any(|each| played.conn.watches(each)),
            cut_short: played.cut_short,
            actions: played.actions,
        })
    }

    /// Bytes that were written, or sent as datagrams.
    pub(super) fn delivered(&self) -> u64 {
        self.writes().map(|(_, bytes)| bytes).sum()
    }

    /// Bytes that were taken out of a stream.
    pub(super) fn discarded(&self) -> u64 {
        let discards = self.actions.iter().map(|(_, action)| match action {
            Action::Discard(range) => range.len,
            _ => 0,
        });
        discards.sum()
    }

    /// Bytes that were read from a stream and went down with the connection.
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
            Action::Send { len, .. } => Some((*at, *len)),
            _ => None,
        })
    }
}
