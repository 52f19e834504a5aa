//! The one acceptor of a link: it numbers connections in accept order and hands them to shards, and waits for nothing else.

use crate::connection::{send_off, serve, serve_stated};
use crate::link::Link;
use crate::registry::Outcome;
use crate::session::{Front, receive as receive_datagrams};
use squall_faults::{Carrier, Entry, PortPlan, PortState};
use squall_wire::{Address, Incoming, Listener};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;
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
    /// Binds `address`, which is no name, starts accepting, and says what was bound.
    pub(crate) fn open(link: Arc<Link>, address: &Address) -> io::Result<(Address, Port)> {
        let (env, shards) = (link.shards.env(0), link.shards.clone());
        let (closing, closed) = watch::channel(());
        let (bound, task) = match link.id.carrier {
            Carrier::Stream => {
                let listener = env.listen_with(address, &link.options.tuning)?;
                (listener.address(), shards.spawn(0, accept(link, Bound { listener, _closing: closing })))
            }
            Carrier::Datagram => {
                let addr = address.socket_addr().ok_or(io::ErrorKind::Unsupported)?;
                let front = Front::new(env.bind(addr)?, closing);
                (front.addr().into(), shards.spawn(0, receive_datagrams(link, front)))
            }
        };
        Ok((bound, Port::Open { task, closed }))
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

/// What ends a stretch of accepting.
enum Pause {
    /// The port is to be closed for a while.
    Closed,
    /// Connecting is to hang for a while.
    Hung,
}

async fn accept(link: Arc<Link>, bound: Bound) {
    // Declared first, so that it is dropped last: who is told that the port is closed finds it free.
    let _closing = bound._closing;
    let mut listener = bound.listener;
    let address = listener.address();
    loop {
        match receive(&link, &listener).await {
            Pause::Closed => {
                drop(listener);
                // A path without a file would not refuse, but not be found. Where that cannot be had, not found has to do.
                let refusing = link.shards.env(0).refuse_at(&address);
                until_port_is(&link, |state| state != PortState::Closed).await;
                drop(refusing);
                listener = rebind(&link, &address).await;
            }
            Pause::Hung => match listener.hang(link.shards.env(0)).await {
                Ok(hung) => {
                    until_port_is(&link, |state| state != PortState::Hung).await;
                    drop(hung);
                }
                Err(error) => {
                    let (name, why) = (&link.id.name, squall_wire::reason(&error));
                    tracing::error!("link {name}: cannot let connects hang: {why}");
                    until_port_is(&link, |state| state != PortState::Hung).await;
                }
            },
        }
    }
}

/// Accepts until the port is to do something else.
async fn receive(link: &Arc<Link>, listener: &Listener) -> Pause {
    let mut starved = 0;
    loop {
        let port = link.port();
        let pause = match port.state {
            PortState::Open => None,
            PortState::Closed => Some(Pause::Closed),
            PortState::Hung => Some(Pause::Hung),
        };
        if let Some(pause) = pause {
            port.count();
            return pause;
        }
        let accepted = tokio::select! {
            biased;
            () = changed(link, &port) => continue,
            accepted = listener.accept() => accepted,
        };
        let refused = listener.refused();
        link.starved.fetch_add(refused.saturating_sub(starved), Relaxed);
        starved = refused;
        // Clients of a unix socket are nobody in particular.
        let peer = (!listener.is_unix()).then_some(accepted.1);
        take_in(link, accepted.0, peer);
    }
}

/// Waits until the port may have to do something else than `port` says.
async fn changed(link: &Link, port: &PortPlan) {
    let replanned = link.replanned.notified();
    match port.until {
        None => replanned.await,
        Some(until) => {
            let ended = link.shards.env(0).sleep_until(until.as_nanos());
            tokio::select! {
                biased;
                () = replanned => {}
                () = ended => {}
            }
        }
    }
}

async fn until_port_is(link: &Link, enough: impl Fn(PortState) -> bool) {
    loop {
        let port = link.port();
        if enough(port.state) {
            return;
        }
        changed(link, &port).await;
    }
}

/// How long to wait before the port is asked for again, where somebody else has it.
const RETRY: Duration = Duration::from_millis(100);

/// The link's own port once more. Should somebody else have taken it, it is asked for until it is free.
async fn rebind(link: &Link, address: &Address) -> Listener {
    let env = link.shards.env(0);
    let mut told = false;
    loop {
        match env.listen_with(address, &link.options.tuning) {
            Ok(listener) => return listener,
            Err(error) => {
                if !std::mem::replace(&mut told, true) {
                    let (name, why) = (&link.id.name, squall_wire::reason(&error));
                    tracing::warn!("link {name}: cannot listen on {address} again: {why}; trying on");
                }
                env.sleep(RETRY).await;
            }
        }
    }
}

/// Numbers a client and hands it to its shard, unless it is to be turned away.
fn take_in(link: &Arc<Link>, incoming: Incoming, peer: Option<SocketAddr>) {
    let Some(live) = link.registry.admit(peer, link.options.max_connections) else {
        return turn_away(incoming);
    };
    let shard = live.number as usize;
    let env = link.shards.env(shard).clone();
    if link.options.accept_proxy {
        // Who the client is shows only once it has said so.
        link.shards.spawn(shard, serve_stated(link.clone(), env, live, incoming));
        return;
    }
    let welcome = link.welcome(&live);
    match welcome.entry {
        Entry::Accepted => {
            link.shards.spawn(shard, serve(link.clone(), env, live, incoming, welcome));
        }
        Entry::Reset => {
            link.registry.retire(&live, Outcome::Refused, 0);
            turn_away(incoming);
        }
        Entry::Closed => {
            link.registry.retire(&live, Outcome::Refused, 0);
            link.shards.spawn(shard, async move { send_off(&env, incoming).await });
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
