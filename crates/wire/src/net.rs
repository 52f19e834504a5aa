//! The network of a virtual world: who listens where, and which ports are taken.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use tokio::sync::{Mutex as AsyncMutex, mpsc};

use crate::lock::lock;
use crate::mem::{MemStream, pair};

/// Connections that wait to be accepted, before the next dial has to wait.
const BACKLOG: usize = 4096;

/// The first port that is given out; the last is 65535. Ports are given out in rising order, so that the same
/// program sees the same ports.
const FIRST_PORT: u16 = 32_768;

#[derive(Debug, Default)]
pub(crate) struct Net {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    listeners: BTreeMap<SocketAddr, mpsc::Sender<MemStream>>,
    /// Ports of listeners that asked for any, and of connecting ends. Shared by all addresses.
    taken: BTreeSet<u16>,
    last: u16,
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
        let overlaps = |other: &SocketAddr| {
            let either_any = addr.ip().is_unspecified() || other.ip().is_unspecified();
            other.port() == addr.port()
                && (other.ip() == addr.ip() || (either_any && other.is_ipv4() == addr.is_ipv4()))
        };
        if state.listeners.keys().any(overlaps) || (port.is_none() && state.taken.contains(&addr.port())) {
            return Err(ErrorKind::AddrInUse.into());
        }
        let (sender, queue) = mpsc::channel(BACKLOG);
        state.listeners.insert(addr, sender);
        Ok(MemListener { addr, net: self.clone(), queue: AsyncMutex::new(queue), _port: port })
    }

    /// The next free port.
    pub(crate) fn take_port(self: &Arc<Self>) -> io::Result<Port> {
        let mut state = lock(&self.state);
        let after = state.last.checked_add(1).unwrap_or(0).max(FIRST_PORT);
        let number = (after..=u16::MAX)
            .chain(FIRST_PORT..after)
            .find(|port| {
                !state.taken.contains(port) && !state.listeners.keys().any(|addr| addr.port() == *port)
            })
            .ok_or(ErrorKind::AddrNotAvailable)?;
        state.last = number;
        state.taken.insert(number);
        Ok(Port { number, net: self.clone() })
    }

    /// Connects `port` to whoever listens at `to`; waits while its backlog is full.
    pub(crate) async fn connect(&self, port: Port, to: SocketAddr) -> io::Result<MemStream> {
        let sender = self.listener(to).ok_or(ErrorKind::ConnectionRefused)?;
        let place = sender.reserve().await.map_err(|_| ErrorKind::ConnectionRefused)?;
        let near = SocketAddr::new(source(to), port.number);
        let (connecting, accepted) = pair(port, near, to);
        place.send(accepted);
        Ok(connecting)
    }

    fn listener(&self, to: SocketAddr) -> Option<mpsc::Sender<MemStream>> {
        let state = lock(&self.state);
        let any = SocketAddr::new(if to.is_ipv4() { ANY_V4 } else { ANY_V6 }, to.port());
        state.listeners.get(&to).or_else(|| state.listeners.get(&any)).cloned()
    }
}

const ANY_V4: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
const ANY_V6: IpAddr = IpAddr::V6(Ipv6Addr::UNSPECIFIED);

/// The address a connection to `to` comes from.
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
    _port: Option<Port>,
}

impl MemListener {
    pub(crate) fn local_addr(&self) -> SocketAddr {
        self.addr
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
        let queue = self.queue.get_mut();
        queue.close();
        while let Ok(stream) = queue.try_recv() {
            stream.abort();
        }
    }
}
