//! Who connected, as events and lines of the console name it.

use std::fmt;
use std::net::SocketAddr;

/// A client of a server or a link. It is shown by its address, or, where it has none, by its number: `unix#3`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Client {
    /// The place of its connection in accept order, from 1; 0 for datagrams of an echo server.
    pub number: u64,
    /// Its address; clients of a unix socket have none.
    pub addr: Option<SocketAddr>,
}

impl fmt::Display for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.addr {
            Some(addr) => addr.fmt(f),
            None => write!(f, "unix#{}", self.number),
        }
    }
}
