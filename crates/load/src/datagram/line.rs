//! A socket in use: requests go out when they are due, and again where no answer comes; answers are told apart.

use super::answers::{Answer, Answers};
use crate::counters::Failure;
use crate::deal::Deal;
use crate::report::{Way, Wrong};
use crate::shared::Shared;
use crate::talk::Ask;
use crate::tally::{Instants, Volume};
use squall_wire::{Datagrams, Env, Frame, Sleep, nanos};
use std::collections::{BTreeMap, BTreeSet};
use std::future::{Future, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::sync::oneshot;

/// The most bytes of one datagram over IPv4.
const LARGEST: usize = 65_507;

/// A request without an answer.
struct Flight {
    bytes: Vec<u8>,
    instants: Instants,
    /// Until when an answer to what was sent last is waited for; 0 before it is sent.
    deadline: u64,
    /// How often it may be sent again.
    retries: u64,
}

pub(super) struct Line<'a> {
    shared: &'a Shared,
    env: &'a Env,
    deal: &'a mut Deal,
    socket: Datagrams,
    target: SocketAddr,
    answers: Answers,
    flights: BTreeMap<u64, Flight>,
    /// Requests by when they are to be sent again or given up.
    deadlines: BTreeSet<(u64, u64)>,
    /// Requests that are to be sent, in order.
    queue: std::collections::VecDeque<u64>,
    /// Since when there was room for the next request.
    free: u64,
    /// Told when the first datagram was sent.
    begun: Option<oneshot::Sender<()>>,
    alarm: Sleep,
}

impl<'a> Line<'a> {
    pub(super) fn new(
        shared: &'a Shared,
        env: &'a Env,
        deal: &'a mut Deal,
        (socket, target): (Datagrams, SocketAddr),
        begun: Option<oneshot::Sender<()>>,
    ) -> Line<'a> {
        Line {
            answers: Answers::new(shared.load().seed, deal.number),
            free: env.now(),
            alarm: env.sleep_until(0),
            flights: BTreeMap::new(),
            deadlines: BTreeSet::new(),
            queue: std::collections::VecDeque::new(),
            shared,
            env,
            deal,
            socket,
            target,
            begun,
        }
    }

    /// Until everything is answered or given up.
    pub(super) async fn run(&mut self) {
        poll_fn(|cx| self.poll(cx)).await;
    }

    /// Counts what has come by now, and what never did.
    pub(super) async fn drain(&mut self) {
        poll_fn(|cx| {
            while let Poll::Ready(Ok(())) = self.poll_hear(cx) {}
            Poll::Ready(())
        })
        .await;
        self.shared.tally(self.shard()).strays.lost += self.answers.lost();
    }

    fn shard(&self) -> usize {
        self.deal.number as usize
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            self.admit();
            if self.flights.is_empty() && self.deal.is_done(self.env.now()) {
                return Poll::Ready(());
            }
            if self.poll_send(cx).is_ready() {
                continue;
            }
            match self.poll_hear(cx) {
                Poll::Ready(Ok(())) => continue,
                Poll::Ready(Err(_)) => self.fail_all(),
                Poll::Pending => {}
            }
            if self.expire() {
                continue;
            }
            let turn = if self.has_room() { self.deal.due(self.shared) } else { None };
            let deadline = self.deadlines.first().map(|(at, _)| *at);
            let Some(at) = deadline.into_iter().chain(turn).min() else {
                // Without a deadline there is something to send, or nothing is under way.
                if self.flights.is_empty() {
                    continue;
                }
                return Poll::Pending;
            };
            self.alarm.reset(at);
            if Pin::new(&mut self.alarm).poll(cx).is_pending() {
                return Poll::Pending;
            }
        }
    }

    fn has_room(&self) -> bool {
        !self.deal.is_done(self.env.now()) && (self.flights.len() as u64) < self.shared.load().window()
    }

    /// Begins the requests that are due and have room.
    fn admit(&mut self) {
        while self.has_room() {
            let (due, now) = (self.deal.due(self.shared), self.env.now());
            if due.is_some_and(|due| due > now) {
                break;
            }
            // In a closed loop a request is planned when it is sent.
            let plan = due.filter(|_| self.shared.load().schedule.is_some()).unwrap_or(now);
            let sequence = self.deal.take();
            let instants = Instants { plan, send: now, first: None, warmup: self.shared.warms_up(plan) };
            self.shared.sent(self.shard(), &instants, self.free);
            let mut bytes = Vec::new();
            match Ask::new(self.shared, self.deal, sequence) {
                Ask::Framed { frame, .. } => {
                    let most = (LARGEST - Frame::HEADER) as u32;
                    let reply = frame.reply.map(|reply| reply.min(most));
                    let frame = Frame { length: frame.length.min(most), reply, ..frame };
                    self.answers.ask_framed(frame, &mut bytes);
                }
                ask => {
                    let size = usize::try_from(ask.len()).unwrap_or(LARGEST).min(LARGEST);
                    self.answers.ask(sequence, size, &mut bytes);
                }
            }
            let retries = self.shared.load().retries;
            self.flights.insert(sequence, Flight { bytes, instants, deadline: 0, retries });
            self.queue.push_back(sequence);
        }
    }

    /// Ready where something was sent, or cannot be.
    fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while let Some(sequence) = self.queue.front().copied() {
            let Some(flight) = self.flights.get_mut(&sequence) else {
                // It was answered before it was sent again.
                self.queue.pop_front();
                continue;
            };
            let sent = self.socket.poll_send(cx, self.target, &[&flight.bytes]);
            let Poll::Ready(sent) = sent else { return Poll::Pending };
            self.queue.pop_front();
            if sent.is_err() {
                self.fail(sequence, Failure::Other);
                return Poll::Ready(());
            }
            drop(self.begun.take());
            flight.deadline = self.env.now().saturating_add(nanos(self.shared.load().timeout));
            self.deadlines.insert((flight.deadline, sequence));
            return Poll::Ready(());
        }
        Poll::Pending
    }

    /// Takes what is there.
    fn poll_hear(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let (target, mut heard) = (self.target, Vec::new());
        let answers = &mut self.answers;
        let received = self.socket.poll_recv(cx, &mut |from, datagram| {
            // Anybody may send to the port.
            if from == target {
                heard.push(answers.hear(datagram));
            }
        });
        for answer in heard {
            self.note(answer);
        }
        received.map_ok(drop)
    }

    fn note(&mut self, answer: Answer) {
        let mut tally = self.shared.tally(self.shard());
        let wrong =
            |sequence, offset, way| Wrong { connection: self.deal.number, attempt: 1, sequence, offset, way };
        match answer {
            Answer::Right { sequence, bytes, reordered } => {
                tally.strays.reordered += u64::from(reordered);
                drop(tally);
                self.succeed(sequence, bytes);
            }
            Answer::Late => tally.strays.late += 1,
            Answer::Duplicated => tally.strays.duplicated += 1,
            Answer::Truncated { .. } => tally.counts.integrity.truncated += 1,
            Answer::Corrupt { at } => {
                tally.counts.integrity.corrupt += 1;
                if let Some((sequence, offset)) = at {
                    tally.wrong(wrong(sequence, offset, Way::Down));
                }
            }
            Answer::Damaged { sequence, at } => {
                tally.counts.integrity.corrupt += 1;
                tally.wrong(wrong(sequence, at, Way::Up));
            }
        }
    }

    fn succeed(&mut self, sequence: u64, bytes: u64) {
        let Some(mut flight) = self.take(sequence) else { return };
        let now = self.env.now();
        flight.instants.first = Some(now);
        let framed = self.shared.load().talk.is_framed();
        let header = if framed { Frame::HEADER as u64 } else { 0 };
        let volume = Volume { sent: flight.bytes.len() as u64 - header, received: bytes };
        self.shared.ok(self.shard(), &flight.instants, volume, now);
    }

    fn fail(&mut self, sequence: u64, failure: Failure) {
        let Some(flight) = self.take(sequence) else { return };
        self.answers.give_up(sequence);
        self.shared.fail(self.shard(), failure, flight.instants.warmup, self.env.now());
    }

    /// A request is over.
    fn take(&mut self, sequence: u64) -> Option<Flight> {
        let full = self.flights.len() as u64 >= self.shared.load().window();
        let flight = self.flights.remove(&sequence)?;
        self.deadlines.remove(&(flight.deadline, sequence));
        let now = self.env.now();
        if full {
            self.free = now;
        }
        self.deal.over(now);
        Some(flight)
    }

    /// The socket is of no use.
    fn fail_all(&mut self) {
        let all: Vec<u64> = self.flights.keys().copied().collect();
        all.into_iter().for_each(|sequence| self.fail(sequence, Failure::Other));
    }

    /// Sends again, or gives up, what was waited for long enough; true where there was such.
    fn expire(&mut self) -> bool {
        let now = self.env.now();
        let mut any = false;
        while let Some((at, sequence)) = self.deadlines.first().copied().filter(|(at, _)| *at <= now) {
            any = true;
            self.deadlines.remove(&(at, sequence));
            match self.flights.get_mut(&sequence) {
                Some(flight) if flight.retries > 0 => {
                    flight.retries -= 1;
                    self.shared.tally(self.shard()).counts.retried += 1;
                    self.queue.push_back(sequence);
                }
                _ => self.fail(sequence, Failure::Timeout),
            }
        }
        any
    }
}
