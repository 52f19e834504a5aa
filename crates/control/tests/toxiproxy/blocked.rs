//! The control plane never waits for the data plane.

use crate::api::Api;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

/// Fills a connection until its peer takes no more.
async fn fill(stream: &mut TcpStream) {
    let chunk = vec![7; 1 << 16];
    while timeout(Duration::from_millis(100), stream.write_all(&chunk)).await.is_ok() {}
}

/// Proxies whose connections are all stuck, and what keeps them so.
struct Stuck {
    api: Api,
    names: Vec<&'static str>,
    _sockets: Vec<TcpStream>,
    _listener: TcpListener,
}

async fn stuck() -> Stuck {
    let api = Api::start().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let upstream = listener.local_addr().expect("bound");
    let mut sockets = Vec::new();
    let connect = |addr: SocketAddr| TcpStream::connect(addr);
    // A server that does not read, and a client that does not.
    for (name, up) in [("deaf_server", true), ("deaf_client", false)] {
        let addr = api.named(name, upstream).await;
        let mut client = connect(addr).await.expect("accepted");
        let (mut server, _) = listener.accept().await.expect("relayed");
        fill(if up { &mut client } else { &mut server }).await;
        sockets.extend([client, server]);
    }
    // A server that never answers the dial.
    let addr = api.named("dead", upstream).await;
    api.done("POST", "/proxies/dead/toxics", r#"{"type":"upstream_hang","name":"hang"}"#).await;
    sockets.push(connect(addr).await.expect("accepted"));
    // Peers that are served at a crawl, or not at all.
    for (name, toxic) in [
        ("slow", r#"{"type":"bandwidth","name":"b","attributes":{"rate":1}}"#),
        ("blocked", r#"{"type":"bandwidth","name":"b","attributes":{"rate":0}}"#),
        ("resetting", r#"{"type":"reset_peer","name":"b","attributes":{"timeout":3600000}}"#),
    ] {
        let addr = api.named(name, upstream).await;
        api.done("POST", &format!("/proxies/{name}/toxics"), toxic).await;
        let client = connect(addr).await.expect("accepted");
        let (mut server, _) = listener.accept().await.expect("relayed");
        fill(&mut server).await;
        sockets.extend([client, server]);
    }
    let names = vec!["deaf_server", "deaf_client", "dead", "slow", "blocked", "resetting"];
    Stuck { api, names, _sockets: sockets, _listener: listener }
}

#[tokio::test]
async fn every_call_is_answered_at_once_while_every_peer_is_stuck() {
    let Stuck { api, names, _sockets, _listener } = stuck().await;
    let mut times = Vec::new();
    for name in names {
        let proxy = format!("/proxies/{name}");
        let toxics = format!("{proxy}/toxics");
        let (new, kind) = (format!("{toxics}/new"), r#"{"type":"timeout","name":"new"}"#);
        for (method, path, body) in [
            ("GET", "/proxies", ""),
            ("GET", toxics.as_str(), ""),
            ("POST", toxics.as_str(), kind),
            ("PATCH", new.as_str(), r#"{"attributes":{"timeout":3600000},"toxicity":0.5}"#),
            ("DELETE", new.as_str(), ""),
            ("POST", toxics.as_str(), r#"{"type":"latency","name":"slow","attributes":{"latency":3600000}}"#),
            ("POST", "/reset", ""),
            ("PATCH", proxy.as_str(), r#"{"upstream":"127.0.0.1:9"}"#),
            ("PATCH", proxy.as_str(), r#"{"enabled":false}"#),
            ("PATCH", proxy.as_str(), r#"{"enabled":true}"#),
            ("DELETE", proxy.as_str(), ""),
        ] {
            let began = Instant::now();
            api.done(method, path, body).await;
            times.push(began.elapsed());
        }
    }
    times.sort();
    // What a stuck peer could cost is seconds at the least; a machine that is busy with other things costs less.
    let (median, slowest) = (times[times.len() / 2], times[times.len() - 1]);
    assert!(median < Duration::from_millis(50) && slowest < Duration::from_secs(2), "{median:?} {slowest:?}");
}

#[tokio::test]
async fn what_is_stuck_is_dropped_with_its_proxy() {
    let Stuck { api, names, _sockets: mut sockets, _listener } = stuck().await;
    for name in names {
        api.done("DELETE", &format!("/proxies/{name}"), "").await;
    }
    for socket in &mut sockets {
        let mut buf = vec![0; 1 << 16];
        while socket.read(&mut buf).await.is_ok_and(|n| n > 0) {}
    }
}

#[tokio::test]
async fn a_thousand_proxies_come_and_are_reset() {
    let api = Api::start().await;
    let items = (0..1_000).map(|i| format!(r#"{{"name":"p{i}","listen":"127.0.0.1:0","upstream":"u:1"}}"#));
    let body = format!("[{}]", items.collect::<Vec<_>>().join(","));
    let made = api.done("POST", "/populate", &body).await;
    assert_eq!(made.json()["proxies"].as_array().map(Vec::len), Some(1_000));
    api.done("POST", "/reset", "").await;
    assert_eq!(api.get("/proxies").await.json().as_object().map(serde_json::Map::len), Some(1_000));
}
