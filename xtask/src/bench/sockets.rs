//! The sockets of clients and servers in a run: the same for everybody who is compared.

use socket2::{Domain, Protocol, SockRef, Socket, Type};
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};

/// How many wait to be accepted.
const BACKLOG: i32 = 4096;

/// What datagram sockets are to buffer: as much as squall asks for.
const DATAGRAM_BUFFER: usize = 4 << 20;

fn stream_socket(congestion: &str) -> io::Result<Socket> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP))?;
    // Where the kernel lacks it, the page says what is in force.
    let _ = socket.set_tcp_congestion(congestion.as_bytes());
    Ok(socket)
}

/// A listener on a free port; what it accepts has the same congestion control.
pub(crate) fn listen(congestion: &str) -> io::Result<TcpListener> {
    let socket = stream_socket(congestion)?;
    socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// A connection that sends at once what it is given.
pub(crate) fn connect(to: SocketAddr, congestion: &str) -> io::Result<TcpStream> {
    let socket = stream_socket(congestion)?;
    socket.connect(&to.into())?;
    socket.set_tcp_nodelay(true)?;
    Ok(socket.into())
}

/// A datagram socket with large buffers.
pub(crate) fn datagrams() -> io::Result<UdpSocket> {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    // Smaller ones are what there is.
    let _ = SockRef::from(&socket).set_recv_buffer_size(DATAGRAM_BUFFER);
    let _ = SockRef::from(&socket).set_send_buffer_size(DATAGRAM_BUFFER);
    Ok(socket)
}

/// A port that is free now.
pub(crate) fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}
