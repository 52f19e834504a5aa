//! Addresses that refuse whoever connects, and that nobody else gets meanwhile.

use std::io;
use std::net::SocketAddr;
use std::path::Path;

use socket2::{Domain, Socket, Type};

use crate::platform::SocketFile;

/// An address that refuses whoever connects: a socket is bound to it that does not listen. A port stays taken, so that whoever
/// listened there can have it back; a path has a file, without which it would not be found. Dropping it frees the address.
#[derive(Debug)]
pub struct Refusing {
    _socket: Socket,
    /// Removed when this is dropped.
    _file: Option<SocketFile>,
}

impl Refusing {
    pub(crate) fn port(addr: SocketAddr) -> io::Result<Refusing> {
        let socket = Socket::new(Domain::for_address(addr), Type::STREAM, None)?;
        // As the listener had it, whose old connections may linger.
        socket.set_reuse_address(true)?;
        socket.bind(&addr.into())?;
        Ok(Refusing { _socket: socket, _file: None })
    }

    pub(crate) fn path(path: &Path) -> io::Result<Refusing> {
        let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
        let file = SocketFile::bind(&socket, path)?;
        Ok(Refusing { _socket: socket, _file: Some(file) })
    }
}
