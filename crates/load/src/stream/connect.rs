//! Coming by a connection: once, or over and over; with what it begins with.

use crate::counters::Failure;
use crate::plan::Target;
use crate::shared::Shared;
use crate::talk::HELLO;
use squall_wire::{Address, Env, Frame, FrameKind, Stream, nanos};
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// A connection that was made.
pub(super) enum Connection {
    Open(Open),
    /// It is of no use: it was reset before the client looked, or its beginning was not understood.
    Broken(Failure),
}

/// A connection that can be used.
pub(super) struct Open {
    pub(super) stream: Stream,
    /// Which of the worker's it is, from 1.
    pub(super) attempt: u64,
    /// Bytes it carried each way, which were no request and no answer.
    pub(super) sent: u64,
    pub(super) received: u64,
    /// Whether its own direction is finished.
    pub(super) finished: bool,
}

pub(super) struct Connector {
    shared: Arc<Shared>,
    env: Env,
    number: u64,
    attempt: u64,
    given_up: bool,
}

/// The first pause before a refused connect is tried again, and the longest.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(5), Duration::from_millis(100));
/// How long one waits to ask a unix socket again whose backlog is full.
const QUEUED: Duration = Duration::from_millis(1);
/// The longest name of a server.
const IDENTITY: u32 = 4096;

impl Connector {
    pub(super) fn new(shared: Arc<Shared>, env: Env, number: u64) -> Connector {
        Connector { shared, env, number, attempt: 0, given_up: false }
    }

    /// One attempt to connect.
    pub(super) async fn connect(&mut self) -> Option<Connection> {
        self.attempt += 1;
        let limit = self.shared.load().timeout;
        let began = self.env.now();
        let connection = match self.env.timeout(limit, self.dial()).await {
            Some(Ok(stream)) => {
                let took = self.env.now().saturating_sub(began);
                self.shared.tally(self.number as usize).series.connect.record(took);
                let left = limit.saturating_sub(Duration::from_nanos(took));
                Some(self.open(stream, left).await)
            }
            // It was made, and reset before we looked: whether that is seen here or by the first request is chance, and must
            // not show in the counts.
            Some(Err(error)) if error.kind() == io::ErrorKind::ConnectionReset => {
                Some(Connection::Broken(Failure::Reset))
            }
            Some(Err(_)) | None => None,
        };
        let mut tally = self.shared.tally(self.number as usize);
        match connection {
            Some(_) => tally.counts.connections.opened += 1,
            None => tally.counts.connections.refused += 1,
        }
        connection
    }

    async fn dial(&self) -> io::Result<Stream> {
        let load = self.shared.load();
        let target = match &load.target {
            Target::Ip(addr) => *addr,
            Target::Unix(address) => return self.dial_unix(address).await,
        };
        let dialer = match (load.source, &load.announce) {
            (None, None) => return self.env.dial(target).await,
            (Some(source), _) => self.env.dialer_from(source.address(self.number), target)?,
            (None, Some(_)) => self.env.dialer(target)?,
        };
        if let Some(announce) = &load.announce {
            announce(dialer.local_addr(), self.number, self.attempt);
        }
        dialer.connect().await
    }

    /// Connects to a unix socket. One whose backlog is full does not have callers wait, as a TCP port does, so it is asked again.
    async fn dial_unix(&self, address: &Address) -> io::Result<Stream> {
        loop {
            match self.env.dial_at(address).await {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.env.sleep(QUEUED).await,
                outcome => return outcome,
            }
        }
    }

    /// Says what the connection begins with.
    async fn open(&self, stream: Stream, left: Duration) -> Connection {
        let mut open = Open { stream, attempt: self.attempt, sent: 0, received: 0, finished: false };
        let beginning = async {
            self.introduce(&mut open).await?;
            self.greet(&mut open).await
        };
        match self.env.timeout(left, beginning).await {
            Some(Ok(())) => Connection::Open(open),
            Some(Err(failure)) => Connection::Broken(failure),
            None => Connection::Broken(Failure::Timeout),
        }
    }

    /// Where it comes from, in the words of a proxy.
    async fn introduce(&self, open: &mut Open) -> Result<(), Failure> {
        let Some(version) = self.shared.load().proxy_protocol else { return Ok(()) };
        let header = match self.shared.load().addr() {
            Some(to) => version.header(open.stream.local_addr().map_err(|error| Failure::of(&error))?, to),
            None => version.unknown(),
        };
        open.stream.write_all(&header).await.map_err(|error| Failure::of(&error))?;
        open.sent += header.len() as u64;
        Ok(())
    }

    /// Asks who serves it, where frames are spoken.
    async fn greet(&self, open: &mut Open) -> Result<(), Failure> {
        let load = self.shared.load();
        if !load.talk.is_framed() {
            return Ok(());
        }
        let hello = Frame {
            kind: HELLO,
            seed: load.seed,
            connection: self.number,
            sequence: 0,
            length: 0,
            reply: None,
            delay_ns: 0,
            damage: None,
        };
        open.stream.write_all(&hello.to_bytes()).await.map_err(|error| Failure::of(&error))?;
        let mut header = [0; Frame::HEADER];
        read_exactly(&open.stream, &mut header).await?;
        let reply = Frame::from_bytes(&header).map_err(|_| Failure::Malformed)?;
        if reply.kind != FrameKind::Reply || reply.length > IDENTITY {
            return Err(Failure::Malformed);
        }
        let mut identity = vec![0; reply.length as usize];
        read_exactly(&open.stream, &mut identity).await?;
        open.sent += Frame::HEADER as u64;
        open.received += (Frame::HEADER + identity.len()) as u64;
        let identity = String::from_utf8_lossy(&identity).into_owned();
        *self.shared.tally(self.number as usize).members.entry(identity).or_default() += 1;
        Ok(())
    }

    /// Connects again: where that is refused, over and over until the timeout. A target that stayed away so long is asked
    /// just once for each further request, until it answers.
    pub(super) async fn reopen(&mut self) -> Option<Connection> {
        let deadline = self.env.now().saturating_add(nanos(self.shared.load().timeout));
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
}

async fn read_exactly(stream: &Stream, mut buf: &mut [u8]) -> Result<(), Failure> {
    while !buf.is_empty() {
        match stream.read(buf).await.map_err(|error| Failure::of(&error))? {
            0 => return Err(Failure::Closed),
            n => buf = &mut buf[n..],
        }
    }
    Ok(())
}
