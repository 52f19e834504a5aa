//! Answers in frames: each says which request it is of, so that what is missing, doubled or out of place is told apart.

use super::ask::Ask;
use super::ear::{Heard, Notes};
use crate::counters::Failure;
use crate::report::Way;
use crate::stream::Flight;
use squall_wire::{Frame, FrameError, FrameKind, Payload};
use std::collections::VecDeque;

/// What a framed connection begins with: the question who serves it.
pub(crate) const HELLO: FrameKind = FrameKind::Hello;

/// What a request of `length` bytes says about its reply: nothing where the reply has as many.
pub(crate) fn wanted_reply(length: u32, wanted: Option<u32>) -> Option<u32> {
    wanted.filter(|wanted| *wanted != length)
}

/// How long the reply to a request is, and its bytes.
pub(crate) fn expected(request: &Frame) -> (u32, Payload) {
    match request.reply {
        Some(length) => (length, request.payload().reply()),
        None => (request.length, request.payload()),
    }
}

/// Reads frames from a connection.
#[derive(Default)]
pub(crate) struct FramedEar {
    header: Vec<u8>,
    body: Option<Body>,
    /// The highest number of a request that was answered.
    answered: Option<u64>,
}

/// A reply whose header was read.
struct Body {
    sequence: u64,
    /// The bytes that are to come, unless nobody asked for them.
    payload: Option<Payload>,
    length: u32,
    at: u32,
    /// How many bytes of it were asked for: what comes behind them is extra.
    asked: u32,
    /// What the request has come to.
    result: Result<(), Failure>,
}

impl FramedEar {
    pub(super) fn hear(
        &mut self,
        bytes: &[u8],
        at: u64,
        flights: &VecDeque<Flight>,
        notes: &mut Notes,
    ) -> Heard {
        let mut used = 0;
        loop {
            let Some(body) = &mut self.body else {
                let n = (Frame::HEADER - self.header.len()).min(bytes.len() - used);
                self.header.extend_from_slice(&bytes[used..used + n]);
                used += n;
                if self.header.len() < Frame::HEADER {
                    return Heard::More;
                }
                let began = (at + used as u64).saturating_sub(Frame::HEADER as u64);
                if let Err(failure) = self.begin(began, flights, notes) {
                    return Heard::Broken(failure);
                }
                continue;
            };
            let n = (bytes.len() - used).min((body.length - body.at) as usize);
            let part = &bytes[used..used + n];
            if let Some(payload) = body.payload
                && body.result.is_ok()
                && let Some(wrong) = payload.mismatch(u64::from(body.at), part)
            {
                notes.wrong(body.sequence, at + (used + wrong) as u64, Way::Down);
                body.result = Err(Failure::Corrupt);
            }
            used += n;
            // No more than the length, which has 32 bits.
            let next = body.at + n as u32;
            let beyond = next.saturating_sub(body.asked) - body.at.saturating_sub(body.asked);
            notes.extra += u64::from(beyond);
            body.at = next;
            if body.at < body.length {
                return Heard::More;
            }
            let Some(body) = self.body.take() else { return Heard::More };
            let place = flights.iter().position(|flight| flight.sequence == body.sequence);
            match (place, body.payload) {
                (Some(which), Some(_)) => {
                    let received = u64::from(body.length);
                    self.answered = self.answered.max(Some(body.sequence));
                    return Heard::Over { used, which, received, result: body.result };
                }
                _ if used == bytes.len() => return Heard::More,
                _ => {}
            }
        }
    }

    /// A header is complete; it began at byte `began` of the connection.
    fn begin(&mut self, began: u64, flights: &VecDeque<Flight>, notes: &mut Notes) -> Result<(), Failure> {
        let header = std::mem::take(&mut self.header);
        let Some(header) = header.first_chunk::<{ Frame::HEADER }>() else { return Err(Failure::Other) };
        let first = flights.front();
        let frame = Frame::from_bytes(header).map_err(|error| {
            if let Some(first) = first {
                notes.wrong(first.sequence, began + damaged_at(header, error, first), Way::Down);
            }
            Failure::Corrupt
        })?;
        match frame.kind {
            FrameKind::Reply => {}
            FrameKind::Unreadable => {
                // Which request it was the server cannot say; it is the first without an answer.
                if let Some(first) = first {
                    notes.wrong(first.sequence, first.began, Way::Up);
                }
                return Err(Failure::Corrupt);
            }
            FrameKind::Hello | FrameKind::Request => return Err(Failure::Malformed),
        }
        let asked = |flight: &Flight| match &flight.ask {
            Ask::Framed { frame: request, .. } => {
                (request.seed, request.connection, request.sequence)
                    == (frame.seed, frame.connection, frame.sequence)
            }
            _ => false,
        };
        let place = flights.iter().position(asked);
        let request = place.and_then(|place| flights.get(place));
        let (sequence, length) = (frame.sequence, frame.length);
        let mut body = Body { sequence, payload: None, length, at: 0, asked: length, result: Ok(()) };
        match request {
            Some(flight) => {
                let Ask::Framed { frame: request, .. } = &flight.ask else { return Err(Failure::Other) };
                notes.strays.reordered += u64::from(place != Some(0));
                let (length, payload) = expected(request);
                body.payload = Some(payload);
                body.result = match frame.length.cmp(&length) {
                    std::cmp::Ordering::Less => Err(Failure::Truncated),
                    std::cmp::Ordering::Equal => Ok(()),
                    std::cmp::Ordering::Greater => {
                        body.asked = length;
                        Err(Failure::Malformed)
                    }
                };
                if let Some(damage) = frame.damage {
                    let offset = flight.began + Frame::HEADER as u64 + u64::from(damage);
                    notes.wrong(flight.sequence, offset, Way::Up);
                    body.result = Err(Failure::Corrupt);
                }
            }
            None if Some(frame.sequence) <= self.answered => notes.strays.duplicated += 1,
            None => {
                notes.extra += Frame::HEADER as u64;
                body.asked = 0;
            }
        }
        self.body = Some(body);
        Ok(())
    }
}

/// Where a header is wrong, as far as what it has to be is known.
fn damaged_at(header: &[u8; Frame::HEADER], error: FrameError, first: &Flight) -> u64 {
    let Ask::Framed { frame: request, .. } = &first.ask else { return 0 };
    let reply = Frame {
        kind: FrameKind::Reply,
        length: expected(request).0,
        reply: None,
        delay_ns: 0,
        damage: None,
        ..*request
    };
    let right = reply.to_bytes();
    // Of a damaged one: the kind, the length, and which request it is of; the rest is up to the server.
    let known = |i: &usize| match error {
        FrameError::Foreign => *i < 8,
        FrameError::Damaged => *i == 12 || (16..20).contains(i) || (24..48).contains(i),
    };
    // Where all of that is right, it is the check itself.
    (0..Frame::HEADER).filter(known).find(|i| header[*i] != right[*i]).unwrap_or(8) as u64
}
