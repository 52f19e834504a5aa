//! Datagram sockets of a virtual world: delivery is instant and in order, and what finds no room is lost.

use std::collections::VecDeque;
use std::collections::btree_map::{BTreeMap, Entry};
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use crate::datagrams::LARGEST;
use crate::lock::lock;
use crate::net::{Net, find, next_port, overlap, source};
use crate::pipe::wait;

/// What waits to be received by one socket, at most, in bytes with [`OVERHEAD`].
const CAPACITY: usize = 4 << 20;

/// Counted for each datagram beside its payload, as kernels do: empty ones take room too.
const OVERHEAD: usize = 256;

/// Datagrams handed out at a time.
const BATCH: usize = 32;

/// Who is bound where.
#[derive(Debug, Default)]
pub(crate) struct Bound {
    /// By port, and there by address.
    inboxes: BTreeMap<u16, BTreeMap<SocketAddr, Arc<Mutex<Inbox>>>>,
    /// The port given out last.
    last: u16,
}

/// What waits to be received.
#[derive(Debug, Default)]
struct Inbox {
    queue: VecDeque<(SocketAddr, Box<[u8]>)>,
    /// Of [`CAPACITY`].
    held: usize,
    dropped: u64,
    reader: Option<Waker>,
}

impl Inbox {
    fn push(&mut self, from: SocketAddr, payload: &[u8]) {
        let size = payload.len() + OVERHEAD;
        if self.held + size > CAPACITY {
            self.dropped += 1;
            return;
        }
        self.held += size;
        self.queue.push_back((from, payload.into()));
    }

    fn take(&mut self) -> Vec<(SocketAddr, Box<[u8]>)> {
        let batch: Vec<_> = self.queue.drain(..self.queue.len().min(BATCH)).collect();
        self.held -= batch.iter().map(|(_, payload)| payload.len() + OVERHEAD).sum::<usize>();
        batch
    }
}

impl Net {
    /// Binds a datagram socket to `addr`, where port 0 stands for any free one.
    pub(crate) fn bind(self: &Arc<Self>, mut addr: SocketAddr) -> io::Result<MemDatagrams> {
        let mut bound = lock(&self.datagrams);
        if addr.port() == 0 {
            bound.last = next_port(bound.last, |port| bound.inboxes.contains_key(&port))?;
            addr.set_port(bound.last);
        }
        let neighbours = bound.inboxes.entry(addr.port()).or_default();
        if neighbours.keys().any(|other| overlap(addr, *other)) {
            return Err(ErrorKind::AddrInUse.into());
        }
        let inbox = Arc::<Mutex<Inbox>>::default();
        neighbours.insert(addr, inbox.clone());
        Ok(MemDatagrams { addr, net: self.clone(), inbox })
    }
}

/// A datagram socket of a virtual world. Up to 4 MiB wait to be received, counting 256 bytes more than its
/// payload for each datagram; what comes on top is lost.
#[derive(Debug)]
pub struct MemDatagrams {
    addr: SocketAddr,
    net: Arc<Net>,
    inbox: Arc<Mutex<Inbox>>,
}

impl MemDatagrams {
    pub(crate) fn local_addr(&self) -> SocketAddr {
        self.addr
    }

    pub(crate) fn dropped(&self) -> u64 {
        lock(&self.inbox).dropped
    }

    pub(crate) fn poll_recv(
        &self,
        cx: &Context<'_>,
        each: &mut dyn FnMut(SocketAddr, &[u8]),
    ) -> Poll<io::Result<usize>> {
        let mut inbox = lock(&self.inbox);
        let batch = inbox.take();
        if batch.is_empty() {
            return wait(&mut inbox.reader, cx);
        }
        // Whoever is handed a datagram may send one here at once.
        drop(inbox);
        batch.iter().for_each(|(from, payload)| each(*from, payload));
        Poll::Ready(Ok(batch.len()))
    }

    /// Never has to wait: what finds no room is lost at its destination.
    pub(crate) fn send(&self, to: SocketAddr, datagrams: &[&[u8]]) -> io::Result<usize> {
        if to.is_ipv4() != self.addr.is_ipv4() {
            let what = "address family not supported by this socket";
            return Err(io::Error::new(ErrorKind::InvalidInput, what));
        }
        let fitting = datagrams.iter().take_while(|payload| payload.len() <= LARGEST).count();
        if fitting == 0 {
            return Err(io::Error::new(ErrorKind::InvalidInput, "message too long"));
        }
        let bound = lock(&self.net.datagrams);
        let inbox = bound.inboxes.get(&to.port()).and_then(|inboxes| find(inboxes, to)).cloned();
        drop(bound);
        if let Some(inbox) = inbox {
            let mut inbox = lock(&inbox);
            datagrams[..fitting].iter().for_each(|payload| inbox.push(self.source(), payload));
            let reader = inbox.reader.take();
            drop(inbox);
            reader.into_iter().for_each(Waker::wake);
        }
        Ok(fitting)
    }

    /// Where datagrams from here come from, as their receiver sees it.
    fn source(&self) -> SocketAddr {
        match self.addr.ip().is_unspecified() {
            true => SocketAddr::new(source(self.addr), self.addr.port()),
            false => self.addr,
        }
    }
}

impl Drop for MemDatagrams {
    fn drop(&mut self) {
        let mut bound = lock(&self.net.datagrams);
        if let Entry::Occupied(mut neighbours) = bound.inboxes.entry(self.addr.port()) {
            neighbours.get_mut().remove(&self.addr);
            if neighbours.get().is_empty() {
                neighbours.remove();
            }
        }
    }
}
