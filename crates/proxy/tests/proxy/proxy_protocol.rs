//! PROXY headers on the wire: what servers are told, what clients may say, and what hostile ones meet.

use crate::bench::*;
use squall_balance::Algorithm;
use squall_proxy::{Balance, Event, Proxy, ProxyProtocol};
use squall_wire::{Env, Stream};
use std::io::ErrorKind;
use std::time::Duration;

/// A server that keeps what it is sent.
async fn accepted(listener: &squall_wire::Listener) -> Stream {
    listener.accept().await.0.attach().expect("a stream")
}

fn server(env: &Env) -> squall_wire::Listener {
    env.listen("127.0.0.1:0".parse().expect("an address")).expect("listens")
}

#[test]
fn servers_are_told_of_clients_first_and_it_is_no_payload() {
    both_ways(|shards| async move {
        let env = shards.env(0);
        for version in [ProxyProtocol::V1, ProxyProtocol::V2] {
            let server = server(env);
            let builder = Proxy::tcp(server.local_addr()).shards(shards.clone()).proxy_protocol(version);
            // A fault that counts bytes counts only the client's.
            let proxy = start(builder.fault(fault("truncate:3@up"))).await;
            let client = dial(env, &proxy).await;
            let (from, to) = (client.local_addr().expect("an address"), proxy.addr());
            let stream = accepted(&server).await;
            let expected = match version {
                ProxyProtocol::V1 => {
                    format!("PROXY TCP4 127.0.0.1 127.0.0.1 {} {}\r\n", from.port(), to.port()).into_bytes()
                }
                ProxyProtocol::V2 => {
                    let ports = [from.port().to_be_bytes(), to.port().to_be_bytes()].concat();
                    let addresses = [127, 0, 0, 1, 127, 0, 0, 1];
                    [&b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c"[..], &addresses, &ports].concat()
                }
            };
            // It comes although the client is silent.
            assert_eq!(read_exact(&stream, expected.len()).await, expected);
            client.write_all(b"hello").await.expect("sent");
            assert_eq!(read_exact(&stream, 3).await, b"hel");
            client.finish().expect("FIN");
            stream.finish().expect("FIN");
            assert!(read_out(&client).await.1.is_ok());
            settles(|| proxy.metrics().connections.active == 0).await;
            assert_eq!((proxy.metrics().bytes.up, proxy.metrics().received.up), (3, 5));
        }
    });
}

#[test]
fn what_clients_say_is_where_they_come_from() {
    both_ways(|shards| async move {
        let env = shards.env(0);
        let server = server(env);
        let builder = Proxy::tcp(server.local_addr()).shards(shards.clone()).accept_proxy();
        let builder =
            builder.proxy_protocol(ProxyProtocol::V1).fault(fault("truncate:2,client=10.0.0.0/8@up"));
        let proxy = start(builder).await;
        let mut events = proxy.events();
        for (header, passed_on, bytes) in [
            ("PROXY TCP4 10.1.2.3 192.0.2.1 5 80\r\n", "PROXY TCP4 10.1.2.3 192.0.2.1 5 80\r\n", "he"),
            ("PROXY TCP4 11.1.2.3 192.0.2.1 5 80\r\n", "PROXY TCP4 11.1.2.3 192.0.2.1 5 80\r\n", "hello"),
        ] {
            let client = dial(env, &proxy).await;
            client.write_all(format!("{header}hello").as_bytes()).await.expect("sent");
            client.finish().expect("FIN");
            let stream = accepted(&server).await;
            let (got, _) = read_out(&stream).await;
            assert_eq!(String::from_utf8_lossy(&got), format!("{passed_on}{bytes}"));
            let opened = events.recv().await.expect("an event");
            let peer = format!("{}:5", header.split(' ').nth(2).expect("a source"));
            let Event::ConnectionOpened { peer: who } = opened else { panic!("{opened:?}") };
            assert_eq!(who.addr, peer.parse().ok());
            stream.finish().expect("FIN");
            read_out(&client).await.1.expect("ends in order");
            while !matches!(events.recv().await, Some(Event::ConnectionClosed { .. })) {}
        }
        // One that does not say is itself.
        let client = dial(env, &proxy).await;
        client.write_all(b"PROXY UNKNOWN\r\nx").await.expect("sent");
        let from = client.local_addr().expect("an address").port();
        let header = format!("PROXY TCP4 127.0.0.1 127.0.0.1 {from} {}\r\nx", proxy.addr().port());
        let stream = accepted(&server).await;
        assert_eq!(read_exact(&stream, header.len()).await, header.as_bytes());
    });
}

#[test]
fn a_header_may_come_in_pieces_and_bytes_behind_it_stay_in_order() {
    both_ways(|shards| async move {
        let env = shards.env(0);
        let echo = echo(&shards).await;
        let proxy = start(proxy(&echo, &shards).accept_proxy()).await;
        let client = dial(env, &proxy).await;
        for byte in b"PROXY TCP6 2001:db8::1 ::1 1 2\r" {
            client.write_all(&[*byte]).await.expect("sent");
            tokio::task::yield_now().await;
        }
        let bytes = pattern(300_000);
        let mut first = b"\n".to_vec();
        first.extend(&bytes[..3_000]);
        client.write_all(&first).await.expect("sent");
        let client = std::sync::Arc::new(client);
        let (writer, rest) = (client.clone(), bytes[3_000..].to_vec());
        let sending = shards.spawn(0, async move {
            writer.write_all(&rest).await.expect("sent");
            writer.finish().expect("FIN");
        });
        assert!(read_out(&client).await.0 == bytes);
        sending.await.expect("sent");
        settles(|| proxy.metrics().connections.active == 0).await;
        assert_eq!((proxy.metrics().bytes.up, proxy.metrics().received.up), (300_000, 300_000));
    });
}

#[test]
fn clients_without_a_header_are_turned_away_and_reach_nobody() {
    both_ways(|shards| async move {
        let env = shards.env(0);
        let echo = echo(&shards).await;
        let proxy = start(proxy(&echo, &shards).accept_proxy()).await;
        let endless = [b"PROXY TCP4 ".to_vec(), vec![b' '; 5_000]].concat();
        let long = [&b"\r\n\r\n\0\r\nQUIT\n\x21\x11\xff\xff"[..], &[0; 5_000]].concat();
        for sent in [&b"GET / HTTP/1.1\r\n\r\n"[..], b"\0", b"PROXY \r\n", &endless, &long] {
            let client = dial(env, &proxy).await;
            let _ = client.write_all(sent).await;
            assert_eq!(read_out(&client).await.1.expect_err("reset").kind(), ErrorKind::ConnectionReset);
        }
        // One that gives up in the middle.
        let client = dial(env, &proxy).await;
        client.write_all(b"PROXY TCP4 1.1").await.expect("sent");
        client.finish().expect("FIN");
        read_out(&client).await.1.expect_err("reset");
        settles(|| proxy.metrics().connections.refused == 6).await;
        assert_eq!((proxy.metrics().connections.active, echo.counts().accepted), (0, 0));
    });
}

#[test]
fn a_client_that_never_says_who_it_is_is_not_waited_for() {
    virtually(|shards| async move {
        let env = shards.env(0);
        let echo = echo(&shards).await;
        let proxy = start(proxy(&echo, &shards).accept_proxy()).await;
        let client = dial(env, &proxy).await;
        client.write_all(b"PROXY").await.expect("sent");
        read_out(&client).await.1.expect_err("reset");
        assert_eq!(env.now(), 5_000_000_000);
        // And one that is cut off meanwhile is.
        let client = dial(env, &proxy).await;
        settles_in(env, || proxy.metrics().connections.active == 1).await;
        env.timeout(Duration::from_secs(1), proxy.cut()).await.expect("at once");
        read_out(&client).await.1.expect_err("reset");
    });
}

#[test]
fn the_stated_source_chooses_the_member() {
    virtually(|shards| async move {
        let env = shards.env(0);
        let echoes = members(&shards, 3).await;
        let balance = echoes.iter().map(|(_, member)| member.clone());
        let balance = balance.fold(Balance::new(Algorithm::SourceHash), Balance::member);
        let proxy = start(Proxy::balance(balance).shards(shards.clone()).accept_proxy()).await;
        for round in 1..=2u64 {
            for source in 0..30 {
                let client = dial(env, &proxy).await;
                let header = format!("PROXY TCP4 10.0.0.{source} 10.0.1.1 {round} 80\r\n");
                client.write_all(header.as_bytes()).await.expect("sent");
                ping(&client, b"hello").await;
            }
            let picks: Vec<_> = proxy.metrics().members.iter().map(|member| member.picks).collect();
            assert!(picks.iter().all(|picks| *picks > 0 && picks % round == 0), "{picks:?}");
        }
    });
}

#[test]
fn links_of_datagrams_refuse_headers() {
    virtually(|shards| async move {
        let nobody: std::net::SocketAddr = "127.0.0.1:9".parse().expect("an address");
        let udp = || Proxy::udp(nobody).shards(shards.clone());
        for builder in [udp().accept_proxy(), udp().proxy_protocol(ProxyProtocol::V2)] {
            let error = builder.start().await.map(drop).expect_err("makes no sense");
            assert_eq!(error.to_string(), "link `proxy` carries datagrams, which have no PROXY header");
        }
    });
}
