//! The body of one answer, compared with what it has to be while it comes.

use crate::counters::Failure;
use crate::report::Way;
use crate::stream::Flight;
use crate::talk::{Ask, Notes};
use squall_wire::Payload;
use std::collections::VecDeque;

/// What a body has to be.
#[derive(Clone, Copy)]
pub(super) enum Wanted<'a> {
    Seeded { payload: Payload, size: u64 },
    Bytes(&'a [u8]),
}

impl Wanted<'_> {
    fn len(self) -> u64 {
        match self {
            Wanted::Seeded { size, .. } => size,
            Wanted::Bytes(bytes) => bytes.len() as u64,
        }
    }

    /// Where `found`, which is no longer than what is left from `offset` on, first differs.
    fn mismatch(self, offset: u64, found: &[u8]) -> Option<usize> {
        match self {
            Wanted::Seeded { payload, .. } => payload.mismatch(offset, found),
            Wanted::Bytes(bytes) => {
                let rest = usize::try_from(offset).ok().and_then(|at| bytes.get(at..)).unwrap_or_default();
                (0..found.len()).find(|i| rest.get(*i) != Some(&found[*i]))
            }
        }
    }
}

/// By how many bytes a seeded body is known.
const OPENING: usize = 8;
/// How far back one looks for the request that a body belongs to.
const BACK: u64 = 64;

/// What has been seen of a body.
pub(super) struct Check {
    /// Bytes that came.
    at: u64,
    /// Its first bytes, of which `at` may be fewer.
    opening: [u8; OPENING],
    /// The first wrong byte: its place in the body, and in what the connection carried.
    wrong: Option<(u64, u64)>,
    /// The place on the connection of the first byte that is one too many.
    extra: Option<u64>,
}

impl Check {
    pub(super) fn new() -> Check {
        Check { at: 0, opening: [0; OPENING], wrong: None, extra: None }
    }

    /// Takes bytes of the body, of which the first is number `place` on the connection.
    pub(super) fn take(&mut self, wanted: Wanted<'_>, bytes: &[u8], place: u64) {
        if let Some(room) = usize::try_from(self.at).ok().and_then(|at| self.opening.get_mut(at..)) {
            let n = room.len().min(bytes.len());
            room[..n].copy_from_slice(&bytes[..n]);
        }
        let left = usize::try_from(wanted.len().saturating_sub(self.at)).unwrap_or(usize::MAX);
        let (inside, beyond) = bytes.split_at(left.min(bytes.len()));
        if self.wrong.is_none() {
            let found = wanted.mismatch(self.at, inside);
            self.wrong = found.map(|i| (self.at + i as u64, place + i as u64));
        }
        if !beyond.is_empty() {
            self.extra.get_or_insert(place + inside.len() as u64);
        }
        self.at += bytes.len() as u64;
    }

    /// What the body comes to, the first of `flights` being its request. `end` is where it ended on the connection; nothing where
    /// it did not: then only what is wrong already counts.
    pub(super) fn settle(
        &self,
        wanted: Wanted<'_>,
        end: Option<u64>,
        flights: &VecDeque<Flight>,
        seed: u64,
        notes: &mut Notes,
    ) -> Result<(), Failure> {
        let Some(first) = flights.front() else { return Ok(()) };
        let mut wrong = |place: u64| notes.wrong(first.sequence, place, Way::Down);
        if let Some((_, place)) = self.wrong {
            wrong(place);
            let another = matches!(wanted, Wanted::Seeded { .. }) && self.is_anothers(flights, seed, notes);
            return Err(if another { Failure::MixedUp } else { Failure::Corrupt });
        }
        // What the head says of the length is no byte yet: one that says too much and does not come is an answer cut short.
        if let Some(place) = self.extra {
            wrong(place);
            notes.extra += self.at.saturating_sub(wanted.len());
            return Err(Failure::Extra);
        }
        match end {
            Some(end) if self.at < wanted.len() => {
                wrong(end);
                Err(Failure::Truncated)
            }
            _ => Ok(()),
        }
    }

    /// Whether it begins like the body of another request of this connection: one that is under way, or an earlier one.
    fn is_anothers(&self, flights: &VecDeque<Flight>, seed: u64, notes: &Notes) -> bool {
        let Some(first) = flights.front().map(|first| first.sequence) else { return false };
        if self.at < OPENING as u64 {
            return false;
        }
        let under_way = flights.iter().skip(1).filter_map(|flight| match &flight.ask {
            Ask::Http { payload, .. } => Some(*payload),
            _ => None,
        });
        let earlier = (first.saturating_sub(BACK)..first)
            .map(|sequence| Payload::new(seed, notes.connection.0, sequence));
        under_way.chain(earlier).any(|payload| payload.mismatch(0, &self.opening).is_none())
    }
}
