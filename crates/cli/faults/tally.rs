//! What became of datagrams, counted.

use super::offer::Offer;
use super::rehearsal::Rehearsal;
use squall_faults::Action;
use std::collections::BTreeSet;

/// Datagrams by what became of them.
#[derive(Default, PartialEq, Eq, Debug)]
pub(super) struct Tally {
    /// Sent, copies among them.
    pub(super) sent: u64,
    /// Sent once more.
    pub(super) copies: u64,
    /// Sent after one that had come later.
    pub(super) late: u64,
    /// Sent with fewer bytes than they came with.
    pub(super) shortened: u64,
    pub(super) dropped: u64,
    /// How often the port towards the server was changed.
    pub(super) rebinds: u64,
}

impl Tally {
    pub(super) fn of(rehearsal: &Rehearsal, offer: &Offer) -> Tally {
        let (mut tally, mut sent) = (Tally::default(), Sent::default());
        for (_, action) in &rehearsal.actions {
            match action {
                Action::Send { number, len } => {
                    tally.sent += 1;
                    match sent.note(*number) {
                        Turn::InOrder => {}
                        Turn::Late => tally.late += 1,
                        Turn::Copy => tally.copies += 1,
                    }
                    tally.shortened += u64::from(*len < offer.piece_at(number * offer.piece));
                }
                Action::Drop { .. } => tally.dropped += 1,
                Action::Rebind => tally.rebinds += 1,
                _ => {}
            }
        }
        tally
    }
}

/// The datagrams that have been sent, by number.
#[derive(Default)]
pub(super) struct Sent(BTreeSet<u64>);

/// How a datagram stands to those sent before it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Turn {
    InOrder,
    /// One that had come later has been sent before it.
    Late,
    /// It has been sent before.
    Copy,
}

impl Sent {
    /// Notes that the datagram is sent.
    pub(super) fn note(&mut self, number: u64) -> Turn {
        let last = self.0.last().copied();
        match self.0.insert(number) {
            false => Turn::Copy,
            true if last.is_some_and(|last| last > number) => Turn::Late,
            true => Turn::InOrder,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_datagram_is_late_behind_one_that_came_later() {
        let mut sent = Sent::default();
        let turns = [0, 2, 2, 1, 1, 3].map(|number| sent.note(number));
        let expected = [Turn::InOrder, Turn::InOrder, Turn::Copy, Turn::Late, Turn::Copy, Turn::InOrder];
        assert_eq!(turns, expected);
    }
}
