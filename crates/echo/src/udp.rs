//! Echo over UDP: each datagram goes back to its sender.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use socket2::{Domain, Socket, Type};
use squall_wire::Shards;
use tokio::net::UdpSocket;

use crate::connections::Connections;
use crate::counts::add;
use crate::{Echo, EchoBuilder, EchoError};

/// Asked for, so that a burst outlasts a busy moment; the kernel grants what it allows.
const RECEIVE_BUFFER: usize = 4 << 20;

/// How long receiving rests after an error that is not one client's doing.
const REST: Duration = Duration::from_millis(10);

/// Binds and starts echoing.
pub(crate) async fn start(settings: EchoBuilder, shards: Shards) -> Result<Echo, EchoError> {
    let env = shards.env(0).clone();
    if env.is_virtual() {
        return Err(EchoError::NeedsRealSockets);
    }
    let asked = settings.listen;
    let failed = |source| EchoError::Listen { addr: asked, source };
    let socket = bind(asked).map_err(failed)?;
    let addr = socket.local_addr().map_err(failed)?;
    // Registered on the shard that will use it.
    let registered = shards.spawn(0, async move { UdpSocket::from_std(socket) }).await;
    let socket = registered.unwrap_or_else(|lost| Err(io::Error::other(lost))).map_err(failed)?;
    let connections = Connections::new(1);
    let task = shards.spawn(0, echo(socket, settings.buffer, connections.clone()));
    Ok(Echo::new(addr, env, task, connections))
}

fn bind(addr: SocketAddr) -> io::Result<std::net::UdpSocket> {
    let socket = Socket::new(Domain::for_address(addr), Type::DGRAM, None)?;
    // A smaller buffer serves too.
    let _ = socket.set_recv_buffer_size(RECEIVE_BUFFER);
    socket.set_nonblocking(true)?;
    socket.bind(&addr.into())?;
    Ok(socket.into())
}

async fn echo(socket: UdpSocket, buffer: usize, connections: Arc<Connections>) {
    let meter = &connections.meters[0];
    let mut buffer = vec![0; buffer];
    loop {
        let (length, client) = match socket.recv_from(&mut buffer).await {
            Ok(received) => received,
            Err(error) if of_one_client(&error) => continue,
            Err(_) => {
                tokio::time::sleep(REST).await;
                continue;
            }
        };
        add(&meter.datagrams_in, 1);
        add(&meter.bytes_in, length);
        // A client that cannot be reached misses its echo; the others do not.
        if let Ok(sent) = socket.send_to(&buffer[..length], client).await {
            add(&meter.datagrams_out, 1);
            add(&meter.bytes_out, sent);
        }
    }
}

/// Whether an error reports what ICMP said about an earlier datagram of ours.
fn of_one_client(error: &io::Error) -> bool {
    use ErrorKind::{ConnectionRefused, ConnectionReset, HostUnreachable, Interrupted, NetworkUnreachable};
    let kinds = [ConnectionRefused, ConnectionReset, HostUnreachable, Interrupted, NetworkUnreachable];
    kinds.contains(&error.kind())
}
