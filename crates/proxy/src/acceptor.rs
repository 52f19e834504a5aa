//! The one acceptor of a link: it numbers connections in accept order and hands them to shards, and waits for nothing else.

use crate::connection::serve;
use crate::link::Link;
use squall_wire::{Incoming, Listener};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// The port of a link, through its ups and downs.
pub(crate) enum Port {
    /// Bound, and being accepted from.
    Open { task: JoinHandle<()>, closed: Closed },
    /// Told to close.
    Closing(Closed),
    /// Free.
    Closed,
}

/// Resolves, with an error, once the port is free.
type Closed = watch::Receiver<()>;

impl Port {
    /// Binds `addr`, starts accepting, and says what was bound.
    pub(crate) fn open(link: Arc<Link>, addr: SocketAddr) -> io::Result<(SocketAddr, Port)> {
        let listener = link.shards.env(0).listen(addr)?;
        let addr = listener.local_addr();
        let (closing, closed) = watch::channel(());
        let shards = link.shards.clone();
        let task = shards.spawn(0, accept(link, Bound { listener, _closing: closing }));
        Ok((addr, Port::Open { task, closed }))
    }

    /// Asks for the port to be closed, without waiting.
    pub(crate) fn shut(&mut self) {
        *self = match std::mem::replace(self, Port::Closed) {
            Port::Open { task, closed } => {
                task.abort();
                Port::Closing(closed)
            }
            other => other,
        };
    }

    /// What to wait for until the port is free, where it is to be.
    pub(crate) fn closing(&self) -> Option<Closed> {
        match self {
            Port::Closing(closed) => Some(closed.clone()),
            Port::Open { .. } | Port::Closed => None,
        }
    }

    /// The port is free, unless it was opened again meanwhile.
    pub(crate) fn note_closed(&mut self) {
        if let Port::Closing(_) = self {
            *self = Port::Closed;
        }
    }
}

/// What the acceptor owns. The fields are dropped in this order: the port is free when that is said.
struct Bound {
    listener: Listener,
    _closing: watch::Sender<()>,
}

async fn accept(link: Arc<Link>, bound: Bound) {
    let mut starved = 0;
    loop {
        let (incoming, peer) = bound.listener.accept().await;
        let refused = bound.listener.refused();
        link.starved.fetch_add(refused - starved, Relaxed);
        starved = refused;
        match link.registry.admit(peer, link.options.max_connections) {
            Some(live) => {
                let shard = live.number as usize;
                let env = link.shards.env(shard).clone();
                link.shards.spawn(shard, serve(link.clone(), env, live, incoming));
            }
            None => turn_away(incoming),
        }
    }
}

/// A RST rather than a FIN: the client must not take it for a server that had nothing to say.
fn turn_away(incoming: Incoming) {
    if let Ok(stream) = incoming.attach() {
        // The client may be gone already, and then there is nobody to tell.
        let _ = stream.abort();
    }
}
