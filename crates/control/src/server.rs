//! The server: it binds, accepts within its limits, and ends every connection when it ends.

use crate::connection::{self, Limits};
use crate::error::ControlError;
use crate::guests::Guests;
use crate::routes::app;
use crate::source::Source;
use crate::toxiproxy::{self, Access, Collection, Exposure};
use axum::Router;
use std::collections::BTreeSet;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// How long accepting rests after trouble, such as want of descriptors.
const REST: Duration = Duration::from_millis(100);

/// A running server. Dropping it closes its port and every connection at once; [`Server::stop`] lets
/// answers end first.
#[derive(Debug)]
#[must_use = "dropping the server stops it"]
pub struct Server {
    addr: SocketAddr,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

/// Serves the counts of `sources` over HTTP/1.1 on `addr`, where port 0 takes a free one. Must be called inside a tokio
/// runtime with I/O and time, and is served by it.
///
/// `GET /metrics` gives the text format of Prometheus, `GET /metrics?format=json` one JSON object; `/healthz` and `/readyz`
/// say `ok`. A request that names another host than `localhost` or an IP address gets 403, so that no web page can read the
/// counts through a name of its own. A client has 30 s for the head of a request (8 KiB at the most) and 5 minutes in all,
/// and 64 may be connected at a time: one more takes the place of whoever has said nothing for longest.
///
/// # Errors
/// Where the address cannot be bound, or two sources bear one name.
pub async fn serve(addr: SocketAddr, sources: Vec<Source>) -> Result<Server, ControlError> {
    serve_within(Limits::default(), addr, sources).await
}

pub(crate) async fn serve_within(
    limits: Limits,
    addr: SocketAddr,
    sources: Vec<Source>,
) -> Result<Server, ControlError> {
    let mut names = BTreeSet::new();
    if let Some(twice) = sources.iter().find(|source| !names.insert(source.name.as_str())) {
        return Err(ControlError::NameTaken(twice.name.clone()));
    }
    start(limits, addr, |_| app(sources)).await
}

/// Serves the control API of Toxiproxy, and squall's own, over HTTP/1.1 on `addr`, where port 0 takes a free one. Must be
/// called inside a tokio runtime with I/O and time, and is served by it. An unspecified address takes callers of IPv4 and IPv6.
///
/// A request gets 60 s for its head (8 KiB), 15 s for its body (1 MiB); an answer that nobody reads is given up after 30 s;
/// 256 clients may be connected at a time: one more takes the place of whoever has said nothing for longest. Stopping the server leaves the proxies as they are.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// use squall_control::{Access, Collection, Exposure, control};
/// use squall_proxy::Proxy;
///
/// let all = Collection::new(|upstream, _carrier| Proxy::tcp(upstream).seed(7));
/// all.populate(r#"[{"name": "web", "listen": "127.0.0.1:0", "upstream": "localhost:80"}]"#).await?;
/// let server = control("127.0.0.1:0".parse()?, all, Access::new(), Exposure::new()).await?;
/// println!("clients may ask http://{}/proxies", server.addr());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// Where the address cannot be bound.
pub async fn control(
    addr: SocketAddr,
    collection: Collection,
    access: Access,
    exposure: Exposure,
) -> Result<Server, ControlError> {
    control_within(Limits::control(), addr, collection, access, exposure).await
}

async fn control_within(
    limits: Limits,
    addr: SocketAddr,
    collection: Collection,
    access: Access,
    exposure: Exposure,
) -> Result<Server, ControlError> {
    start(limits, addr, |bound| {
        toxiproxy::app(collection, access.on_loopback(bound.ip().is_loopback()), exposure, limits.body)
    })
    .await
}

/// Starts a server of metrics.
pub(crate) async fn start_limited(addr: SocketAddr, app: Router) -> Result<Server, ControlError> {
    start(Limits::default(), addr, |_| app).await
}

async fn start(
    limits: Limits,
    addr: SocketAddr,
    app: impl FnOnce(SocketAddr) -> Router,
) -> Result<Server, ControlError> {
    let (listener, addr) = bind(addr).await.map_err(|source| ControlError::Listen { addr, source })?;
    let (stop, stopped) = watch::channel(false);
    let task = tokio::spawn(accept(listener, app(addr), limits, stopped));
    Ok(Server { addr, stop, task })
}

async fn bind(addr: SocketAddr) -> io::Result<(TcpListener, SocketAddr)> {
    let both = addr.ip() == IpAddr::V4(Ipv4Addr::UNSPECIFIED);
    let wide = SocketAddr::from((Ipv6Addr::UNSPECIFIED, addr.port()));
    let listener = match TcpListener::bind(if both { wide } else { addr }).await {
        // Where there is no IPv6.
        Err(error) if both && error.kind() != io::ErrorKind::AddrInUse => TcpListener::bind(addr).await?,
        bound => bound?,
    };
    let addr = listener.local_addr()?;
    Ok((listener, addr))
}

/// Runs until told to stop, and then until the last connection has ended. Connections belong to this task: when it is
/// dropped, so are they.
async fn accept(listener: TcpListener, app: Router, limits: Limits, mut stopped: watch::Receiver<bool>) {
    let mut guests = Guests::new();
    let told = stopped.clone();
    // Somebody who waits for a place.
    let mut waits = None;
    loop {
        let has_place = waits.is_some() && (guests.count() < limits.connections || guests.dismiss());
        if let Some(socket) = waits.take_if(|_| has_place) {
            let (app, told) = (app.clone(), told.clone());
            guests.add(|seat| connection::serve(socket, app, limits, seat, told));
        }
        tokio::select! {
            _ = stopped.wait_for(|stopped| *stopped) => break,
            true = guests.ended() => {}
            socket = next(&listener), if waits.is_none() => waits = Some(socket),
            // Whoever answers now will have answered by then.
            () = tokio::time::sleep(REST), if waits.is_some() => {}
        }
    }
    drop((listener, waits));
    while guests.ended().await {}
}

/// The next connection. No trouble ends the accepting: what is wrong with one caller is not with the next, and descriptors
/// come free again.
async fn next(listener: &TcpListener) -> TcpStream {
    loop {
        match listener.accept().await {
            Ok((socket, _)) => return socket,
            Err(_) => tokio::time::sleep(REST).await,
        }
    }
}

impl Server {
    /// The address it listens on, with its real port.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Closes the port and lets answers end that are being given, for up to 2 s; the port is free once this returns. When
    /// cancelled, everything stops at once.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        // Fails only where the runtime behind the task went first, and then there is nothing left to stop.
        let _ = (&mut self.task).await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    const SOON: Duration = Duration::from_millis(50);
    const GET: &[u8] = b"GET /metrics HTTP/1.1\r\nhost: localhost\r\n\r\n";

    async fn start(limits: Limits, sources: Vec<Source>) -> Server {
        serve_within(limits, "127.0.0.1:0".parse().expect("an address"), sources).await.expect("a free port")
    }

    /// Waits for the end that the server makes of a connection, however it looks.
    async fn end(socket: &mut TcpStream) {
        while socket.read(&mut [0; 4096]).await.is_ok_and(|n| n > 0) {}
    }

    #[tokio::test]
    async fn a_head_that_never_ends_is_not_waited_for() {
        let server = start(Limits { head: SOON, ..Limits::default() }, Vec::new()).await;
        for start in [&b""[..], b"GET /metrics HTTP/1.1\r\nhost: loc", GET] {
            let mut socket = TcpStream::connect(server.addr()).await.expect("accepted");
            socket.write_all(start).await.expect("sent");
            end(&mut socket).await;
        }
    }

    #[tokio::test]
    async fn a_body_that_never_ends_is_not_waited_for() {
        let limits = Limits { body: SOON, ..Limits::control() };
        let all = Collection::new(|upstream, _| squall_proxy::Proxy::tcp(upstream));
        let addr = "127.0.0.1:0".parse().expect("an address");
        let server =
            control_within(limits, addr, all, Access::new(), Exposure::new()).await.expect("a free port");
        for start in ["content-length: 9\r\n\r\n{", "transfer-encoding: chunked\r\n\r\n1\r\n{\r\n"] {
            let mut socket = TcpStream::connect(server.addr()).await.expect("accepted");
            let request = format!("POST /proxies HTTP/1.1\r\nhost: localhost\r\n{start}");
            socket.write_all(request.as_bytes()).await.expect("sent");
            let mut answer = String::new();
            socket.read_to_string(&mut answer).await.expect("an end");
            assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
        }
    }

    #[tokio::test]
    async fn a_connection_ends_when_its_time_is_up() {
        let server = start(Limits { lifetime: SOON, ..Limits::default() }, Vec::new()).await;
        let mut socket = TcpStream::connect(server.addr()).await.expect("accepted");
        end(&mut socket).await;
    }

    #[tokio::test]
    async fn clients_that_say_nothing_make_room_for_those_who_do() {
        let server = start(Limits { connections: 2, ..Limits::default() }, Vec::new()).await;
        let mut silent = Vec::new();
        for _ in 0..2 {
            let mut socket = TcpStream::connect(server.addr()).await.expect("accepted");
            socket.write_all(b"G").await.expect("sent");
            silent.push(socket);
        }
        for _ in 0..2 {
            let mut socket = TcpStream::connect(server.addr()).await.expect("accepted");
            socket.write_all(GET).await.expect("sent");
            assert!(socket.read(&mut [0; 4096]).await.expect("an answer") > 0);
            silent.push(socket);
        }
        // Who came first had to go first.
        end(&mut silent[0]).await;
        end(&mut silent[1]).await;
        assert!(silent[3].write_all(GET).await.is_ok());
        assert!(silent[3].read(&mut [0; 4096]).await.expect("still served") > 0);
    }

    #[tokio::test]
    async fn a_request_under_way_is_not_cut_off_for_a_newcomer() {
        let limits = Limits { connections: 1, body: Duration::from_secs(60), ..Limits::control() };
        let all = Collection::new(|upstream, _| squall_proxy::Proxy::tcp(upstream));
        let addr = "127.0.0.1:0".parse().expect("an address");
        let server =
            control_within(limits, addr, all, Access::new(), Exposure::new()).await.expect("a free port");
        let mut first = TcpStream::connect(server.addr()).await.expect("accepted");
        let head =
            "POST /proxies HTTP/1.1\r\nhost: localhost\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n";
        first.write_all(head.as_bytes()).await.expect("sent");
        // Its request is being answered once it is asked for the body.
        assert!(first.read(&mut [0; 64]).await.expect("100 Continue") > 0);
        let mut second = TcpStream::connect(server.addr()).await.expect("queued");
        second.write_all(b"GET /version HTTP/1.1\r\nhost: localhost\r\n\r\n").await.expect("sent");
        let waited = tokio::time::timeout(SOON, second.read(&mut [0; 4096])).await;
        assert!(waited.is_err(), "the place is taken");
        first.write_all(b"{}").await.expect("sent");
        let n = first.read(&mut [0; 4096]).await.expect("an answer");
        assert!(n > 0);
        assert!(second.read(&mut [0; 4096]).await.expect("an answer") > 0);
    }
}
