//! What happens on a link, for whoever listens; free while nobody does.

use crate::close::CloseReason;
use squall_wire::{Client, lock};
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use tokio::sync::mpsc;

/// Something that happened to a connection, named by its client.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Event {
    /// A client was accepted.
    ConnectionOpened {
        /// The client.
        peer: Client,
    },
    /// A connection ended.
    ConnectionClosed {
        /// The client.
        peer: Client,
        /// Why it ended; nothing where the server could not be reached.
        reason: Option<CloseReason>,
        /// The name of the fault that ended it, where one did.
        fault: Option<Arc<str>>,
    },
    /// Bytes were delivered to the server. Several deliveries may come as one event.
    BytesUpstream {
        /// The client.
        peer: Client,
        /// How many since the last such event.
        bytes: u64,
    },
    /// Bytes were delivered to the client. Several deliveries may come as one event.
    BytesDownstream {
        /// The client.
        peer: Client,
        /// How many since the last such event.
        bytes: u64,
    },
}

/// How many byte events may wait for a slow listener before they are joined.
const WAITING: usize = 1024;

/// Listens to a link. Opened and closed connections are never missed; byte counts are joined while the listener is slow.
#[derive(Debug)]
pub struct Events {
    receiver: mpsc::UnboundedReceiver<Event>,
    waiting: Arc<AtomicUsize>,
}

impl Events {
    /// The next event; `None` once the link is gone. Cancelling it loses nothing.
    pub async fn recv(&mut self) -> Option<Event> {
        let event = self.receiver.recv().await?;
        self.waiting.fetch_sub(1, Relaxed);
        Some(event)
    }
}

/// The sending side, one for a link.
pub(crate) struct EventSource {
    listening: AtomicBool,
    listeners: Mutex<Vec<Listener>>,
}

#[derive(Clone, Debug)]
pub(crate) struct Listener {
    sender: mpsc::UnboundedSender<Event>,
    waiting: Arc<AtomicUsize>,
}

impl Listener {
    /// Somebody who listens, and what is heard.
    pub(crate) fn new() -> (Listener, Events) {
        let (sender, receiver) = mpsc::unbounded_channel();
        let waiting = Arc::new(AtomicUsize::new(0));
        (Listener { sender, waiting: waiting.clone() }, Events { receiver, waiting })
    }
}

impl EventSource {
    /// With those who listen from the start.
    pub(crate) fn new(listeners: Vec<Listener>) -> EventSource {
        let listening = AtomicBool::new(!listeners.is_empty());
        EventSource { listening, listeners: Mutex::new(listeners) }
    }

    pub(crate) fn subscribe(&self) -> Events {
        let (listener, events) = Listener::new();
        lock(&self.listeners).push(listener);
        self.listening.store(true, Relaxed);
        events
    }

    /// Whether anybody listens.
    pub(crate) fn is_heard(&self) -> bool {
        self.listening.load(Relaxed)
    }

    /// Whether byte counts are better joined for now.
    pub(crate) fn is_behind(&self) -> bool {
        lock(&self.listeners).iter().any(|listener| listener.waiting.load(Relaxed) >= WAITING)
    }

    pub(crate) fn send(&self, event: &Event) {
        if !self.is_heard() {
            return;
        }
        let mut listeners = lock(&self.listeners);
        listeners.retain(|listener| {
            listener.waiting.fetch_add(1, Relaxed);
            listener.sender.send(event.clone()).is_ok()
        });
        self.listening.store(!listeners.is_empty(), Relaxed);
    }
}
