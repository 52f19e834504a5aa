//! A connection in the making whose local address is already known.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::sync::Arc;

use tokio::net::TcpSocket;

use crate::net::{Net, Port, source};
use crate::stream::Stream;

/// A local port that is about to be connected. Dropping it gives the port back.
#[derive(Debug)]
pub struct Dialer {
    local: SocketAddr,
    to: SocketAddr,
    from: From,
}

#[derive(Debug)]
enum From {
    Tcp(TcpSocket),
    Mem(Port),
}

impl Dialer {
    /// From the address `from`, or else from the one that the kernel would choose.
    pub(crate) fn tcp(to: SocketAddr, from: Option<IpAddr>) -> io::Result<Self> {
        let socket = if to.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        socket.bind(from.map_or_else(|| route(to), |ip| Ok(SocketAddr::new(ip, 0)))?)?;
        socket.set_nodelay(true)?;
        Ok(Self { local: socket.local_addr()?, to, from: From::Tcp(socket) })
    }

    pub(crate) fn mem(net: &Arc<Net>, to: SocketAddr, from: Option<IpAddr>) -> io::Result<Self> {
        let port = net.take_port()?;
        let local = SocketAddr::new(from.unwrap_or_else(|| source(to)), port.number());
        Ok(Self { local, to, from: From::Mem(port) })
    }

    /// The address the other side will see (unless something in between translates it).
    pub fn local_addr(&self) -> SocketAddr {
        self.local
    }

    /// Connects, without Nagle's delay. Must run on a shard's task. Dropping the future gives up and closes.
    ///
    /// # Errors
    /// Those of `connect`, unadorned.
    pub async fn connect(self) -> io::Result<Stream> {
        match self.from {
            From::Tcp(socket) => socket.connect(self.to).await.map(Stream::Tcp),
            From::Mem(port) => port.net().connect(port, self.local, self.to).await.map(Stream::Mem),
        }
    }
}

/// The local address from which the kernel would reach `to`, with port 0. Connecting a datagram socket asks
/// the routing table and sends nothing.
fn route(to: SocketAddr) -> io::Result<SocketAddr> {
    let any: SocketAddr = match to {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let probe = UdpSocket::bind(any)?;
    probe.connect(to)?;
    let mut local = probe.local_addr()?;
    local.set_port(0);
    Ok(local)
}
