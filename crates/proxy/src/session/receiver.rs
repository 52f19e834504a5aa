//! The one receiver of a link for datagrams: it knows clients by their addresses, numbers new ones, and waits for nothing else.

use super::inbox::Inbox;
use super::serve::serve;
use crate::link::Link;
use squall_wire::Datagrams;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;
use tokio::sync::watch;

/// The socket that clients know. It is free once the receiver and all sessions have let go of it.
pub(crate) struct Front {
    pub(super) socket: Datagrams,
    _closing: watch::Sender<()>,
}

impl Front {
    pub(crate) fn new(socket: Datagrams, closing: watch::Sender<()>) -> Arc<Front> {
        Arc::new(Front { socket, _closing: closing })
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        self.socket.local_addr()
    }
}

/// How long receiving rests after an error.
const REST: Duration = Duration::from_millis(10);
/// Clients that are remembered before those that have gone are forgotten.
const FEW: usize = 64;

/// Receives until it is dropped.
pub(crate) async fn receive(link: Arc<Link>, front: Arc<Front>) {
    let mut clients = Clients { link, front: front.clone(), inboxes: HashMap::new() };
    let mut rung: Vec<Arc<Inbox>> = Vec::new();
    loop {
        let received = front.socket.recv(|from, payload| {
            if let Some(inbox) = clients.deliver(from, payload)
                && !rung.last().is_some_and(|last| Arc::ptr_eq(last, &inbox))
            {
                rung.push(inbox);
            }
        });
        if let Err(error) = received.await {
            let (name, why) = (&clients.link.id.name, squall_wire::reason(&error));
            tracing::warn!("link {name}: cannot receive: {why}");
            clients.link.shards.env(0).sleep(REST).await;
        }
        rung.drain(..).for_each(|inbox| inbox.ring());
    }
}

/// The clients by their addresses.
struct Clients {
    link: Arc<Link>,
    front: Arc<Front>,
    inboxes: HashMap<SocketAddr, Arc<Inbox>>,
}

impl Clients {
    /// Leaves a datagram for its session, which begins with it where there is none; whom to ring. Nobody where it cannot begin:
    /// the datagram is lost then.
    fn deliver(&mut self, from: SocketAddr, payload: &[u8]) -> Option<Arc<Inbox>> {
        if let Some(inbox) = self.inboxes.get(&from).filter(|inbox| inbox.put(payload)) {
            return Some(inbox.clone());
        }
        let link = &self.link;
        if link.options.max_connections.is_some_and(|limit| link.registry.active() >= limit) {
            // No client: each of its datagrams would count as one.
            link.unserved.fetch_add(1, Relaxed);
            return None;
        }
        let live = link.registry.admit(Some(from), link.options.max_connections)?;
        let inbox = Arc::new(Inbox::new(live.clone()));
        inbox.put(payload);
        let shard = live.number as usize;
        let env = link.shards.env(shard).clone();
        link.shards.spawn(shard, serve(link.clone(), env, live, from, inbox.clone(), self.front.clone()));
        if self.inboxes.len() >= FEW && self.inboxes.len() as u64 > 2 * link.registry.active() {
            self.inboxes.retain(|_, inbox| !inbox.is_closed());
        }
        self.inboxes.insert(from, inbox.clone());
        Some(inbox)
    }
}
