//! Free ports for programs that have to be told theirs.

use socket2::{Domain, Socket, Type};
use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};

/// Systems give ports above these to whoever asks for any: only somebody who asks for just this one could take a port between
/// the moment it is let go and the one in which the program takes it.
const FIRST: u16 = 20_000;
const COUNT: u16 = 10_000;
/// Ports that are tried for each that is wanted.
const TRIES: usize = 2_000;

/// The ports of a run by name.
#[derive(Debug, Default)]
pub(super) struct Ports {
    picked: BTreeMap<String, u16>,
    /// Bound, so that nobody else takes them.
    held: BTreeMap<String, [Socket; 2]>,
}

impl Ports {
    /// Picks a free port for each of the names: free for TCP and for UDP.
    pub(super) fn pick(names: impl IntoIterator<Item = String>) -> io::Result<Ports> {
        let mut ports = Ports::default();
        for name in names {
            if !ports.picked.contains_key(&name) {
                let (port, sockets) = any()?;
                ports.picked.insert(name.clone(), port);
                ports.held.insert(name, sockets);
            }
        }
        Ok(ports)
    }

    /// The port of that name; every name of the scenario has one.
    pub(super) fn get(&self, name: &str) -> u16 {
        self.picked.get(name).copied().unwrap_or_default()
    }

    /// Lets a port go, for the program that is told of it.
    pub(super) fn release(&mut self, name: &str) {
        self.held.remove(name);
    }
}

fn any() -> io::Result<(u16, [Socket; 2])> {
    let mut refused = io::Error::from(io::ErrorKind::AddrInUse);
    for _ in 0..TRIES {
        // Any will do, as long as two that start at the same time do not try the same ones.
        let drawn = RandomState::new().hash_one(0) % u64::from(COUNT);
        let port = FIRST + u16::try_from(drawn).unwrap_or(0);
        match take(port) {
            Ok(sockets) => return Ok((port, sockets)),
            Err(error) => refused = error,
        }
    }
    Err(refused)
}

/// Bound, and not listening: who dials the port before the program is there is refused.
fn take(port: u16) -> io::Result<[Socket; 2]> {
    let addr = SocketAddr::from((Ipv4Addr::LOCALHOST, port)).into();
    let bound = |kind| {
        let socket = Socket::new(Domain::IPV4, kind, None)?;
        socket.bind(&addr).map(|()| socket)
    };
    Ok([bound(Type::STREAM)?, bound(Type::DGRAM)?])
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{TcpListener, TcpStream, UdpSocket};

    #[test]
    fn a_port_is_held_until_it_is_let_go_and_stays_the_same() {
        let names = ["a", "b", "a"].map(str::to_owned);
        let mut ports = Ports::pick(names).expect("free ports");
        let (a, b) = (ports.get("a"), ports.get("b"));
        assert!(a != b && ports.picked.len() == 2);
        assert!(TcpListener::bind(("127.0.0.1", a)).is_err() && UdpSocket::bind(("127.0.0.1", a)).is_err());
        assert!(TcpStream::connect(("127.0.0.1", a)).is_err());
        ports.release("a");
        assert_eq!(ports.get("a"), a);
        TcpListener::bind(("127.0.0.1", a)).expect("it is free now");
    }
}
