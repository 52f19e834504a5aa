//! Servers behind a balancer: they count whom they get, and fail when they are told to.

use crate::bench::balancing::PROBE;
use crate::bench::sockets;
use socket2::SockRef;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Answers probes, and sends back what clients send, on several threads.
pub(crate) struct Member {
    pub(crate) addr: SocketAddr,
    listener: TcpListener,
    known: Arc<Known>,
    threads: Vec<JoinHandle<()>>,
}

/// What its threads share.
struct Known {
    began: Instant,
    failing: AtomicBool,
    clients: AtomicU64,
    /// When the last client's request came, in nanoseconds since it began.
    last: AtomicU64,
}

impl Member {
    pub(crate) fn start(congestion: &str, threads: usize) -> io::Result<Member> {
        let listener = sockets::listen(congestion)?;
        let addr = listener.local_addr()?;
        let known = Arc::new(Known {
            began: Instant::now(),
            failing: AtomicBool::new(false),
            clients: AtomicU64::new(0),
            last: AtomicU64::new(0),
        });
        let start = |_| {
            let (listener, known) = (listener.try_clone()?, known.clone());
            Ok(thread::spawn(move || {
                while let Ok((client, _)) = listener.accept() {
                    // Who breaks off has got what it wanted.
                    let _ = known.serve(client);
                }
            }))
        };
        let threads = (0..threads).map(start).collect::<io::Result<_>>()?;
        Ok(Member { addr, listener, known, threads })
    }

    /// Has it reset every connection at its first byte, probes too, or not any longer.
    pub(crate) fn fail(&self, failing: bool) {
        self.known.failing.store(failing, Relaxed);
    }

    /// Clients so far that have sent something.
    pub(crate) fn clients(&self) -> u64 {
        self.known.clients.load(Relaxed)
    }

    /// When the last of them did.
    pub(crate) fn last(&self) -> Instant {
        self.known.began + Duration::from_nanos(self.known.last.load(Relaxed))
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        // Who waits for a client waits no longer.
        let _ = rustix::net::shutdown(&self.listener, rustix::net::Shutdown::Both);
        self.threads.drain(..).for_each(|thread| drop(thread.join()));
    }
}

impl Known {
    fn serve(&self, mut client: TcpStream) -> io::Result<()> {
        client.set_nodelay(true)?;
        let mut buffer = [0; 4096];
        let mut n = client.read(&mut buffer)?;
        let is_probe = buffer.first() == Some(&PROBE.0);
        if n > 0 && !is_probe {
            self.last.store(u64::try_from(self.began.elapsed().as_nanos()).unwrap_or(u64::MAX), Relaxed);
            self.clients.fetch_add(1, Relaxed);
        }
        if self.failing.load(Relaxed) {
            return SockRef::from(&client).set_linger(Some(Duration::ZERO));
        }
        if is_probe {
            return client.write_all(&[PROBE.1]);
        }
        while n > 0 {
            client.write_all(&buffer[..n])?;
            n = client.read(&mut buffer)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_counts_clients_and_fails_on_demand() {
        let member = Member::start("cubic", 1).unwrap();
        let ask = |byte: u8| {
            let mut client = sockets::connect(member.addr, "cubic")?;
            client.write_all(&[byte])?;
            let mut got = [0];
            client.read_exact(&mut got).map(|()| got[0])
        };
        let before = Instant::now();
        assert_eq!((ask(7).unwrap(), ask(PROBE.0).unwrap()), (7, PROBE.1));
        assert_eq!(member.clients(), 1);
        assert!(member.last() >= before);
        member.fail(true);
        ask(PROBE.0).unwrap_err();
        ask(7).unwrap_err();
        assert_eq!(member.clients(), 2);
        member.fail(false);
        assert_eq!(ask(7).unwrap(), 7);
    }
}
