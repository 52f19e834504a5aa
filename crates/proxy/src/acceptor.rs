//! The one acceptor of a link: it numbers connections in accept order and hands them to shards, and waits for nothing else.

use crate::connection::serve;
use crate::link::Link;
use squall_wire::{Incoming, Listener};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use tokio::task::JoinHandle;

/// A bound port that is being accepted from. Dropping it leaves it running; see [`Acceptor::close`].
pub(crate) struct Acceptor {
    addr: SocketAddr,
    task: JoinHandle<()>,
}

impl Acceptor {
    /// Binds `addr` and starts accepting.
    pub(crate) fn open(link: Arc<Link>, addr: SocketAddr) -> io::Result<Acceptor> {
        let listener = link.shards.env(0).listen(addr)?;
        let addr = listener.local_addr();
        let shards = link.shards.clone();
        Ok(Acceptor { addr, task: shards.spawn(0, accept(link, listener)) })
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Stops accepting; the port is closed once the returned task has ended.
    pub(crate) fn close(self) -> JoinHandle<()> {
        self.task.abort();
        self.task
    }
}

async fn accept(link: Arc<Link>, listener: Listener) {
    loop {
        let (incoming, peer) = listener.accept().await;
        link.starved.store(listener.refused(), Relaxed);
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
