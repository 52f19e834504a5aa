//! `--metrics`: live, in both formats.

use crate::process::*;
use std::io::{Read, Write};
use std::net::SocketAddr;

pub(crate) fn get(addr: SocketAddr, path: &str) -> String {
    let mut client = connect(addr);
    write!(client, "GET {path} HTTP/1.1\r\nHost: {addr}\r\nConnection: close\r\n\r\n").expect("sent");
    let mut answer = String::new();
    client.read_to_string(&mut answer).expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    answer.split_once("\r\n\r\n").expect("a body").1.to_owned()
}

#[test]
fn totals_are_live_in_text_and_json() {
    let (_echo, upstream) = echo();
    let (mut proxy, addr) = proxy(upstream, &["--metrics", "127.0.0.1:0", "--fault", "latency:1ms"]);
    let metrics = proxy.ready("squall metrics listening on ");
    let mut client = connect(addr);
    client.write_all(&[1; 300]).expect("sent");
    client.read_exact(&mut [0; 300]).expect("an answer");
    // The client may have the bytes a moment before they are counted.
    let text = loop {
        let text = get(metrics, "/metrics");
        if text.lines().any(|line| line == "bytes_downstream 300") {
            break text;
        }
    };
    for line in [
        "connections_active 1",
        "connections_total 1",
        "bytes_upstream 300",
        "squall_faults_fired_total{link=\"proxy\",fault=\"latency\",kind=\"latency\"} 1",
    ] {
        assert!(text.lines().any(|l| l == line), "no `{line}` in:\n{text}");
    }
    let json: serde_json::Value = serde_json::from_str(&get(metrics, "/metrics?format=json")).expect("JSON");
    assert_eq!(json["active_connections"], 1);
    assert_eq!(json["total_connections"], 1);
    assert_eq!((&json["bytes_upstream"], &json["bytes_downstream"]), (&300.into(), &300.into()));
}

#[test]
fn links_that_the_control_api_adds_are_on_the_page() {
    let (_echo, upstream) = echo();
    let (mut proxy, _) = proxy(upstream, &["--metrics", "127.0.0.1:0", "--control", "127.0.0.1:0"]);
    let metrics = proxy.ready("squall metrics listening on ");
    let control = format!("http://{}", proxy.ready("squall control listening on "));
    let added = "squall_connections_active{link=\"added\"} 0";
    assert!(!get(metrics, "/metrics").contains(added));
    let upstream = upstream.to_string();
    let create = ["ctl", "create", "added", "-l", "127.0.0.1:0", "-u", &upstream];
    assert!(squall().args(create).env("TOXIPROXY_URL", control).output().expect("runs").status.success());
    assert!(get(metrics, "/metrics").contains(added));
    assert_eq!((get(metrics, "/healthz"), get(metrics, "/readyz")), ("ok".to_owned(), "ok".to_owned()));
}

#[test]
fn how_long_dials_and_connections_took_and_who_broke_them_is_counted() {
    let (_echo, upstream) = echo();
    let (mut proxy, addr) = proxy(upstream, &["--metrics", "127.0.0.1:0", "--fault", "reset:0B"]);
    let metrics = proxy.ready("squall metrics listening on ");
    let mut client = connect(addr);
    client.write_all(b"x").expect("sent");
    assert!(client.read(&mut [0; 1]).is_err(), "reset");
    let closed = "squall_closes_total{link=\"proxy\",reason=\"reset\",side=\"squall\"} 1\n";
    let text = loop {
        // The client may know of the end before it has been counted.
        let text = get(metrics, "/metrics");
        if text.contains(closed) {
            break text;
        }
    };
    for family in ["squall_dial_seconds", "squall_connection_seconds"] {
        assert!(text.contains(&format!("{family}_count{{link=\"proxy\"}} 1\n")), "{text}");
        assert!(text.contains(&format!("{family}_bucket{{link=\"proxy\",le=\"+Inf\"}} 1\n")), "{text}");
        assert!(!text.contains(&format!("{family}_sum{{link=\"proxy\"}} 0\n")), "{text}");
    }
}
