//! How connections end, and what the other side and the counts see of it.

use crate::bench::*;
use squall_proxy::{CloseReason, Event, Proxy};
use std::io::ErrorKind;
use std::time::Duration;

#[test]
fn a_reset_by_the_client_reaches_the_server_as_a_reset() {
    both_ways(|shards| async move {
        let listener = shards.env(0).listen("127.0.0.1:0".parse().expect("an address")).expect("listens");
        let proxy = start(Proxy::tcp(listener.local_addr()).shards(shards.clone())).await;
        let client = dial(shards.env(0), &proxy).await;
        client.write_all(b"hello").await.expect("sent");
        let server = listener.accept().await.0.attach().expect("attached");
        assert_eq!(read_exact(&server, 5).await, b"hello");
        client.abort().expect("RST");
        let (rest, end) = read_out(&server).await;
        assert_eq!((rest.len(), end.expect_err("a reset").kind()), (0, ErrorKind::ConnectionReset));
        proxy.idle().await;
        assert_eq!(proxy.metrics().closes.reset, 1);
    });
}

#[test]
fn a_reset_by_the_server_comes_after_what_it_sent() {
    both_ways(|shards| async move {
        let listener = shards.env(0).listen("127.0.0.1:0".parse().expect("an address")).expect("listens");
        let proxy =
            start(Proxy::tcp(listener.local_addr()).shards(shards.clone()).fault(fault("latency:20ms")))
                .await;
        let mut events = proxy.events();
        let client = dial(shards.env(0), &proxy).await;
        let server = listener.accept().await.0.attach().expect("attached");
        // A reset before the proxy has seen its own connect succeed would be a failed dial.
        client.write_all(b"hello").await.expect("sent");
        assert_eq!(read_exact(&server, 5).await, b"hello");
        server.write_all(b"farewell").await.expect("sent");
        assert!(server.drained(shards.env(0), PATIENCE).await);
        server.abort().expect("RST");
        let (got, end) = read_out(&client).await;
        assert_eq!(
            (got.as_slice(), end.expect_err("a reset").kind()),
            (b"farewell".as_slice(), ErrorKind::ConnectionReset)
        );
        let closed = loop {
            match events.recv().await.expect("an event") {
                Event::ConnectionClosed { reason, .. } => break reason,
                _ => continue,
            }
        };
        assert_eq!(closed, Some(CloseReason::Reset(Some(squall_faults::Peer::Server))));
    });
}

#[test]
fn an_upstream_that_refuses_resets_the_client_and_counts_as_failed() {
    both_ways(|shards| async move {
        let vacant =
            shards.env(0).listen("127.0.0.1:0".parse().expect("an address")).expect("listens").local_addr();
        let proxy = start(Proxy::tcp(vacant).shards(shards.clone())).await;
        // The RST may come before the client has seen its connect succeed.
        let end = match shards.env(0).dial(proxy.addr()).await {
            Ok(client) => read_out(&client).await.1,
            Err(error) => Err(error),
        };
        assert_eq!(end.expect_err("a reset").kind(), ErrorKind::ConnectionReset);
        proxy.idle().await;
        let connections = proxy.metrics().connections;
        assert_eq!((connections.accepted, connections.failed, connections.closed), (1, 1, 0));
    });
}

#[test]
fn an_idle_connection_is_closed_and_a_busy_one_is_not() {
    virtually(|shards| async move {
        let echo = echo(&shards).await;
        let env = shards.env(0);
        let proxy = start(proxy(&echo, &shards).idle_timeout(Duration::from_secs(5))).await;
        let client = dial(env, &proxy).await;
        for _ in 0..10 {
            env.sleep(Duration::from_secs(4)).await;
            ping(&client, b"still here").await;
        }
        let before = env.now();
        let end = read_out(&client).await.1;
        assert_eq!(end.expect_err("a reset").kind(), ErrorKind::ConnectionReset);
        assert_eq!(env.now() - before, 5_000_000_000);
        proxy.idle().await;
        assert_eq!(proxy.metrics().closes.timeout, 1);
    });
}

#[test]
fn stopping_lets_connections_end_within_the_grace_and_cuts_the_rest() {
    both_ways(|shards| async move {
        let echo = echo(&shards).await;
        let proxy = start(proxy(&echo, &shards)).await;
        let (addr, env) = (proxy.addr(), shards.env(0).clone());
        let (polite, stubborn) = (dial(&env, &proxy).await, dial(&env, &proxy).await);
        ping(&polite, b"a").await;
        ping(&stubborn, b"b").await;
        let stopping = shards.spawn(1, proxy.stop(Duration::from_millis(200)));
        ping(&polite, b"c").await;
        polite.finish().expect("FIN");
        assert!(read_out(&polite).await.1.is_ok());
        let metrics = stopping.await.expect("stops");
        assert_eq!((metrics.closes.fin, metrics.closes.cancelled, metrics.connections.active), (1, 1, 0));
        assert!(read_out(&stubborn).await.1.is_err());
        assert_eq!(env.dial(addr).await.expect_err("closed").kind(), ErrorKind::ConnectionRefused);
    });
}

#[test]
fn a_cut_link_refuses_and_a_restored_one_serves_on_the_same_port() {
    both_ways(|shards| async move {
        let echo = echo(&shards).await;
        let proxy = start(proxy(&echo, &shards)).await;
        let env = shards.env(0);
        let client = dial(env, &proxy).await;
        ping(&client, b"before").await;
        proxy.cut().await;
        assert_eq!(read_out(&client).await.1.expect_err("a reset").kind(), ErrorKind::ConnectionReset);
        assert_eq!(env.dial(proxy.addr()).await.expect_err("closed").kind(), ErrorKind::ConnectionRefused);
        proxy.restore().await.expect("the port is free");
        let client = dial(env, &proxy).await;
        ping(&client, b"after").await;
        assert_eq!(proxy.metrics().connections.accepted, 2);
    });
}

#[test]
fn dropping_the_handle_closes_the_port_and_every_connection() {
    both_ways(|shards| async move {
        let echo = echo(&shards).await;
        let proxy = start(proxy(&echo, &shards)).await;
        let (addr, env) = (proxy.addr(), shards.env(0).clone());
        let client = dial(&env, &proxy).await;
        ping(&client, b"hello").await;
        drop(proxy);
        assert!(read_out(&client).await.1.is_err());
        // The port closes at the acceptor's next turn; until then a connect may still succeed and is then dropped.
        while env.dial(addr).await.is_ok() {
            tokio::task::yield_now().await;
        }
    });
}

#[tokio::test]
async fn a_port_is_free_once_its_link_was_cut() {
    for _ in 0..50 {
        let proxy =
            Proxy::tcp(std::net::SocketAddr::from(([127, 0, 0, 1], 9))).start().await.expect("starts");
        proxy.cut().await;
        std::net::TcpListener::bind(proxy.addr()).expect("the port is free");
    }
}
