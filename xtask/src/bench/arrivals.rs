//! How fast bytes arrive, timed from read to read: the edges of a window would count for more than the error looked for.

use crate::bench::sockets;
use socket2::SockRef;
use std::io::{self, ErrorKind, Read};
use std::net::{SocketAddr, TcpListener};
use std::time::{Duration, Instant};

/// Nothing for so long is the end.
const PATIENCE: Duration = Duration::from_secs(5);

/// A server for one connection.
pub(crate) struct Arriving(TcpListener);

pub(crate) fn listen(congestion: &str) -> io::Result<(SocketAddr, Arriving)> {
    let listener = sockets::listen(congestion)?;
    Ok((listener.local_addr()?, Arriving(listener)))
}

impl Arriving {
    /// Bytes per second from the first read after `warm` to the first one `span` later.
    pub(crate) fn rate(self, warm: Duration, span: Duration) -> io::Result<f64> {
        // Of a listener it limits the wait for a client.
        SockRef::from(&self.0).set_read_timeout(Some(PATIENCE))?;
        let (mut stream, _) = self.0.accept()?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let mut buffer = vec![0; 256 << 10];
        let opened = Instant::now();
        let mut first = None;
        let mut bytes = 0_u64;
        loop {
            let n = stream.read(&mut buffer)?;
            if n == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            let now = Instant::now();
            match first {
                None if now - opened >= warm => first = Some(now),
                None => {}
                Some(first) => {
                    bytes += n as u64;
                    if now - first >= span {
                        return Ok(bytes as f64 / (now - first).as_secs_f64());
                    }
                }
            }
        }
    }
}
