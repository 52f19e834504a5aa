//! Telling answers from the bytes of a connection, and checking them.

use super::framed::FramedEar;
use super::{Ask, Talk};
use crate::counters::Failure;
use crate::http::HttpEar;
use crate::plan::Load;
use crate::report::{Strays, Way, Wrong};
use crate::stream::Flight;
use std::collections::VecDeque;
use std::sync::Arc;

/// What one connection's answers are told by.
pub(crate) enum Ear {
    /// The request comes back; so many bytes of the first one did.
    Echo {
        received: u64,
    },
    /// The same text comes each time; so many bytes of it did.
    Text {
        expect: Arc<[u8]>,
        received: u64,
    },
    Framed(FramedEar),
    Http(HttpEar),
}

/// What bytes were.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// All of them were taken, and no answer is complete.
    More,
    /// After so many bytes the answer to a request, by its place in line, is complete.
    Over { used: usize, which: usize, received: u64, result: Result<(), Failure> },
    /// Nothing can be told from this connection any more: the first request fails so.
    Broken(Failure),
}

/// What was noticed beside answers.
#[derive(Default)]
pub(crate) struct Notes {
    /// The connection's number and attempt.
    pub(crate) connection: (u64, u64),
    pub(crate) wrong: Option<Wrong>,
    pub(crate) strays: Strays,
    /// Bytes that nobody asked for.
    pub(crate) extra: u64,
}

impl Notes {
    pub(crate) fn wrong(&mut self, sequence: u64, offset: u64, way: Way) {
        let (connection, attempt) = self.connection;
        let wrong = Wrong { connection, attempt, sequence, offset, way };
        self.wrong = Wrong::first(self.wrong, Some(wrong));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.wrong.is_none() && self.strays == Strays::default() && self.extra == 0
    }
}

impl Ear {
    pub(crate) fn new(load: &Load) -> Ear {
        match &load.talk {
            Talk::Echo => Ear::Echo { received: 0 },
            Talk::Text { expect, .. } => Ear::Text { expect: expect.clone(), received: 0 },
            Talk::Framed { .. } => Ear::Framed(FramedEar::default()),
            Talk::Http(request) => Ear::Http(HttpEar::new(request.clone(), load.seed)),
        }
    }

    /// How many bytes may be read: where answers do not say how long they are, no more than were asked for.
    pub(crate) fn wants(&self, flights: &VecDeque<Flight>) -> u64 {
        match self {
            Ear::Echo { received } => flights.iter().map(|flight| flight.ask.len()).sum::<u64>() - received,
            Ear::Text { expect, received } => expect.len() as u64 * flights.len() as u64 - received,
            Ear::Framed(_) | Ear::Http(_) => u64::MAX,
        }
    }

    /// Whether a request is over as soon as it is sent.
    pub(crate) fn expects_nothing(&self) -> bool {
        matches!(self, Ear::Text { expect, .. } if expect.is_empty())
    }

    /// Takes `bytes`, of which the first is number `at` of those that the connection brought.
    pub(crate) fn hear(
        &mut self,
        bytes: &[u8],
        at: u64,
        flights: &VecDeque<Flight>,
        notes: &mut Notes,
    ) -> Heard {
        if let Ear::Framed(ear) = self {
            return ear.hear(bytes, at, flights, notes);
        }
        let Some(first) = flights.front() else {
            notes.extra += bytes.len() as u64;
            return Heard::More;
        };
        match self {
            Ear::Echo { received } => {
                let Ask::Echo { payload, size } = &first.ask else { return Heard::Broken(Failure::Other) };
                let used = (bytes.len() as u64).min(size - *received) as usize;
                if let Some(wrong) = payload.mismatch(*received, &bytes[..used]) {
                    notes.wrong(first.sequence, at + wrong as u64, Way::Down);
                    return Heard::Broken(Failure::Corrupt);
                }
                taken(received, used, *size)
            }
            Ear::Text { expect, received } => {
                let rest = expect.get(*received as usize..).unwrap_or_default();
                let used = bytes.len().min(rest.len());
                if let Some(wrong) = (0..used).find(|i| bytes[*i] != rest[*i]) {
                    notes.wrong(first.sequence, at + wrong as u64, Way::Down);
                    return Heard::Broken(Failure::Corrupt);
                }
                taken(received, used, expect.len() as u64)
            }
            Ear::Http(ear) => ear.hear(bytes, at, flights, notes),
            Ear::Framed(_) => Heard::More,
        }
    }

    /// The target has finished behind `at` bytes: whether that completes the first answer.
    pub(crate) fn end(&mut self, at: u64, flights: &VecDeque<Flight>, notes: &mut Notes) -> Heard {
        match self {
            Ear::Http(ear) => ear.end(at, flights, notes),
            _ => Heard::Broken(Failure::Closed),
        }
    }

    /// The connection is lost: what was wrong with the first answer, as far as it came, where that is not told at once.
    pub(crate) fn lost(&mut self, flights: &VecDeque<Flight>, notes: &mut Notes) -> Option<Failure> {
        match self {
            Ear::Http(ear) => ear.lost(flights, notes),
            _ => None,
        }
    }

    /// Whether the target closes the connection after the answer that was told last.
    pub(crate) fn is_last(&self) -> bool {
        matches!(self, Ear::Http(ear) if ear.is_last())
    }
}

/// `used` more bytes of the first answer came.
fn taken(received: &mut u64, used: usize, size: u64) -> Heard {
    *received += used as u64;
    if *received < size {
        return Heard::More;
    }
    *received = 0;
    Heard::Over { used, which: 0, received: size, result: Ok(()) }
}
