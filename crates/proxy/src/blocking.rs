//! For threads that may block: links in plain tests, and two sockets relayed until it is over.

use crate::bridge::{Bridged, bridge};
use crate::builder::ProxyBuilder;
use crate::error::ProxyError;
use crate::metrics::{Bytes, Metrics};
use std::io;
use std::net::{Shutdown, TcpStream};
use std::ops::Deref;
use std::time::Duration;

/// A running link whose methods block where those of [`crate::Proxy`] are to be awaited. It works on threads of its own, so
/// that blocking stops nothing. Dropping it closes the port and every connection.
#[derive(Debug)]
pub struct Proxy(crate::Proxy);

impl ProxyBuilder {
    /// As [`ProxyBuilder::start`], for a thread that may block.
    ///
    /// ```
    /// use squall_proxy::Proxy;
    /// use std::io::{Read, Write};
    /// use std::net::{TcpListener, TcpStream};
    ///
    /// let server = TcpListener::bind("127.0.0.1:0")?;
    /// let proxy = Proxy::tcp(server.local_addr()?).start_blocking()?;
    /// let mut client = TcpStream::connect(proxy.addr())?;
    /// client.write_all(b"ping")?;
    ///
    /// let mut heard = [0; 4];
    /// server.accept()?.0.read_exact(&mut heard)?;
    /// assert_eq!(&heard, b"ping");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As there.
    pub fn start_blocking(self) -> Result<Proxy, ProxyError> {
        pollster::block_on(self.start()).map(Proxy)
    }
}

impl Proxy {
    /// As [`crate::Proxy::cut`].
    pub fn cut(&self) {
        pollster::block_on(self.0.cut());
    }

    /// As [`crate::Proxy::restore`].
    ///
    /// # Errors
    /// As there.
    pub fn restore(&self) -> Result<(), ProxyError> {
        pollster::block_on(self.0.restore())
    }

    /// As [`crate::Proxy::idle`].
    pub fn idle(&self) {
        pollster::block_on(self.0.idle());
    }

    /// As [`crate::Proxy::drain`].
    pub fn drain(&self, grace: Duration) {
        pollster::block_on(self.0.drain(grace));
    }

    /// As [`crate::Proxy::stop`].
    pub fn stop(self, grace: Duration) -> Metrics {
        pollster::block_on(self.0.stop(grace))
    }
}

/// Everything that needs no waiting.
impl Deref for Proxy {
    type Target = crate::Proxy;

    fn deref(&self) -> &crate::Proxy {
        &self.0
    }
}

/// Relays between two connected sockets, and blocks until it is over: until either side closes, breaks, or no byte has moved
/// either way for `keep_alive_delay_seconds`, which is looked at every `rate_check_seconds`. Less than 1 second between looks
/// counts as 1, less than 2 of idleness as 2. What the side that closed had sent is delivered first. Then both sockets are
/// shut down, also for whoever has clones of them, and the bytes that were delivered are returned: up is from `a` to `b`.
///
/// The sockets are non-blocking from then on, and so are their clones.
///
/// # Errors
/// Where a socket cannot be used at all, or no thread can be started. How the connections end is no error.
pub fn connect(
    a: TcpStream,
    b: TcpStream,
    rate_check_seconds: u64,
    keep_alive_delay_seconds: u64,
) -> io::Result<Bytes> {
    let sockets = [a.try_clone()?, b.try_clone()?];
    let bridge = bridge(a, b)
        .idle_timeout(Duration::from_secs(keep_alive_delay_seconds.max(2)))
        .idle_check(Duration::from_secs(rate_check_seconds.max(1)))
        .until_either_ends();
    let bridged = pollster::block_on(bridge.run());
    for socket in &sockets {
        // One that is gone already needs no ending.
        let _ = socket.shutdown(Shutdown::Both);
    }
    bridged.map(|Bridged { bytes, .. }| bytes).map_err(|error| match error {
        ProxyError::BridgeEnd { source, .. } | ProxyError::Shards(source) => source,
        other => io::Error::other(other),
    })
}
