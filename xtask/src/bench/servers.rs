//! The servers of a run, on threads of this process: the same for everybody who is compared.

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::thread::{self, JoinHandle};

use crate::bench::sockets;

/// Read at once from bulk.
const BULK: usize = 256 << 10;

/// How long a server that waits for requests goes on when it is to stop.
const LOOK: Timespec = Timespec { tv_sec: 0, tv_nsec: 20_000_000 };

/// Takes all that comes and throws it away. Its threads end with their connections; those without any, when it is dropped.
pub(crate) struct Sink {
    pub(crate) addr: SocketAddr,
    listener: TcpListener,
    received: Arc<AtomicU64>,
}

impl Sink {
    /// For so many connections.
    pub(crate) fn start(congestion: &str, connections: usize) -> io::Result<Sink> {
        let listener = sockets::listen(congestion)?;
        let addr = listener.local_addr()?;
        let received = Arc::new(AtomicU64::new(0));
        for _ in 0..connections {
            let (listener, received) = (listener.try_clone()?, received.clone());
            thread::spawn(move || {
                let Ok((mut stream, _)) = listener.accept() else { return };
                let mut buffer = vec![0; BULK];
                while let Ok(n @ 1..) = stream.read(&mut buffer) {
                    received.fetch_add(n as u64, Relaxed);
                }
            });
        }
        Ok(Sink { addr, listener, received })
    }

    /// Bytes so far.
    pub(crate) fn received(&self) -> u64 {
        self.received.load(Relaxed)
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        let _ = rustix::net::shutdown(&self.listener, rustix::net::Shutdown::Both);
    }
}

/// Sends back what it gets, on one thread.
pub(crate) struct Echo {
    pub(crate) addr: SocketAddr,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Echo {
    pub(crate) fn start(congestion: &str) -> io::Result<Echo> {
        let listener = sockets::listen(congestion)?;
        let (addr, stop) = (listener.local_addr()?, Arc::new(AtomicBool::new(false)));
        let stopped = stop.clone();
        let thread = thread::spawn(move || echo(&listener, &stopped));
        Ok(Echo { addr, stop, thread: Some(thread) })
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        self.stop.store(true, Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn echo(listener: &TcpListener, stop: &AtomicBool) {
    let mut clients: Vec<TcpStream> = Vec::new();
    let mut buffer = vec![0; 16 << 10];
    while !stop.load(Relaxed) {
        let mut fds = vec![PollFd::new(listener, PollFlags::IN)];
        fds.extend(clients.iter().map(|client| PollFd::new(client, PollFlags::IN)));
        if poll(&mut fds, Some(&LOOK)).is_err() {
            continue;
        }
        let ready: Vec<bool> = fds.iter().map(|fd| !fd.revents().is_empty()).collect();
        drop(fds);
        let mut turn = ready.iter().skip(1);
        clients.retain_mut(|client| !turn.next().is_some_and(|ready| *ready) || answer(client, &mut buffer));
        if ready.first() == Some(&true)
            && let Ok((client, _)) = listener.accept()
        {
            let _ = client.set_nodelay(true);
            clients.push(client);
        }
    }
}

/// Sends back what is there; false where the client is gone.
fn answer(client: &mut TcpStream, buffer: &mut [u8]) -> bool {
    match client.read(buffer) {
        Ok(n @ 1..) => client.write_all(&buffer[..n]).is_ok(),
        _ => false,
    }
}

/// Answers one connection after another on each of many threads.
pub(crate) struct Answering {
    pub(crate) addr: SocketAddr,
    listener: TcpListener,
    threads: Vec<JoinHandle<()>>,
}

impl Answering {
    pub(crate) fn start(congestion: &str, threads: usize) -> io::Result<Answering> {
        let listener = sockets::listen(congestion)?;
        let addr = listener.local_addr()?;
        let serve = |listener: TcpListener| {
            let mut buffer = [0; 4096];
            while let Ok((mut client, _)) = listener.accept() {
                let _ = client.set_nodelay(true);
                while answer(&mut client, &mut buffer) {}
            }
        };
        let start = |_| listener.try_clone().map(|listener| thread::spawn(move || serve(listener)));
        let threads = (0..threads).map(start).collect::<io::Result<_>>()?;
        Ok(Answering { addr, listener, threads })
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        // Who waits for a client waits no longer.
        let _ = rustix::net::shutdown(&self.listener, rustix::net::Shutdown::Both);
        self.threads.drain(..).for_each(|thread| drop(thread.join()));
    }
}

/// Accepts and keeps connections without reading from them.
pub(crate) struct Holder {
    pub(crate) addr: SocketAddr,
    listener: TcpListener,
    accepted: Arc<AtomicUsize>,
    thread: Option<JoinHandle<()>>,
}

impl Holder {
    pub(crate) fn start(congestion: &str) -> io::Result<Holder> {
        let listener = sockets::listen(congestion)?;
        let (addr, accepted) = (listener.local_addr()?, Arc::new(AtomicUsize::new(0)));
        let (accepting, count) = (listener.try_clone()?, accepted.clone());
        let thread = thread::spawn(move || {
            let mut kept = Vec::new();
            while let Ok((client, _)) = accepting.accept() {
                kept.push(client);
                count.fetch_add(1, Relaxed);
            }
            for client in kept {
                let _ = client.shutdown(Shutdown::Both);
            }
        });
        Ok(Holder { addr, listener, accepted, thread: Some(thread) })
    }

    /// Connections so far.
    pub(crate) fn accepted(&self) -> usize {
        self.accepted.load(Relaxed)
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        let _ = rustix::net::shutdown(&self.listener, rustix::net::Shutdown::Both);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_server_does_its_part_and_ends() {
        let sink = Sink::start("cubic", 1).unwrap();
        sockets::connect(sink.addr, "cubic").unwrap().write_all(&[0; 1000]).unwrap();
        while sink.received() < 1000 {
            thread::yield_now();
        }
        let (echo, answering) = (Echo::start("cubic").unwrap(), Answering::start("cubic", 2).unwrap());
        for addr in [echo.addr, answering.addr] {
            let mut client = sockets::connect(addr, "cubic").unwrap();
            client.write_all(b"ping").unwrap();
            let mut got = [0; 4];
            client.read_exact(&mut got).unwrap();
            assert_eq!(&got, b"ping");
        }
        let holder = Holder::start("cubic").unwrap();
        let client = sockets::connect(holder.addr, "cubic").unwrap();
        while holder.accepted() < 1 {
            thread::yield_now();
        }
        drop((echo, answering, holder, client));
    }
}
