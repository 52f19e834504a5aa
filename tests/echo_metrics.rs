//! `squall echo --metrics`: every number is live.

use crate::metrics::get;
use crate::process::*;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::net::{SocketAddr, UdpSocket};

/// Every series now.
fn series(metrics: SocketAddr) -> BTreeMap<String, u64> {
    let text = get(metrics, "/metrics");
    let samples = text.lines().filter(|line| !line.starts_with('#'));
    let read = |line: &str| {
        let (series, value) = line.rsplit_once(' ').expect("a value");
        (series.to_owned(), value.parse().expect("a whole number"))
    };
    samples.map(read).collect()
}

/// Waits until all of these series have these values; what all series have then.
fn wait(metrics: SocketAddr, wanted: &[(&str, u64)]) -> BTreeMap<String, u64> {
    let deadline = std::time::Instant::now() + PATIENCE;
    loop {
        let found = series(metrics);
        if wanted.iter().all(|(series, value)| found.get(*series) == Some(value)) {
            return found;
        }
        assert!(std::time::Instant::now() < deadline, "no {wanted:?} in {found:#?}");
        std::thread::yield_now();
    }
}

fn ask(client: &mut (impl Read + Write), request: &str, end: &[u8]) {
    client.write_all(request.as_bytes()).expect("sent");
    let (mut heard, mut byte) = (Vec::new(), [0]);
    while !heard.ends_with(end) {
        client.read_exact(&mut byte).expect("an answer");
        heard.push(byte[0]);
    }
}

#[test]
fn every_number_moves_while_connections_are_open() {
    let at = "127.0.0.1:0";
    let options = ["echo", "--tcp", at, "--udp", at, "--http", at, "--max-connections", "1", "--metrics", at];
    let mut echo = Server::start(&options);
    let tcp = echo.ready("squall echo listening on ");
    let udp = echo.ready("squall echo listening on udp:");
    let http = echo.ready("squall echo listening on http://");
    let metrics = echo.ready("squall metrics listening on ");
    let before = series(metrics);
    assert!(before.values().all(|value| *value == 0), "{before:#?}");

    let mut client = connect(tcp);
    client.write_all(&[1; 300]).expect("sent");
    client.read_exact(&mut [0; 300]).expect("an answer");
    let mut seen = vec![wait(
        metrics,
        &[
            ("connections_active", 1),
            ("connections_total", 1),
            ("bytes_upstream", 300),
            ("bytes_downstream", 300),
            ("squall_echo_connections_total{server=\"tcp\",outcome=\"accepted\"}", 1),
            ("squall_echo_connections_active{server=\"tcp\"}", 1),
            ("squall_echo_bytes_total{server=\"tcp\",direction=\"received\"}", 300),
            ("squall_echo_bytes_total{server=\"tcp\",direction=\"sent\"}", 300),
        ],
    )];
    // One too many.
    let _ = connect(tcp).read(&mut [0]);
    seen.push(wait(metrics, &[("squall_echo_connections_total{server=\"tcp\",outcome=\"refused\"}", 1)]));
    drop(client);
    let closed = "squall_echo_connections_total{server=\"tcp\",outcome=\"closed\"}";
    seen.push(wait(metrics, &[(closed, 1), ("connections_active", 0)]));

    let mut client = connect(http);
    ask(&mut client, "GET /?status=503&size=3B HTTP/1.1\r\nHost: x\r\n\r\n", b"\r\n\r\n !\"");
    ask(&mut client, "GET /?nonsense HTTP/1.1\r\nHost: x\r\n\r\n", b"\r\n\r\n");
    let answers = |status: &str| format!("squall_echo_answers_total{{server=\"http\",status=\"{status}\"}}");
    let wanted = [
        (answers("503"), 1),
        (answers("400"), 1),
        ("squall_echo_requests_total{server=\"http\"}".to_owned(), 2),
    ];
    seen.push(wait(metrics, &wanted.each_ref().map(|(series, value)| (series.as_str(), *value))));

    let socket = UdpSocket::bind(at).expect("binds");
    socket.send_to(&[1; 76], udp).expect("sent");
    seen.push(wait(
        metrics,
        &[
            ("squall_echo_datagrams_total{server=\"udp\",direction=\"received\"}", 1),
            ("squall_echo_datagrams_total{server=\"udp\",direction=\"sent\"}", 1),
            ("squall_echo_bytes_total{server=\"udp\",direction=\"received\"}", 76),
            ("squall_echo_bytes_total{server=\"udp\",direction=\"sent\"}", 76),
        ],
    ));
    let moved: BTreeSet<&str> =
        seen.iter().flatten().filter(|(_, value)| **value > 0).map(|(name, _)| name_of(name)).collect();
    let all: BTreeSet<&str> = seen.iter().flatten().map(|(name, _)| name_of(name)).collect();
    let still: Vec<_> = all.difference(&moved).collect();
    assert_eq!(still, [&"squall_echo_datagrams_dropped_total"], "what only a flood moves");
}

fn name_of(series: &str) -> &str {
    series.split('{').next().unwrap_or(series)
}

#[test]
fn datagrams_that_were_dropped_are_counted() {
    let at = "127.0.0.1:0";
    let mut echo =
        Server::start(&["echo", "--udp", at, "--mode", "delay:1h", "--metrics", at, "--grace", "0s"]);
    let udp = echo.ready("squall echo listening on udp:");
    let metrics = echo.ready("squall metrics listening on ");
    let socket = UdpSocket::bind(at).expect("binds");
    let deadline = std::time::Instant::now() + PATIENCE;
    // What is held for an hour fills up, whatever the system itself loses on the way.
    while series(metrics)["squall_echo_datagrams_dropped_total{server=\"udp\"}"] == 0 {
        assert!(std::time::Instant::now() < deadline, "nothing is dropped");
        for _ in 0..16 {
            socket.send_to(&[0; 60_000], udp).expect("sent");
        }
    }
}
