//! One connection's share of a load: connect, exchange, and connect again where the connection was lost.

use crate::counters::{Counts, Failure};
use crate::exchange::Exchange;
use crate::plan::Load;
use crate::report::{Latencies, Report, Strays};

use squall_wire::{Env, Payload, Stream, lock, nanos};
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::{oneshot, watch};

/// What all workers of a load share.
pub(crate) struct Shared {
    load: Load,
    began: u64,
    pub(crate) state: Mutex<State>,
}

pub(crate) struct State {
    pub(crate) counts: Counts,
    pub(crate) latencies: Latencies,
    pub(crate) strays: Strays,
}

impl Shared {
    pub(crate) fn new(load: Load, now: u64) -> Shared {
        let counts = Counts { planned: load.requests, ..Counts::default() };
        let state = Mutex::new(State { counts, latencies: Latencies::new(), strays: Strays::default() });
        Shared { load, began: now, state }
    }

    pub(crate) fn load(&self) -> &Load {
        &self.load
    }

    pub(crate) fn began(&self) -> u64 {
        self.began
    }

    pub(crate) fn report(&self, now: u64) -> Report {
        let state = lock(&self.state);
        Report::new(state.counts, &state.latencies, state.strays, now.saturating_sub(self.began))
    }

    pub(crate) fn count(&self, count: impl FnOnce(&mut Counts)) {
        count(&mut lock(&self.state).counts);
    }
}

pub(crate) struct Worker {
    shared: Arc<Shared>,
    env: Env,
    number: u64,
    share: u64,
    attempt: u64,
    given_up: bool,
}

/// A connection that was made.
enum Connection {
    Open(Stream),
    /// It was reset before the client looked.
    Reset,
}

/// The first pause before a refused connect is tried again, and the longest.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(5), Duration::from_millis(100));

impl Worker {
    pub(crate) fn new(shared: Arc<Shared>, env: Env, number: u64, share: u64) -> Worker {
        Worker { shared, env, number, share, attempt: 0, given_up: false }
    }

    /// Connects, says so, waits for the gate, and works off its share.
    pub(crate) async fn run(mut self, connected: oneshot::Sender<()>, mut gate: watch::Receiver<bool>) {
        let mut connection = self.connect().await;
        drop(connected);
        if gate.wait_for(|open| *open).await.is_err() {
            return;
        }
        let mut lost = false;
        for sequence in 0..self.share {
            if sequence > 0 && !self.shared.load.pause.is_zero() {
                self.env.sleep(self.shared.load.pause).await;
            }
            if connection.is_none() && self.shared.load.reconnect {
                connection = self.reopen().await;
            }
            match &connection {
                Some(open) if self.exchange(open, sequence).await => {}
                Some(_) => (connection, lost) = (None, true),
                None if lost && !self.shared.load.reconnect => {
                    self.shared.count(|counts| counts.fail(Failure::NotSent))
                }
                None => self.shared.count(|counts| counts.fail(Failure::Refused)),
            }
        }
        if let Some(connection) = connection {
            self.close(&connection).await;
        }
    }

    /// One attempt to connect.
    async fn connect(&mut self) -> Option<Connection> {
        self.attempt += 1;
        let load = &self.shared.load;
        let attempt = async {
            match &load.announce {
                None => self.env.dial(load.target).await,
                Some(announce) => {
                    let dialer = self.env.dialer(load.target)?;
                    announce(dialer.local_addr(), self.number, self.attempt);
                    dialer.connect().await
                }
            }
        };
        let connection = match self.env.timeout(load.timeout, attempt).await {
            Some(Ok(stream)) => Some(Connection::Open(stream)),
            // It was made, and reset before we looked: whether that is seen here or by the first request is chance, and must
            // not show in the counts.
            Some(Err(error)) if error.kind() == io::ErrorKind::ConnectionReset => Some(Connection::Reset),
            Some(Err(_)) | None => None,
        };
        self.shared.count(|counts| match connection {
            Some(_) => counts.connections.opened += 1,
            None => counts.connections.refused += 1,
        });
        connection
    }

    /// Connects again: where that is refused, over and over until the timeout. A target that stayed away so long is asked
    /// just once for each further request, until it answers.
    async fn reopen(&mut self) -> Option<Connection> {
        let deadline = self.env.now().saturating_add(nanos(self.shared.load.timeout));
        let mut pause = BACKOFF.0;
        loop {
            let opened = self.connect().await;
            self.given_up = opened.is_none() && (self.given_up || self.env.now() >= deadline);
            if opened.is_some() || self.given_up {
                return opened;
            }
            self.env.sleep(pause).await;
            pause = (pause * 2).min(BACKOFF.1);
        }
    }

    /// One request; false where the connection is of no use any more.
    async fn exchange(&self, connection: &Connection, sequence: u64) -> bool {
        let load = &self.shared.load;
        let mut exchange = Exchange::new(Payload::new(load.seed, self.number, sequence), load.size);
        self.shared.count(|counts| counts.sent += 1);
        let began = self.env.now();
        let outcome = match connection {
            Connection::Open(stream) => {
                let answer = self.env.timeout(load.timeout, exchange.run(stream)).await;
                answer.unwrap_or(Err(Failure::Timeout))
            }
            Connection::Reset => Err(Failure::Reset),
        };
        let took = self.env.now().saturating_sub(began);
        let mut state = lock(&self.shared.state);
        match outcome {
            Ok(()) => {
                state.counts.ok += 1;
                state.counts.bytes.sent += load.size;
                state.counts.bytes.received += load.size;
                state.latencies.record(took);
            }
            Err(failure) => {
                state.counts.fail(failure);
                state.counts.connections.lost += 1;
            }
        }
        outcome.is_ok()
    }

    /// Finishes and waits for the target to finish too: whatever else comes was not asked for.
    async fn close(&self, connection: &Connection) {
        let mut extra = 0;
        let ending = async {
            let Connection::Open(stream) = connection else {
                return Err(io::ErrorKind::ConnectionReset.into());
            };
            stream.finish()?;
            let mut buf = [0; 4096];
            loop {
                match stream.read(&mut buf).await? {
                    0 => return io::Result::Ok(()),
                    n => extra += n as u64,
                }
            }
        };
        let ended = self.env.timeout(self.shared.load.timeout, ending).await;
        self.shared.count(|counts| {
            counts.integrity.extra += extra;
            if !matches!(ended, Some(Ok(()))) {
                counts.connections.lost += 1;
            }
        });
    }
}
