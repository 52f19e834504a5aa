//! A control server to ask, and as little of a client as the tests need.

use squall_control::{Access, Collection, Exposure, Server, control};
use squall_faults::Carrier;
use squall_proxy::Proxy;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A server and its proxies.
pub(crate) struct Api {
    pub(crate) server: Server,
    pub(crate) all: Collection,
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    /// The head in lower case.
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head
            .lines()
            .filter_map(|line| line.split_once(": "))
            .find(|(key, _)| *key == name)
            .map(|(_, v)| v)
    }
}

/// Proxies with a seed.
pub(crate) fn collection(seed: u64) -> Collection {
    Collection::new(move |upstream, carrier| {
        let builder = match carrier {
            Carrier::Stream => Proxy::tcp(upstream),
            Carrier::Datagram => Proxy::udp(upstream),
        };
        builder.seed(seed)
    })
}

impl Api {
    pub(crate) async fn start() -> Api {
        Api::with(Access::new(), Exposure::new()).await
    }

    pub(crate) async fn with(access: Access, exposure: Exposure) -> Api {
        let (all, addr) = (collection(7), "127.0.0.1:0".parse().expect("an address"));
        let server = control(addr, all.clone(), access, exposure).await.expect("a free port");
        Api { server, all }
    }

    /// A request as a client makes it.
    pub(crate) async fn ask(&self, method: &str, path: &str, body: &str) -> Answer {
        self.ask_with(method, path, "", body).await
    }

    /// The same with more lines in its head, each ended.
    pub(crate) async fn ask_with(&self, method: &str, path: &str, lines: &str, body: &str) -> Answer {
        let (addr, length) = (self.server.addr(), body.len());
        let host =
            if lines.to_lowercase().contains("host:") { String::new() } else { format!("host: {addr}\r\n") };
        let request = format!(
            "{method} {path} HTTP/1.1\r\n{host}{lines}content-length: {length}\r\nconnection: close\r\n\r\n{body}"
        );
        let mut socket = TcpStream::connect(addr).await.expect("accepted");
        // A server that has refused a body need not read it.
        let _ = socket.write_all(request.as_bytes()).await;
        let mut all = Vec::new();
        let ended = socket.read_to_end(&mut all).await;
        let text = String::from_utf8(all).expect("text");
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{ended:?}: {text:?}"));
        let status = head.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)?.parse().ok());
        Answer {
            status: status.unwrap_or_else(|| panic!("no status: {head:?}")),
            head: head.to_lowercase(),
            body: body.to_owned(),
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, "").await
    }

    /// A request that must succeed.
    pub(crate) async fn done(&self, method: &str, path: &str, body: &str) -> Answer {
        let answer = self.ask(method, path, body).await;
        assert!((200..300).contains(&answer.status), "{method} {path} {body}: {}", answer.body);
        answer
    }

    /// A running proxy `web` to `upstream`; where it listens.
    pub(crate) async fn web(&self, upstream: SocketAddr) -> SocketAddr {
        self.named("web", upstream).await
    }

    pub(crate) async fn named(&self, name: &str, upstream: SocketAddr) -> SocketAddr {
        let body = format!(r#"{{"name":"{name}","listen":"127.0.0.1:0","upstream":"{upstream}"}}"#);
        let made = self.done("POST", "/proxies", &body).await.json();
        made["listen"].as_str().and_then(|listen| listen.parse().ok()).expect("an address")
    }

    /// Adds a toxic to `web`.
    pub(crate) async fn toxic(&self, body: &str) {
        self.done("POST", "/proxies/web/toxics", body).await;
    }
}
