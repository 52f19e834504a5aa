//! Echo over UDP: each datagram goes back to its sender, or what the mode makes of it.

use std::collections::BTreeMap;
use std::future::{Future, poll_fn};
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::ops::Range;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use squall_wire::{Address, Client, Datagrams, Env, Shards, Sleep, nanos};

use crate::connections::Connections;
use crate::counts::{Meter, add};
use crate::echo::{Bound, Port, Serving};
use crate::event::{Event, Teller};
use crate::frames::datagram::{Verdict, judge};
use crate::text::chargen;
use crate::{Echo, EchoBuilder, EchoError, Mode};

/// How long receiving rests after an error, none of which is one client's doing.
const REST: Duration = Duration::from_millis(10);
/// Bytes of answers that may wait to be sent, each counted with what keeping it takes. More are dropped.
const HELD: usize = 16 << 20;
/// What keeping a datagram takes besides its bytes, about.
const KEEPING: usize = 128;

/// Binds and starts echoing.
pub(crate) async fn start(settings: EchoBuilder, shards: Shards) -> Result<Echo, EchoError> {
    let env = shards.env(0).clone();
    let socket = bind(&env, &settings.listen).await;
    let socket = socket.map_err(|source| EchoError::Listen { addr: settings.listen.clone(), source })?;
    Ok(serve_on(Arc::new(socket), settings, shards))
}

/// Starts echoing on a socket of the first of these shards.
pub(crate) fn serve_on(socket: Arc<Datagrams>, settings: EchoBuilder, shards: Shards) -> Echo {
    let env = shards.env(0).clone();
    let bound = Bound { addr: socket.local_addr(), address: socket.local_addr().into() };
    let connections = Connections::new(1);
    let id = settings.identity(&bound.address);
    let host = Host { id, limit: settings.buffer, mode: settings.mode, teller: settings.teller };
    let port = Port::Datagram(socket.clone());
    let task = shards.spawn(0, echo(socket, env, host, connections.clone()));
    Echo::new(bound, shards, Serving { port, task, closing: None }, connections, false)
}

async fn bind(env: &Env, address: &Address) -> io::Result<Datagrams> {
    let Address::Ip(endpoint) = address else {
        return Err(io::Error::new(ErrorKind::Unsupported, "unix sockets carry no datagrams here"));
    };
    let found = endpoint.resolve().await?;
    env.bind(*found.first().ok_or(ErrorKind::NotFound)?)
}

/// What becomes of a datagram depends on this.
struct Host {
    id: String,
    limit: usize,
    mode: Mode,
    /// Where somebody listens.
    teller: Option<Teller>,
}

async fn echo(socket: Arc<Datagrams>, env: Env, host: Host, connections: Arc<Connections>) {
    let meter = &connections.meters[0];
    let (mut batch, mut later) = (Batch::default(), Later::new(&env));
    loop {
        batch.clear();
        let received = poll_fn(|cx| {
            let mut each = |from, payload: &[u8]| {
                let payload = &payload[..payload.len().min(host.limit)];
                add(&meter.datagrams_in, 1);
                add(&meter.bytes_in, payload.len());
                host.tell(from, payload.len(), Event::Received);
                host.answer(from, payload, &mut batch, &mut later, meter);
            };
            let received = socket.poll_recv(cx, &mut each);
            match later.poll(cx, &mut batch) {
                Poll::Ready(()) if received.is_pending() => Poll::Ready(Ok(0)),
                _ => received,
            }
        });
        if received.await.is_err() {
            env.sleep(REST).await;
        }
        batch.send_back(&socket, &host, meter).await;
    }
}

impl Host {
    fn tell(&self, client: SocketAddr, bytes: usize, event: fn(Client, u64) -> Event) {
        self.teller.iter().for_each(|teller| teller.datagrams(client, bytes, event));
    }

    /// Puts the answer to a datagram into the batch, or has it wait.
    fn answer(&self, from: SocketAddr, payload: &[u8], now: &mut Batch, later: &mut Later, meter: &Meter) {
        match &self.mode {
            Mode::Fixed(size) => {
                // No more than a datagram holds, or the server had not started.
                let size = usize::try_from(size.as_bytes()).unwrap_or(0);
                now.offer(from, size, meter, |bytes| chargen(0, bytes));
            }
            Mode::Delay(delay) => later.push(*delay, from, payload.to_vec(), meter),
            Mode::Echo => match judge(payload, &self.id) {
                Verdict::Plain => now.push(from, payload),
                Verdict::Answer(answer, Duration::ZERO) => {
                    now.offer(from, answer.len(), meter, |bytes| bytes.copy_from_slice(&answer));
                }
                Verdict::Answer(answer, delay) => later.push(delay, from, answer, meter),
                Verdict::Silence => {}
            },
            _ => {}
        }
    }
}

/// What is to be sent at once.
#[derive(Default)]
struct Batch {
    bytes: Vec<u8>,
    /// Where each goes, and where among the bytes it is.
    datagrams: Vec<(SocketAddr, Range<usize>)>,
}

impl Batch {
    fn clear(&mut self) {
        self.bytes.clear();
        self.datagrams.clear();
    }

    fn push(&mut self, to: SocketAddr, payload: &[u8]) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(payload);
        self.datagrams.push((to, start..self.bytes.len()));
    }

    /// Adds an answer that may be larger than what it answers, unless that is too much at once.
    fn offer(&mut self, to: SocketAddr, size: usize, meter: &Meter, fill: impl FnOnce(&mut [u8])) {
        let start = self.bytes.len();
        if start + size > HELD {
            return add(&meter.datagrams_dropped, 1);
        }
        self.bytes.resize(start + size, 0);
        fill(&mut self.bytes[start..]);
        self.datagrams.push((to, start..self.bytes.len()));
    }

    /// Sends everything, at once what is for one client in a row.
    async fn send_back(&self, socket: &Datagrams, host: &Host, meter: &Meter) {
        let payloads: Vec<_> = self.datagrams.iter().map(|(_, range)| &self.bytes[range.clone()]).collect();
        let mut rest = payloads.as_slice();
        for row in self.datagrams.chunk_by(|one, next| one.0 == next.0) {
            let (mut unsent, others) = rest.split_at(row.len());
            rest = others;
            while !unsent.is_empty() {
                let outcome = poll_fn(|cx| socket.poll_send(cx, row[0].0, unsent)).await;
                if let Ok(sent) = outcome {
                    add(&meter.datagrams_out, sent);
                    let bytes = unsent[..sent].iter().map(|payload| payload.len()).sum();
                    add(&meter.bytes_out, bytes);
                    host.tell(row[0].0, bytes, Event::Sent);
                }
                // A client that cannot be reached misses its echo; the others do not.
                unsent = &unsent[outcome.unwrap_or(1)..];
            }
        }
    }
}

/// What is to be sent later, in the order in which it is due.
struct Later {
    env: Env,
    timer: Sleep,
    /// By the time at which it is due, and the order of arrival.
    queue: BTreeMap<(u64, u64), (SocketAddr, Vec<u8>)>,
    arrivals: u64,
    held: usize,
}

impl Later {
    fn new(env: &Env) -> Self {
        Self { env: env.clone(), timer: env.sleep_until(0), queue: BTreeMap::new(), arrivals: 0, held: 0 }
    }

    /// Keeps a datagram for so long, unless too many are kept.
    fn push(&mut self, delay: Duration, to: SocketAddr, payload: Vec<u8>, meter: &Meter) {
        let size = payload.len() + KEEPING;
        if self.held + size > HELD {
            return add(&meter.datagrams_dropped, 1);
        }
        self.held += size;
        self.arrivals += 1;
        let due = self.env.now().saturating_add(nanos(delay));
        self.queue.insert((due, self.arrivals), (to, payload));
    }

    /// Moves what is due into the batch; ready if there was something.
    fn poll(&mut self, cx: &mut std::task::Context<'_>, batch: &mut Batch) -> Poll<()> {
        let mut moved = Poll::Pending;
        while let Some(first) = self.queue.first_entry() {
            self.timer.reset(first.key().0);
            if Pin::new(&mut self.timer).poll(cx).is_pending() {
                break;
            }
            let (to, payload) = first.remove();
            self.held -= payload.len() + KEEPING;
            batch.push(to, &payload);
            moved = Poll::Ready(());
        }
        moved
    }
}
