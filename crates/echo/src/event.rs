//! What happens on an echo server, for whoever listens; free while nobody does.

use std::fmt;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};

use squall_wire::{Client, lock};
use tokio::sync::mpsc;

/// Why a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Both sides were done.
    Fin,
    /// The client or the mode reset it.
    Reset,
    /// It was idle for too long.
    Timeout,
    /// Another error.
    Error,
    /// The server stopped.
    Cancelled,
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Fin => "fin",
            Self::Reset => "reset",
            Self::Timeout => "timeout",
            Self::Error => "error",
            Self::Cancelled => "cancelled",
        })
    }
}

impl Ending {
    pub(crate) fn of(outcome: &io::Result<()>) -> Self {
        match outcome.as_ref().map_err(io::Error::kind) {
            Ok(()) => Self::Fin,
            Err(ErrorKind::TimedOut) => Self::Timeout,
            Err(ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe) => {
                Self::Reset
            }
            Err(_) => Self::Error,
        }
    }
}

/// Something that happened on a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// A client was accepted.
    Opened(Client),
    /// Its connection ended.
    Closed(Client, Ending),
    /// Bytes came from a client: how many since the last such event.
    Received(Client, u64),
    /// Bytes were sent to a client: how many since the last such event.
    Sent(Client, u64),
}

/// How many events may wait for a slow listener before byte counts are joined.
const WAITING: usize = 1024;

/// Listens to a server. Opened and closed connections are never missed. While the listener is slow, the bytes of a connection are
/// joined, and those of datagrams are left out.
#[derive(Debug)]
pub struct Events {
    receiver: mpsc::UnboundedReceiver<Event>,
    waiting: Arc<AtomicUsize>,
}

impl Events {
    /// The next event; `None` once the server and its connections are gone. Cancelling it loses nothing.
    pub async fn recv(&mut self) -> Option<Event> {
        let event = self.receiver.recv().await?;
        self.waiting.fetch_sub(1, Relaxed);
        Some(event)
    }
}

/// Where the events of a server go.
#[derive(Debug, Clone)]
pub(crate) struct Teller {
    sender: mpsc::UnboundedSender<Event>,
    waiting: Arc<AtomicUsize>,
}

impl Teller {
    pub(crate) fn new() -> (Teller, Events) {
        let (sender, receiver) = mpsc::unbounded_channel();
        let waiting = Arc::new(AtomicUsize::new(0));
        (Teller { sender, waiting: waiting.clone() }, Events { receiver, waiting })
    }

    fn is_behind(&self) -> bool {
        self.waiting.load(Relaxed) >= WAITING
    }

    fn tell(&self, event: Event) {
        self.waiting.fetch_add(1, Relaxed);
        // An error means that nobody listens any more.
        let _ = self.sender.send(event);
    }

    /// Tells of bytes of a client that has no connection.
    pub(crate) fn datagrams(&self, addr: SocketAddr, bytes: usize, event: fn(Client, u64) -> Event) {
        if !self.is_behind() {
            self.tell(event(Client { number: 0, addr: Some(addr) }, bytes as u64));
        }
    }

    /// Tells that a client was accepted.
    pub(crate) fn open(&self, client: Client) -> Story {
        self.tell(Event::Opened(client));
        let untold = Default::default();
        Story { teller: self.clone(), client, untold, ending: Mutex::new(Ending::Cancelled) }
    }
}

/// What is told of a connection; its end when this is dropped.
#[derive(Debug)]
pub(crate) struct Story {
    teller: Teller,
    client: Client,
    /// Bytes received and sent that were not told yet.
    untold: [AtomicU64; 2],
    ending: Mutex<Ending>,
}

/// The events of bytes, in the order in which they are kept.
const BYTES: [fn(Client, u64) -> Event; 2] = [Event::Received, Event::Sent];

impl Story {
    pub(crate) fn received(&self, bytes: usize) {
        self.moved(0, bytes);
    }

    pub(crate) fn sent(&self, bytes: usize) {
        self.moved(1, bytes);
    }

    fn moved(&self, way: usize, bytes: usize) {
        self.untold[way].fetch_add(bytes as u64, Relaxed);
        if !self.teller.is_behind() {
            self.flush(way);
        }
    }

    fn flush(&self, way: usize) {
        let bytes = self.untold[way].swap(0, Relaxed);
        if bytes > 0 {
            self.teller.tell(BYTES[way](self.client, bytes));
        }
    }

    /// Notes why the connection ends; the first reason counts.
    pub(crate) fn end(&self, ending: Ending) {
        let mut noted = lock(&self.ending);
        if *noted == Ending::Cancelled {
            *noted = ending;
        }
    }
}

impl Drop for Story {
    fn drop(&mut self) {
        (0..BYTES.len()).for_each(|way| self.flush(way));
        let ending = *lock(&self.ending);
        self.teller.tell(Event::Closed(self.client, ending));
    }
}
