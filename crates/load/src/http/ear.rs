//! Where each answer ends, whether it is a success, and whether its body is right.

use super::check::{Check, Wanted};
use super::head::{Body, read_head};
use super::{Expect, Request};
use crate::counters::Failure;
use crate::stream::Flight;
use crate::talk::{Ask, Heard, Notes};
use std::collections::VecDeque;
use std::sync::Arc;

/// The longest head of an answer.
const HEAD: usize = 64 << 10;

/// Reads answers from a connection.
pub(crate) struct HttpEar {
    request: Arc<Request>,
    /// The seed of the bodies of requests.
    seed: u64,
    /// The head as far as it came.
    head: Vec<u8>,
    body: Option<Body>,
    /// Present where the body is compared.
    check: Option<Check>,
    /// What the status means.
    status: Result<(), Failure>,
    /// Bytes of this answer.
    received: u64,
    last: bool,
}

/// What the body of the answer to a request has to be.
fn wanted<'a>(request: &'a Request, flight: &Flight) -> Option<Wanted<'a>> {
    match (&request.expect, &flight.ask) {
        (Expect::Anything, _) => None,
        (Expect::Text(text), _) => Some(Wanted::Bytes(text)),
        (Expect::Echo, Ask::Http { payload, size, .. }) => {
            Some(Wanted::Seeded { payload: *payload, size: *size })
        }
        (Expect::Echo, _) => Some(Wanted::Bytes(request.fixed_body())),
    }
}

impl HttpEar {
    pub(crate) fn new(request: Arc<Request>, seed: u64) -> HttpEar {
        let (head, status) = (Vec::new(), Ok(()));
        HttpEar { request, seed, head, body: None, check: None, status, received: 0, last: false }
    }

    pub(crate) fn is_last(&self) -> bool {
        self.last
    }

    /// Takes `bytes`, of which the first is number `at` of those that the connection brought.
    pub(crate) fn hear(
        &mut self,
        bytes: &[u8],
        at: u64,
        flights: &VecDeque<Flight>,
        notes: &mut Notes,
    ) -> Heard {
        let mut used = 0;
        loop {
            if self.body.is_none() {
                match self.hear_head(&bytes[used..]) {
                    Ok(Some(n)) => used += n,
                    Ok(None) => return Heard::More,
                    Err(failure) => return Heard::Broken(failure),
                }
            }
            let (rest, place) = (&bytes[used..], at + used as u64);
            let wanted = flights.front().and_then(|first| wanted(&self.request, first));
            let mut compare = |from: usize, data: &[u8]| {
                if let (Some(check), Some(wanted)) = (&mut self.check, wanted) {
                    check.take(wanted, data, place + from as u64);
                }
            };
            let (n, over) = match &mut self.body {
                None => continue,
                Some(Body::Length(left)) => {
                    let n = rest.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                    compare(0, &rest[..n]);
                    *left -= n as u64;
                    (n, *left == 0)
                }
                Some(Body::Chunked(chunks)) => match chunks.take(rest, compare) {
                    Ok(n) => (n, chunks.is_done()),
                    Err(_) => return Heard::Broken(Failure::Malformed),
                },
                Some(Body::UntilEnd) => {
                    compare(0, rest);
                    (rest.len(), false)
                }
            };
            self.received += n as u64;
            used += n;
            return if over { self.over(used, at + used as u64, flights, notes) } else { Heard::More };
        }
    }

    /// The target has finished, behind `at` bytes.
    pub(crate) fn end(&mut self, at: u64, flights: &VecDeque<Flight>, notes: &mut Notes) -> Heard {
        match self.body {
            Some(Body::UntilEnd) => self.over(0, at, flights, notes),
            None if self.received == 0 && self.head.is_empty() => Heard::Broken(Failure::Closed),
            _ => Heard::Broken(Failure::Incomplete),
        }
    }

    /// The connection is lost: what is wrong with the answer that was coming, as far as it came.
    pub(crate) fn lost(&mut self, flights: &VecDeque<Flight>, notes: &mut Notes) -> Option<Failure> {
        self.verdict(None, flights, notes).err()
    }

    fn over(&mut self, used: usize, end: u64, flights: &VecDeque<Flight>, notes: &mut Notes) -> Heard {
        self.body = None;
        let received = std::mem::take(&mut self.received);
        let body = self.verdict(Some(end), flights, notes);
        Heard::Over { used, which: 0, received, result: self.status.and(body) }
    }

    /// What the body came to, which is asked once.
    fn verdict(
        &mut self,
        end: Option<u64>,
        flights: &VecDeque<Flight>,
        notes: &mut Notes,
    ) -> Result<(), Failure> {
        let (Some(check), Some(first)) = (self.check.take(), flights.front()) else { return Ok(()) };
        let Some(wanted) = wanted(&self.request, first) else { return Ok(()) };
        check.settle(wanted, end, flights, self.seed, notes)
    }

    /// How many of the bytes belong to the head, once it is complete.
    fn hear_head(&mut self, bytes: &[u8]) -> Result<Option<usize>, Failure> {
        let (had, head_only) = (self.head.len(), self.request.is_head());
        // Most heads come in one piece and need not be kept.
        let read = if had == 0 {
            read_head(bytes, head_only)
        } else {
            self.head.extend_from_slice(bytes);
            read_head(&self.head, head_only)
        };
        let Some(head) = read? else {
            if had == 0 {
                self.head.extend_from_slice(bytes);
            }
            return if self.head.len() > HEAD { Err(Failure::Malformed) } else { Ok(None) };
        };
        self.head.clear();
        self.received += head.length as u64;
        // Something that is only for now is followed by the answer itself.
        if !(100..200).contains(&head.status) {
            let good = self.request.statuses.has(head.status);
            self.status = if good { Ok(()) } else { Err(Failure::Status(head.status / 100)) };
            self.last = head.last;
            // What was not asked for is not compared.
            let compared = good && self.request.expect != Expect::Anything;
            self.check = compared.then(Check::new);
            self.body = Some(head.body);
        }
        Ok(Some(head.length - had))
    }
}

#[cfg(test)]
mod tests;
