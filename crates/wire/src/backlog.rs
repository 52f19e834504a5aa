//! Connects that hang: a kernel listener whose backlog is kept full by connections of our own.
//!
//! Linux answers no SYN while the queue of connections that nobody has accepted is longer than the backlog, and the client
//! tries again later. A backlog of 0 is full with one.

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener as StdListener, TcpStream as StdStream};
use std::os::fd::AsFd;
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

use socket2::SockRef;
use tokio::net::TcpStream;

use crate::env::Env;
use crate::lock::lock;
use crate::tcp_listener::{BACKLOG, TcpListener};

/// How long a connect on this machine may take until it counts as hanging: far more than it needs where it does not.
const PATIENCE: Duration = Duration::from_millis(100);

/// Connections of our own before we give up filling a backlog of 0.
const MOST: usize = 16;

/// Our own connections to a listener, by the address they come from. Each stays until it has been accepted, so that no client
/// can be taken for it.
#[derive(Debug, Default)]
pub(crate) struct Fillers(Mutex<BTreeMap<SocketAddr, StdStream>>);

impl Fillers {
    /// Whether a connection from `peer` is one of ours; it ends here then.
    pub(crate) fn claim(&self, peer: SocketAddr) -> bool {
        lock(&self.0).remove(&peer).is_some()
    }

    fn add(&self, stream: StdStream) -> io::Result<()> {
        let addr = stream.local_addr()?;
        lock(&self.0).insert(addr, stream);
        Ok(())
    }
}

/// While it lives, nobody can connect to the listener.
#[derive(Debug)]
pub struct FullBacklog<'a>(&'a TcpListener);

impl Drop for FullBacklog<'_> {
    fn drop(&mut self) {
        // Fails for a bad socket only, and this one listens.
        let _ = set_backlog(self.0, BACKLOG);
    }
}

impl TcpListener {
    pub(crate) async fn hang(&self, env: &Env) -> io::Result<FullBacklog<'_>> {
        set_backlog(self, 0)?;
        let full = FullBacklog(self);
        let to = reachable(self.local_addr());
        for _ in 0..MOST {
            match env.timeout(PATIENCE, TcpStream::connect(to)).await {
                Some(stream) => self.fillers().add(stream?.into_std()?)?,
                None => return Ok(full),
            }
        }
        Err(io::ErrorKind::Unsupported.into())
    }
}

/// Whether this machine lets connects hang, tried once on a port of its own. Blocks for a tenth of a second the first time.
pub fn can_hang() -> bool {
    static KNOWN: OnceLock<bool> = OnceLock::new();
    *KNOWN.get_or_init(|| hangs().unwrap_or(false))
}

fn hangs() -> io::Result<bool> {
    let listener = StdListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    set_backlog(&listener, 0)?;
    let addr = listener.local_addr()?;
    let mut fillers = Vec::new();
    for _ in 0..MOST {
        match StdStream::connect_timeout(&addr, PATIENCE) {
            Ok(stream) => fillers.push(stream),
            Err(error) => return Ok(error.kind() == io::ErrorKind::TimedOut),
        }
    }
    Ok(false)
}

/// Changes the backlog of a socket that listens already.
fn set_backlog(listener: &impl AsFd, backlog: i32) -> io::Result<()> {
    SockRef::from(listener).listen(backlog)
}

/// An address by which a listener can be reached from this machine.
fn reachable(mut addr: SocketAddr) -> SocketAddr {
    if addr.ip().is_unspecified() {
        addr.set_ip(if addr.is_ipv4() { Ipv4Addr::LOCALHOST.into() } else { Ipv6Addr::LOCALHOST.into() });
    }
    addr
}
