//! What this system grants, tried out: for people who wonder why something is slow. Nothing is changed by it.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener as StdListener, TcpStream as StdStream};
use std::os::fd::AsFd;
use std::time::Duration;

use rustix::process::{Resource, getrlimit};
use socket2::{Domain, Socket, Type};
use tokio::net::TcpStream;

use crate::kernel_pipe::KernelPipe;
use crate::platform;

/// What a pipe is asked to hold.
pub const PIPE_WANTED: usize = 1 << 20;

/// What a datagram socket is asked to buffer each way.
pub const DATAGRAM_BUFFER_WANTED: usize = 4 << 20;

/// What accepting connections asks the system to keep waiting.
pub const BACKLOG_WANTED: u64 = crate::tcp_listener::BACKLOG as u64;

/// How long a reset on this machine may take until it counts as absent: far more than it needs.
const PATIENCE: Duration = Duration::from_millis(200);

/// The kernel's pipes for bulk.
#[derive(Clone, Copy, Debug)]
pub struct PipeProbe {
    /// How many bytes one holds, of [`PIPE_WANTED`].
    pub capacity: usize,
    /// Whether bulk goes through them: no other limit stands against it, and they hold enough to be worth it.
    pub used: bool,
}

/// Opens a pipe as bulk has them.
///
/// # Errors
/// Where the system has no such pipes, or no descriptor is left.
pub fn probe_pipe() -> io::Result<PipeProbe> {
    let (_reader, _writer, capacity) = platform::pipe(PIPE_WANTED)?;
    Ok(PipeProbe { capacity, used: KernelPipe::take().is_some() })
}

/// What moves many datagrams by one system call.
#[derive(Clone, Copy, Debug)]
pub struct DatagramProbe {
    /// How many may be sent together; 1 where they cannot.
    pub send_together: usize,
    /// How many may be received together; 1 where they cannot.
    pub receive_together: usize,
    /// Bytes buffered for receiving, of [`DATAGRAM_BUFFER_WANTED`].
    pub receive_buffer: usize,
    /// Bytes buffered for sending, of [`DATAGRAM_BUFFER_WANTED`].
    pub send_buffer: usize,
}

/// Opens a datagram socket as UDP links have them.
///
/// # Errors
/// When no socket can be bound on the loopback.
pub fn probe_datagrams() -> io::Result<DatagramProbe> {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, None)?;
    // Smaller ones are what this is about.
    let _ = socket.set_recv_buffer_size(DATAGRAM_BUFFER_WANTED);
    let _ = socket.set_send_buffer_size(DATAGRAM_BUFFER_WANTED);
    socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into())?;
    let state = platform::datagram_state(&socket)?;
    // Linux reports twice what it grants, for bookkeeping.
    let shown = if cfg!(target_os = "linux") { 2 } else { 1 };
    Ok(DatagramProbe {
        send_together: state.max_gso_segments(),
        receive_together: state.gro_segments(),
        receive_buffer: socket.recv_buffer_size()? / shown,
        send_buffer: socket.send_buffer_size()? / shown,
    })
}

/// Whether a connection can be reset at once, while handles to it are still open. Where it cannot, the reset goes out with the
/// last one. Must be called inside a tokio runtime; blocks for a fifth of a second at the most.
///
/// # Errors
/// When no connection can be made on the loopback.
pub fn probe_reset() -> io::Result<bool> {
    let listener = StdListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let peer = StdStream::connect(listener.local_addr()?)?;
    let (stream, _) = listener.accept()?;
    stream.set_nonblocking(true)?;
    let other_handle = stream.as_fd().try_clone_to_owned()?;
    platform::reset(&TcpStream::from_std(stream)?)?;
    peer.set_read_timeout(Some(PATIENCE))?;
    let seen = io::Read::read(&mut &peer, &mut [0]);
    drop(other_handle);
    Ok(seen.is_err_and(|error| error.kind() == io::ErrorKind::ConnectionReset))
}

/// The soft and the hard limit on open descriptors; `u64::MAX` for none.
pub fn descriptor_limit() -> (u64, u64) {
    let limit = getrlimit(Resource::Nofile);
    (limit.current.unwrap_or(u64::MAX), limit.maximum.unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_probe_finds_something() {
        let datagrams = probe_datagrams().unwrap();
        assert!(datagrams.send_together > 0 && datagrams.receive_together > 0);
        assert!(datagrams.receive_buffer > 0 && datagrams.send_buffer <= DATAGRAM_BUFFER_WANTED);
        let (soft, hard) = descriptor_limit();
        assert!(soft <= hard);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_linux_can_do_is_found() {
        assert!(tokio_test::block_on(async { probe_reset() }).unwrap());
        let pipe = probe_pipe().unwrap();
        assert!(pipe.capacity > 0 && pipe.capacity <= PIPE_WANTED);
    }
}
