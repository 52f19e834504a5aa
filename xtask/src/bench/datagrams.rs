//! A client and a server of datagrams that move many with one system call, so that the relay between them is what is measured.

use crate::bench::sockets;
use quinn_udp::{BATCH_SIZE, RecvMeta, Transmit, UdpSocketState};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::io::{self, ErrorKind, IoSliceMut};
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// The payload of each.
const SIZE: usize = 1200;

/// Sent together.
const TOGETHER: usize = 16;

/// Room for as many as the kernel hands over together.
const SLOT: usize = 64 << 10;

/// With nothing for so long, all has arrived that will.
const QUIET: Duration = Duration::from_millis(200);

/// Counts what arrives.
pub(crate) struct Counter {
    pub(crate) addr: SocketAddr,
    count: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Counter {
    pub(crate) fn start() -> io::Result<Counter> {
        let socket = sockets::datagrams()?;
        let state = UdpSocketState::new((&socket).into())?;
        let addr = socket.local_addr()?;
        let (count, stop) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        let (counted, stopped) = (count.clone(), stop.clone());
        let thread = thread::spawn(move || receive(&socket, &state, &counted, &stopped));
        Ok(Counter { addr, count, stop, thread: Some(thread) })
    }

    /// How many have arrived, once no more do.
    pub(crate) fn settle(&self) -> u64 {
        loop {
            let before = self.count.load(Relaxed);
            thread::sleep(QUIET);
            if self.count.load(Relaxed) == before {
                return before;
            }
        }
    }
}

impl Drop for Counter {
    fn drop(&mut self) {
        self.stop.store(true, Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn receive(socket: &UdpSocket, state: &UdpSocketState, count: &AtomicU64, stop: &AtomicBool) {
    let mut buffers = vec![vec![0; SLOT]; BATCH_SIZE];
    let mut metas = [RecvMeta::default(); BATCH_SIZE];
    let wait = Timespec { tv_sec: 0, tv_nsec: 20_000_000 };
    while !stop.load(Relaxed) {
        let mut slots: Vec<_> = buffers.iter_mut().map(|buffer| IoSliceMut::new(buffer)).collect();
        match state.recv(socket.into(), &mut slots, &mut metas) {
            Ok(filled) => {
                let datagrams = metas[..filled].iter().map(|meta| meta.len.div_ceil(meta.stride.max(1)));
                count.fetch_add(datagrams.sum::<usize>() as u64, Relaxed);
            }
            Err(_) => drop(poll(&mut [PollFd::new(socket, PollFlags::IN)], Some(&wait))),
        }
    }
}

/// What a client has sent.
pub(crate) struct Offered {
    pub(crate) datagrams: u64,
    pub(crate) took: Duration,
}

/// Sends `rate` datagrams per second for as long as `span`. What the client's own socket does not take is not offered.
pub(crate) fn offer(to: SocketAddr, rate: u64, span: Duration) -> io::Result<Offered> {
    let socket = sockets::datagrams()?;
    let state = UdpSocketState::new((&socket).into())?;
    let together = TOGETHER.min(state.max_gso_segments());
    let contents = vec![0x5a; SIZE * together];
    let transmit =
        Transmit { destination: to, ecn: None, contents: &contents, segment_size: Some(SIZE), src_ip: None };
    let began = Instant::now();
    let mut datagrams = 0;
    while began.elapsed() < span {
        let due = Duration::from_nanos(datagrams * 1_000_000_000 / rate);
        match due.checked_sub(began.elapsed()) {
            // The scheduler is asked only for what it can do.
            Some(early) if early > Duration::from_micros(100) => thread::sleep(early / 2),
            Some(_) => std::hint::spin_loop(),
            None => match state.try_send((&socket).into(), &transmit) {
                Ok(()) => datagrams += together as u64,
                Err(error) if error.kind() == ErrorKind::WouldBlock => thread::yield_now(),
                Err(error) => return Err(error),
            },
        }
    }
    Ok(Offered { datagrams, took: began.elapsed() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_offered_gently_arrives_and_is_counted() {
        let counter = Counter::start().unwrap();
        let offered = offer(counter.addr, 10_000, Duration::from_millis(20)).unwrap();
        assert!(offered.datagrams >= TOGETHER as u64 || offered.datagrams > 0);
        assert_eq!(counter.settle(), offered.datagrams);
    }
}
