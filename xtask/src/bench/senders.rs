//! Clients that send as fast as they are let.

use crate::bench::sockets;
use std::io::{self, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::thread::{self, JoinHandle};

/// Written at once.
const CHUNK: usize = 256 << 10;

/// Bulk on several connections until it is dropped.
pub(crate) struct Senders {
    streams: Vec<TcpStream>,
    threads: Vec<JoinHandle<()>>,
}

impl Senders {
    pub(crate) fn start(to: SocketAddr, congestion: &str, connections: usize) -> io::Result<Senders> {
        let mut senders = Senders { streams: Vec::new(), threads: Vec::new() };
        for _ in 0..connections {
            let mut stream = sockets::connect(to, congestion)?;
            senders.streams.push(stream.try_clone()?);
            let chunk = vec![0x5a; CHUNK];
            senders.threads.push(thread::spawn(move || while stream.write_all(&chunk).is_ok() {}));
        }
        Ok(senders)
    }
}

impl Drop for Senders {
    fn drop(&mut self) {
        for stream in &self.streams {
            // Who is gone already needs no end. Nothing can be written from here on.
            let _ = stream.shutdown(Shutdown::Both);
        }
        self.threads.drain(..).for_each(|thread| drop(thread.join()));
    }
}
