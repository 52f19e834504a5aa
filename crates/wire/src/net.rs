//! The network of a virtual world: who listens where, and which ports are taken.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex};

use tokio::sync::{Mutex as AsyncMutex, Notify, mpsc};

use crate::lock::lock;
use crate::mem::{MemStream, pair};
use crate::mem_datagrams::Bound;

/// Connections that wait to be accepted, before the next dial has to wait.
const BACKLOG: usize = 4096;

/// The first port that is given out; the last is 65535. Ports are given out in rising order, so that the same
/// program sees the same ports.
const FIRST_PORT: u16 = 32_768;

#[derive(Debug, Default)]
pub(crate) struct Net {
    state: Mutex<State>,
    /// Datagram sockets, whose ports are numbered apart from the ones here.
    pub(crate) datagrams: Mutex<Bound>,
}

#[derive(Debug, Default)]
struct State {
    listeners: BTreeMap<SocketAddr, Door>,
    /// Ports of listeners that asked for any, and of connecting ends. Shared by all addresses.
    taken: BTreeSet<u16>,
    last: u16,
}

/// Where connects to a listener arrive.
#[derive(Debug, Clone)]
struct Door {
    queue: mpsc::Sender<MemStream>,
    /// Whether they are kept waiting.
    hang: Arc<Hang>,
}

/// Keeps those who connect waiting, and lets them in one after the other, in the order in which they came.
#[derive(Debug, Default)]
struct Hang {
    on: AtomicBool,
    over: Notify,
}

impl Hang {
    fn end(&self) {
        self.on.store(false, Relaxed);
        self.over.notify_waiters();
    }

    async fn passed(&self) {
        loop {
            let over = self.over.notified();
            if !self.on.load(Relaxed) {
                return;
            }
            over.await;
        }
    }
}

/// A port that belongs to one socket until this is dropped.
#[derive(Debug)]
pub(crate) struct Port {
    number: u16,
    net: Arc<Net>,
}

impl Drop for Port {
    fn drop(&mut self) {
        lock(&self.net.state).taken.remove(&self.number);
    }
}

impl Net {
    /// Listens on `addr`, where port 0 stands for any free one.
    pub(crate) fn listen(self: &Arc<Self>, mut addr: SocketAddr) -> io::Result<MemListener> {
        let port = if addr.port() == 0 { Some(self.take_port()?) } else { None };
        if let Some(port) = &port {
            addr.set_port(port.number);
        }
        let mut state = lock(&self.state);
        let overlaps = state.listeners.keys().any(|other| overlap(addr, *other));
        if overlaps || (port.is_none() && state.taken.contains(&addr.port())) {
            return Err(ErrorKind::AddrInUse.into());
        }
        let (sender, queue) = mpsc::channel(BACKLOG);
        let hang = Arc::new(Hang::default());
        state.listeners.insert(addr, Door { queue: sender, hang: hang.clone() });
        Ok(MemListener { addr, net: self.clone(), queue: AsyncMutex::new(queue), hang, _port: port })
    }

    /// The next free port.
    pub(crate) fn take_port(self: &Arc<Self>) -> io::Result<Port> {
        let mut state = lock(&self.state);
        let number = next_port(state.last, |port| {
            state.taken.contains(&port) || state.listeners.keys().any(|addr| addr.port() == port)
        })?;
        state.last = number;
        state.taken.insert(number);
        Ok(Port { number, net: self.clone() })
    }

    /// Connects `port`, known as `near`, to whoever listens at `to`; waits while its backlog is full.
    pub(crate) async fn connect(
        &self,
        port: Port,
        near: SocketAddr,
        to: SocketAddr,
    ) -> io::Result<MemStream> {
        let door = self.listener(to).ok_or(ErrorKind::ConnectionRefused)?;
        door.hang.passed().await;
        let place = door.queue.reserve().await.map_err(|_| ErrorKind::ConnectionRefused)?;
        let (connecting, accepted) = pair(port, near, to);
        place.send(accepted);
        Ok(connecting)
    }

    fn listener(&self, to: SocketAddr) -> Option<Door> {
        find(&lock(&self.state).listeners, to).cloned()
    }
}

/// Whether sockets at `one` and at `other` would both be meant by some address.
pub(crate) fn overlap(one: SocketAddr, other: SocketAddr) -> bool {
    let either_any = one.ip().is_unspecified() || other.ip().is_unspecified();
    one.port() == other.port() && (one.ip() == other.ip() || (either_any && one.is_ipv4() == other.is_ipv4()))
}

/// The first port after `last` that is not taken, beginning anew behind the last of all.
pub(crate) fn next_port(last: u16, taken: impl Fn(u16) -> bool) -> io::Result<u16> {
    let after = last.checked_add(1).unwrap_or(0).max(FIRST_PORT);
    let mut free = (after..=u16::MAX).chain(FIRST_PORT..after).filter(|port| !taken(*port));
    free.next().ok_or_else(|| ErrorKind::AddrNotAvailable.into())
}

/// Who is meant by `to`: the socket at this very address, or else the one at any address.
pub(crate) fn find<T>(sockets: &BTreeMap<SocketAddr, T>, to: SocketAddr) -> Option<&T> {
    let any: IpAddr = match to {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    sockets.get(&to).or_else(|| sockets.get(&SocketAddr::new(any, to.port())))
}

/// The address a connection to `to` comes from: the loopback one of its family.
pub(crate) fn source(to: SocketAddr) -> IpAddr {
    if to.is_ipv4() { Ipv4Addr::LOCALHOST.into() } else { Ipv6Addr::LOCALHOST.into() }
}

impl Port {
    pub(crate) fn number(&self) -> u16 {
        self.number
    }

    pub(crate) fn net(&self) -> Arc<Net> {
        self.net.clone()
    }
}

/// A listener of a virtual world. Dropping it resets the connections nobody accepted.
#[derive(Debug)]
pub struct MemListener {
    addr: SocketAddr,
    net: Arc<Net>,
    queue: AsyncMutex<mpsc::Receiver<MemStream>>,
    hang: Arc<Hang>,
    _port: Option<Port>,
}

/// While it lives, nobody can connect to the listener.
#[derive(Debug)]
pub struct MemHung<'a>(&'a Hang);

impl Drop for MemHung<'_> {
    fn drop(&mut self) {
        self.0.end();
    }
}

impl MemListener {
    pub(crate) fn local_addr(&self) -> SocketAddr {
        self.addr
    }

    pub(crate) fn hang(&self) -> MemHung<'_> {
        self.hang.on.store(true, Relaxed);
        MemHung(&self.hang)
    }

    pub(crate) async fn accept(&self) -> (MemStream, SocketAddr) {
        match self.queue.lock().await.recv().await {
            Some(stream) => {
                let peer = stream.peer_addr();
                (stream, peer)
            }
            // The network keeps a sender until this listener is dropped.
            None => std::future::pending().await,
        }
    }
}

impl Drop for MemListener {
    fn drop(&mut self) {
        lock(&self.net.state).listeners.remove(&self.addr);
        self.hang.end();
        let queue = self.queue.get_mut();
        queue.close();
        while let Ok(stream) = queue.try_recv() {
            stream.abort();
        }
    }
}
