//! As little of an HTTP client as the tests need, and a server to ask.

use squall_control::{Server, Source, serve};
use squall_proxy::Metrics;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub(crate) struct Answer {
    pub(crate) status: u16,
    /// The head in lower case.
    pub(crate) head: String,
    pub(crate) body: String,
}

/// Serves two links, one of them with counts and a name that needs escaping.
pub(crate) async fn server() -> Server {
    let busy = Metrics { held: 7, held_max: 9, ..Default::default() };
    let sources =
        vec![Source::new("web \"1\"\\\n", move || busy.clone()), Source::new("db", Metrics::default)];
    start(sources).await
}

pub(crate) async fn start(sources: Vec<Source>) -> Server {
    serve("127.0.0.1:0".parse().expect("an address"), sources).await.expect("a free port")
}

/// Asks for `path` as a client on this machine does.
pub(crate) async fn get(addr: SocketAddr, path: &str) -> Answer {
    ask(addr, &format!("GET {path} HTTP/1.1\r\nhost: {addr}\r\nconnection: close\r\n\r\n")).await
}

/// Sends `request` and reads until the server closes.
pub(crate) async fn ask(addr: SocketAddr, request: &str) -> Answer {
    let mut socket = TcpStream::connect(addr).await.expect("accepted");
    socket.write_all(request.as_bytes()).await.expect("sent");
    let mut all = Vec::new();
    socket.read_to_end(&mut all).await.expect("an answer");
    answer(&String::from_utf8(all).expect("text"))
}

pub(crate) fn answer(text: &str) -> Answer {
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no head: {text:?}"));
    let status = head.strip_prefix("HTTP/1.1 ").or(head.strip_prefix("HTTP/1.0 "));
    let status = status.and_then(|rest| rest.get(..3)?.parse().ok());
    let status = status.unwrap_or_else(|| panic!("no status: {head:?}"));
    Answer { status, head: head.to_lowercase(), body: body.to_owned() }
}
