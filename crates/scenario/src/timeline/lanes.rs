//! Follows the connections of a link by its events, and keeps a bounded number of them.

use super::{Ending, Lane, LinkTrack};
use squall_proxy::{Client, Event};
use std::collections::HashMap;

/// How many connections are kept from the first on, whatever becomes of them.
const FIRST: u64 = 300;

/// How many later ones are kept, of those that did not end by FIN.
const NOTABLE: usize = 100;

/// The connections of one link. What is open is kept whole; of what has ended, some hundreds.
#[derive(Debug, Default)]
pub(crate) struct Lanes {
    /// The time of the run's beginning on the clock of the events.
    began: u64,
    opened: u64,
    open: HashMap<Client, Lane>,
    kept: Vec<Lane>,
    notable: usize,
    others: Vec<(Ending, u64)>,
}

impl Lanes {
    pub(crate) fn new(began: u64) -> Lanes {
        Lanes { began, ..Lanes::default() }
    }

    /// Takes note of what happened at `now`.
    pub(crate) fn note(&mut self, now: u64, event: &Event) {
        let at = now.saturating_sub(self.began);
        match event {
            Event::ConnectionOpened { peer } => {
                self.opened += 1;
                let number = self.opened;
                let lane =
                    Lane { number, peer: *peer, from: at, to: None, up: 0, down: 0, ending: Ending::Open };
                if let Some(before) = self.open.insert(*peer, lane) {
                    // A client's port that is used again: the news of its end is lost.
                    self.keep(before);
                }
            }
            Event::BytesUpstream { peer, bytes } => self.count(peer, *bytes, 0),
            Event::BytesDownstream { peer, bytes } => self.count(peer, 0, *bytes),
            Event::ConnectionClosed { peer, reason, .. } => {
                if let Some(lane) = self.open.remove(peer) {
                    let ending = reason.map_or(Ending::NotRelayed, Ending::Closed);
                    self.keep(Lane { to: Some(at), ending, ..lane });
                }
            }
        }
    }

    fn count(&mut self, peer: &Client, up: u64, down: u64) {
        if let Some(lane) = self.open.get_mut(peer) {
            lane.up += up;
            lane.down += down;
        }
    }

    /// Whether a connection was opened whose end is not known.
    pub(crate) fn any_open(&self) -> bool {
        !self.open.is_empty()
    }

    fn keep(&mut self, lane: Lane) {
        let notable = lane.ending.is_notable() && self.notable < NOTABLE;
        if lane.number <= FIRST {
            self.kept.push(lane);
        } else if notable {
            self.notable += 1;
            self.kept.push(lane);
        } else {
            match self.others.iter_mut().find(|(ending, _)| *ending == lane.ending) {
                Some((_, count)) => *count += 1,
                None => self.others.push((lane.ending, 1)),
            }
        }
    }

    /// Moves everything to `track`.
    pub(crate) fn finish(&mut self, track: &mut LinkTrack) {
        let mut open: Vec<Lane> = self.open.drain().map(|(_, lane)| lane).collect();
        open.sort_by_key(|lane| lane.number);
        open.into_iter().for_each(|lane| self.keep(lane));
        track.lanes = std::mem::take(&mut self.kept);
        track.lanes.sort_by_key(|lane| lane.number);
        track.others = std::mem::take(&mut self.others);
        track.others.sort_by_key(|(ending, _)| ending.place());
    }
}

impl Ending {
    /// Whether somebody who looks for what went wrong wants to see it.
    pub(crate) fn is_notable(self) -> bool {
        !matches!(self, Ending::Closed(squall_proxy::CloseReason::Fin))
    }

    /// Where it stands in a list.
    pub(crate) fn place(self) -> u8 {
        use squall_proxy::CloseReason::{Cancelled, Error, Fin, Reset, Timeout};
        match self {
            Ending::Closed(Fin) => 0,
            Ending::Closed(Reset(None)) => 1,
            Ending::Closed(Reset(Some(_))) => 2,
            Ending::Closed(Timeout) => 3,
            Ending::Closed(Error(_)) => 4,
            Ending::Closed(Cancelled) => 5,
            Ending::NotRelayed => 6,
            Ending::Open => 7,
        }
    }
}
