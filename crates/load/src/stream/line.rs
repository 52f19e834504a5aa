//! A connection in use: requests go out when they are due, answers come back, both at the same time, so that no buffer on the way
//! can block it.

use super::connect::Open;
use super::flight::Flight;
use crate::counters::Failure;
use crate::deal::Deal;
use crate::plan::Close;
use crate::shared::Shared;
use crate::talk::{Ask, Ear, Heard, Notes};
use crate::tally::{Instants, Volume};
use squall_wire::{Env, Sleep, nanos, with_scratch};
use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll};

/// Bytes written or read in one system call at the most.
const CHUNK: usize = 64 << 10;
/// Bytes offered to the slowest target.
const LEAST: usize = 2 << 10;

/// Why a connection is not used any more.
pub(super) enum End {
    /// It has done its part.
    Served,
    /// It broke.
    Lost,
}

pub(super) struct Line<'a> {
    shared: &'a Shared,
    env: &'a Env,
    deal: &'a mut Deal,
    open: &'a mut Open,
    flights: VecDeque<Flight>,
    ear: Ear,
    /// Since when there was room for the next request.
    free: u64,
    /// Requests that may still begin on this connection.
    left: u64,
    /// Bytes that the next write offers: making what a slow target does not take would be work for nothing.
    offer: usize,
    alarm: Sleep,
}

impl<'a> Line<'a> {
    pub(super) fn new(
        shared: &'a Shared,
        env: &'a Env,
        deal: &'a mut Deal,
        open: &'a mut Open,
        free: u64,
    ) -> Line<'a> {
        let load = shared.load();
        let (ear, left) = (Ear::new(load), load.per_connection.unwrap_or(u64::MAX));
        let alarm = env.sleep_until(0);
        Line { shared, env, deal, open, flights: VecDeque::new(), ear, free, left, offer: CHUNK, alarm }
    }

    /// Sends what it is dealt until the connection has done its part or is lost.
    pub(super) async fn run(&mut self) -> End {
        poll_fn(|cx| self.poll(cx)).await
    }

    fn shard(&self) -> usize {
        self.deal.number as usize
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<End> {
        loop {
            let now = self.env.now();
            self.admit(now);
            if self.flights.is_empty() && self.is_done(now) {
                return Poll::Ready(End::Served);
            }
            let wrote = self.poll_send(cx);
            let read = self.poll_receive(cx);
            match (wrote, read) {
                // A reset is told once, to whoever asks first; what a read says after a failed write is not news.
                (Poll::Ready(Err(failure)), _) | (_, Poll::Ready(Err(failure))) => {
                    return Poll::Ready(self.lose(failure));
                }
                (_, Poll::Ready(Ok(Read::Last))) => return Poll::Ready(self.retire()),
                (Poll::Ready(Ok(true)), _) | (_, Poll::Ready(Ok(Read::Some))) => continue,
                _ => {}
            }
            let deadline = self
                .flights
                .front()
                .map(|first| first.instants.send.saturating_add(nanos(self.shared.load().timeout)));
            if deadline.is_some_and(|at| self.env.now() >= at) {
                return Poll::Ready(self.lose(Failure::Timeout));
            }
            let turn = if self.has_room() { self.deal.due(self.shared) } else { None };
            let Some(at) = deadline.into_iter().chain(turn).min() else { return Poll::Pending };
            self.alarm.reset(at);
            if Pin::new(&mut self.alarm).poll(cx).is_pending() {
                return Poll::Pending;
            }
        }
    }

    /// Whether no further request begins on this connection.
    fn is_done(&self, now: u64) -> bool {
        self.left == 0 || self.deal.is_done(now)
    }

    fn has_room(&self) -> bool {
        !self.is_done(self.env.now()) && (self.flights.len() as u64) < self.shared.load().window()
    }

    /// Begins the requests that are due and have room.
    fn admit(&mut self, now: u64) {
        while self.has_room() {
            let due = self.deal.due(self.shared);
            if due.is_some_and(|due| due > now) {
                break;
            }
            // In a closed loop a request is planned when it is sent.
            let plan = due.filter(|_| self.shared.load().schedule.is_some()).unwrap_or(now);
            let sequence = self.deal.take();
            let instants = Instants { plan, send: now, first: None, warmup: self.shared.warms_up(plan) };
            self.shared.sent(self.shard(), &instants, self.free);
            let ask = Ask::new(self.shared, self.deal, sequence);
            let began = self.flights.back().map_or(self.open.sent, |last| last.began + last.ask.len());
            self.flights.push_back(Flight { ask, sequence, began, written: 0, instants });
            self.left -= 1;
        }
    }

    /// Ready with true where something was written.
    fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<Result<bool, Failure>> {
        // Requests are written in order: those in front are complete.
        let first = self.flights.iter().rposition(Flight::is_written).map_or(0, |i| i + 1);
        if first == self.flights.len() {
            return Poll::Ready(self.finish_early().map(|()| false));
        }
        let written = with_scratch(|scratch| {
            let room = self.offer.min(scratch.len());
            let mut n = 0;
            for flight in self.flights.range(first..) {
                let left = usize::try_from(flight.ask.len() - flight.written).unwrap_or(usize::MAX);
                let part = left.min(room - n);
                flight.ask.fill(flight.written, &mut scratch[n..n + part]);
                n += part;
                if n == room {
                    break;
                }
            }
            let written = self.open.stream.poll_write(cx, &scratch[..n]);
            self.offer = match &written {
                Poll::Ready(Ok(taken)) if *taken == n => self.offer.saturating_mul(2).min(CHUNK),
                Poll::Ready(Ok(taken)) => (*taken).clamp(LEAST, CHUNK),
                Poll::Ready(Err(_)) | Poll::Pending => LEAST,
            };
            written
        });
        written.map(|wrote| match wrote {
            Ok(n) => {
                self.note_written(first, n as u64);
                Ok(true)
            }
            Err(error) => Err(Failure::of(&error)),
        })
    }

    fn note_written(&mut self, first: usize, mut n: u64) {
        self.open.sent += n;
        for flight in self.flights.range_mut(first..) {
            let part = n.min(flight.ask.len() - flight.written);
            flight.written += part;
            n -= part;
        }
        if self.ear.expects_nothing() {
            while self.flights.front().is_some_and(Flight::is_written) {
                self.over(0, 0, Ok(()));
            }
        }
    }

    /// Finishes behind the last request, where that is asked for.
    fn finish_early(&mut self) -> Result<(), Failure> {
        let half = self.shared.load().close == Close::Half;
        if half && !self.open.finished && self.is_done(self.env.now()) {
            self.open.finished = true;
            self.open.stream.finish().map_err(|error| Failure::of(&error))?;
        }
        Ok(())
    }

    fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<Result<Read, Failure>> {
        let wanted = self.ear.wants(&self.flights);
        if self.flights.is_empty() || wanted == 0 {
            return Poll::Pending;
        }
        with_scratch(|scratch| {
            let n = CHUNK.min(scratch.len()).min(usize::try_from(wanted).unwrap_or(usize::MAX));
            self.open.stream.poll_read(cx, &mut scratch[..n]).map(|read| match read {
                Ok(0) => self.end(),
                Ok(n) => self.hear(&scratch[..n]),
                Err(error) => Err(Failure::of(&error)),
            })
        })
    }

    fn hear(&mut self, bytes: &[u8]) -> Result<Read, Failure> {
        let now = self.env.now();
        if let Some(first) = self.flights.front_mut() {
            first.instants.first.get_or_insert(now);
        }
        let mut notes = self.notes();
        let (mut used, mut outcome) = (0, Ok(Read::Some));
        while used < bytes.len() {
            let at = self.open.received + used as u64;
            match self.ear.hear(&bytes[used..], at, &self.flights, &mut notes) {
                Heard::More => break,
                Heard::Over { used: n, which, received, result } => {
                    used += n;
                    self.over(which, received, result);
                    if self.ear.is_last() {
                        outcome = Ok(Read::Last);
                        break;
                    }
                    if let Some(next) = self.flights.front_mut().filter(|_| used < bytes.len()) {
                        next.instants.first.get_or_insert(now);
                    }
                }
                Heard::Broken(failure) => {
                    outcome = Err(failure);
                    break;
                }
            }
        }
        self.open.received += bytes.len() as u64;
        self.note(&notes);
        outcome
    }

    /// The target has finished.
    fn end(&mut self) -> Result<Read, Failure> {
        let mut notes = self.notes();
        let heard = self.ear.end(self.open.received, &self.flights, &mut notes);
        self.note(&notes);
        match heard {
            Heard::Over { which, received, result, .. } => {
                self.over(which, received, result);
                Ok(Read::Last)
            }
            Heard::Broken(failure) => Err(failure),
            Heard::More => Err(Failure::Closed),
        }
    }

    fn notes(&self) -> Notes {
        Notes { connection: (self.deal.number, self.open.attempt), ..Notes::default() }
    }

    fn note(&self, notes: &Notes) {
        if notes.is_empty() {
            return;
        }
        let mut tally = self.shared.tally(self.shard());
        tally.strays.add(&notes.strays);
        tally.counts.integrity.extra += notes.extra;
        if let Some(wrong) = notes.wrong {
            tally.wrong(wrong);
        }
    }

    /// A request has its answer.
    fn over(&mut self, which: usize, received: u64, result: Result<(), Failure>) {
        let full = self.flights.len() as u64 >= self.shared.load().window();
        let Some(flight) = self.flights.remove(which) else { return };
        let now = self.env.now();
        match result {
            Ok(()) => {
                let volume = Volume { sent: flight.ask.payload_len(), received };
                self.shared.ok(self.shard(), &flight.instants, volume, now);
            }
            Err(failure) => self.shared.fail(self.shard(), failure, flight.instants.warmup, now),
        }
        if full {
            self.free = now;
        }
        self.deal.over(now);
    }

    /// The connection broke, and with it all that was under way.
    fn lose(&mut self, failure: Failure) -> End {
        let now = self.env.now();
        let mut notes = self.notes();
        // Wrong bytes outweigh what became of the connection behind them.
        let mut wrong = self.ear.lost(&self.flights, &mut notes);
        self.note(&notes);
        for flight in std::mem::take(&mut self.flights) {
            let failure = wrong.take().unwrap_or(failure);
            self.shared.fail(self.shard(), failure, flight.instants.warmup, now);
            self.deal.over(now);
        }
        self.shared.tally(self.shard()).counts.connections.lost += 1;
        End::Lost
    }

    /// The target closes the connection after an answer, as it said. What else was under way is not answered.
    fn retire(&mut self) -> End {
        if self.flights.is_empty() {
            return End::Served;
        }
        self.lose(Failure::Closed)
    }
}

/// What reading came to.
enum Read {
    /// Something came.
    Some,
    /// Something came, and nothing more will.
    Last,
}
