//! Links whose clients say where they want to go.

use crate::bench::*;
use squall_proxy::{Proxy, ProxyBuilder};
use squall_wire::{Listener, Shards, Stream};
use std::net::SocketAddr;
use std::time::Duration;

fn forward(shards: &Shards) -> ProxyBuilder {
    Proxy::forward().name("any").shards(shards.clone())
}

fn listen(shards: &Shards) -> Listener {
    shards.env(0).listen("127.0.0.1:0".parse().expect("an address")).expect("listens")
}

/// An address that nobody listens on.
fn vacant(shards: &Shards) -> SocketAddr {
    listen(shards).local_addr()
}

/// Reads to the empty line.
async fn read_head(stream: &Stream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.extend(read_exact(stream, 1).await);
    }
    String::from_utf8(head).expect("text")
}

/// A tunnel to `target`, opened with CONNECT.
async fn tunnel(shards: &Shards, proxy: &Proxy, target: SocketAddr) -> Stream {
    let client = dial(shards.env(0), proxy).await;
    client.write_all(format!("CONNECT {target} HTTP/1.1\r\n\r\n").as_bytes()).await.expect("sent");
    assert_eq!(read_head(&client).await, "HTTP/1.1 200 Connection established\r\n\r\n");
    client
}

/// What somebody is told who is turned away.
async fn refused(shards: &Shards, proxy: &Proxy, text: &[u8]) -> Vec<u8> {
    let client = dial(shards.env(0), proxy).await;
    client.write_all(text).await.expect("sent");
    let (told, end) = read_out(&client).await;
    assert!(end.is_ok(), "closed in order");
    told
}

#[test]
fn a_tunnel_carries_bytes_and_only_these_are_counted() {
    both_ways(|shards| async move {
        let echo = echo(&shards).await;
        let proxy = start(forward(&shards)).await;
        assert!(proxy.is_forward());
        let client = tunnel(&shards, &proxy, echo.addr()).await;
        ping(&client, &pattern(300_000)).await;
        client.finish().expect("FIN");
        let (rest, end) = read_out(&client).await;
        assert!(rest.is_empty() && end.is_ok());
        let metrics = proxy.stop(PATIENCE).await;
        assert_eq!((metrics.bytes.up, metrics.bytes.down), (300_000, 300_000));
        assert_eq!((metrics.closes.fin, metrics.connections.accepted), (1, 1));
    });
}

#[test]
fn every_kind_of_socks_makes_a_tunnel_also_where_the_client_does_not_wait() {
    both_ways(|shards| async move {
        let echo = echo(&shards).await;
        let proxy = start(forward(&shards)).await;
        let port = echo.addr().port().to_be_bytes();
        let five = [&[5, 1, 0, 5, 1, 0, 1, 127, 0, 0, 1], &port[..], b"hello"].concat();
        let named = [&[5, 1, 0, 5, 1, 0, 3, 9], &b"localhost"[..], &port, b"hello"].concat();
        let four = [&[4, 1], &port[..], &[127, 0, 0, 1], b"me\0hello"].concat();
        let granted = [&[5, 0, 5, 0, 0, 1, 0, 0, 0, 0, 0, 0][..], b"hello"].concat();
        let granted_4 = [&[0, 0x5a, 0, 0, 0, 0, 0, 0][..], b"hello"].concat();
        for (text, told) in [(five, &granted), (named, &granted), (four, &granted_4)] {
            let client = dial(shards.env(0), &proxy).await;
            client.write_all(&text).await.expect("sent");
            client.finish().expect("FIN");
            let (got, end) = read_out(&client).await;
            assert!(end.is_ok() && got == *told, "{got:?}");
        }
        let metrics = proxy.stop(PATIENCE).await;
        assert_eq!((metrics.bytes.up, metrics.bytes.down, metrics.closes.fin), (15, 15, 3));
    });
}

#[test]
fn faults_meet_the_tunnel_and_not_its_opening() {
    both_ways(|shards| async move {
        let echo = echo(&shards).await;
        let proxy = start(forward(&shards).fault(fault("truncate:700"))).await;
        let client = tunnel(&shards, &proxy, echo.addr()).await;
        client.write_all(&pattern(1_000)).await.expect("sent");
        client.finish().expect("FIN");
        let (got, end) = read_out(&client).await;
        assert!(end.is_ok() && got == pattern(700));
        assert_eq!(proxy.metrics().faults[0].fired, 1);
    });
}

#[test]
fn a_request_is_passed_on_and_another_one_ends_its_connection() {
    both_ways(|shards| async move {
        let (listener, proxy) =
            (listen(&shards), start(forward(&shards).fault(fault("latency:5ms@both"))).await);
        let (addr, client) = (listener.local_addr(), dial(shards.env(0), &proxy).await);
        let asked =
            format!("POST http://{addr}/a HTTP/1.1\r\nProxy-Connection: x\r\nContent-Length: 4\r\n\r\nbo");
        client.write_all(asked.as_bytes()).await.expect("sent");
        let server = listener.accept().await.0.attach().expect("attached");
        let head = read_head(&server).await;
        let expected =
            format!("POST /a HTTP/1.1\r\nHost: {addr}\r\nContent-Length: 4\r\nConnection: close\r\n\r\n");
        assert_eq!(head, expected);
        client.write_all(b"dy\r\nGET http://other/ HTTP/1.1\r\n\r\n").await.expect("sent");
        // The server that would keep the connection hears nothing of a request for another.
        let (body, end) = read_out(&server).await;
        assert!(end.is_ok() && body == b"body", "{body:?}");
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
        server.write_all(answer).await.expect("sent");
        drop(server);
        assert_eq!(read_exact(&client, answer.len()).await, answer);
        drop(client);
        let metrics = proxy.stop(PATIENCE).await;
        let up = expected.len() as u64 + 4;
        assert_eq!((metrics.bytes.up, metrics.bytes.down), (up, answer.len() as u64), "the request counts");
    });
}

#[test]
fn the_end_of_a_client_that_waits_for_its_answer_is_passed_on() {
    both_ways(|shards| async move {
        let (listener, proxy) = (listen(&shards), start(forward(&shards)).await);
        let client = dial(shards.env(0), &proxy).await;
        let asked = format!("GET http://{}/ HTTP/1.1\r\n\r\n", listener.local_addr());
        client.write_all(asked.as_bytes()).await.expect("sent");
        let server = listener.accept().await.0.attach().expect("attached");
        read_head(&server).await;
        drop(client);
        assert_eq!(read_out(&server).await.0, b"");
    });
}

#[test]
fn who_cannot_be_connected_is_told_why() {
    both_ways(|shards| async move {
        let (proxy, vacant) = (start(forward(&shards)).await, vacant(&shards));
        let told = refused(&shards, &proxy, format!("CONNECT {vacant} HTTP/1.1\r\n\r\n").as_bytes()).await;
        let told = String::from_utf8(told).expect("text");
        assert!(told.starts_with("HTTP/1.1 502 Bad Gateway\r\n"), "{told}");
        assert!(
            told.ends_with(&format!("\r\n\r\nsquall: upstream {vacant}: connection refused\n")),
            "{told}"
        );
        let asked = [&[5, 1, 0, 5, 1, 0, 1, 127, 0, 0, 1], &vacant.port().to_be_bytes()[..]].concat();
        assert_eq!(refused(&shards, &proxy, &asked).await, [5, 0, 5, 5, 0, 1, 0, 0, 0, 0, 0, 0]);
        assert!(refused(&shards, &proxy, b"GET / HTTP/1.1\r\n\r\n").await.starts_with(b"HTTP/1.1 400 "));
        let metrics = proxy.stop(PATIENCE).await;
        assert_eq!((metrics.connections.accepted, metrics.connections.failed), (3, 3));
    });
}

#[test]
fn faults_answer_for_servers_in_the_proxys_words() {
    virtually(|shards| async move {
        let echo = echo(&shards).await;
        let faults = ["upstream_hang:connections=1", "upstream_refuse:connections=2", "refuse:connections=3"];
        let builder = faults.iter().fold(forward(&shards), |builder, text| builder.fault(fault(text)));
        let proxy = start(builder.connect_timeout(Duration::from_secs(3))).await;
        let asked = format!("CONNECT {} HTTP/1.1\r\n\r\n", echo.addr());
        let before = shards.env(0).now();
        assert!(refused(&shards, &proxy, asked.as_bytes()).await.starts_with(b"HTTP/1.1 504 "));
        assert_eq!(shards.env(0).now() - before, 3_000_000_000);
        assert!(refused(&shards, &proxy, asked.as_bytes()).await.starts_with(b"HTTP/1.1 502 "));
        let third = dial(shards.env(0), &proxy).await;
        assert!(read_out(&third).await.1.is_err(), "refused before it could ask");
        tunnel(&shards, &proxy, echo.addr()).await;
        assert!(proxy.metrics().faults.iter().all(|fault| fault.fired == 1));
    });
}

#[test]
fn who_does_not_come_to_the_point_is_let_go() {
    virtually(|shards| async move {
        let proxy = start(forward(&shards)).await;
        for text in ["", "CONNECT a", "\x05", "\x05\x01\0\x05\x01"] {
            let (client, before) = (dial(shards.env(0), &proxy).await, shards.env(0).now());
            client.write_all(text.as_bytes()).await.expect("sent");
            let (_, end) = read_out(&client).await;
            let waited = shards.env(0).now() - before;
            assert!((10_000_000_000..12_000_000_000).contains(&waited), "{text:?}: {waited} ns, {end:?}");
        }
        let metrics = proxy.stop(PATIENCE).await;
        assert_eq!((metrics.connections.failed, metrics.connections.active), (4, 0));
    });
}

#[test]
fn noise_ends_in_a_close() {
    really(|shards| async move {
        let proxy = start(forward(&shards)).await;
        for first in 0..=255u8 {
            let client = dial(shards.env(0), &proxy).await;
            let mut noise = pattern(500);
            noise[0] = first;
            // The other side may have gone in the middle of it.
            let _ = client.write_all(&noise).await;
            let _ = client.finish();
            let _ = read_out(&client).await;
        }
        let metrics = proxy.stop(PATIENCE).await;
        assert_eq!((metrics.connections.accepted, metrics.connections.failed), (256, 256));
    });
}

#[test]
fn stopping_ends_clients_that_are_still_asking() {
    both_ways(|shards| async move {
        let proxy = start(forward(&shards)).await;
        let client = dial(shards.env(0), &proxy).await;
        client.write_all(b"CONNECT ").await.expect("sent");
        settles(|| proxy.metrics().connections.active == 1).await;
        let metrics = proxy.stop(Duration::ZERO).await;
        assert_eq!(metrics.closes.cancelled, 1);
        assert!(read_out(&client).await.1.is_err());
    });
}
