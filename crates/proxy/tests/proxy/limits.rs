//! What a link does at its limits.

use crate::bench::*;
use squall_proxy::{Proxy, ProxyError};
use std::io::ErrorKind;
use std::time::Duration;

#[test]
fn connections_beyond_the_maximum_are_reset_and_counted() {
    both_ways(|shards| async move {
        let echo = echo(&shards).await;
        let proxy = start(proxy(&echo, &shards).max_connections(2)).await;
        let env = shards.env(0);
        let (one, two) = (dial(env, &proxy).await, dial(env, &proxy).await);
        ping(&one, b"1").await;
        ping(&two, b"2").await;
        // The RST may come before the client has seen its connect succeed.
        let end = match env.dial(proxy.addr()).await {
            Ok(three) => read_out(&three).await.1,
            Err(error) => Err(error),
        };
        assert_eq!(end.expect_err("turned away").kind(), ErrorKind::ConnectionReset);
        one.finish().expect("FIN");
        assert!(read_out(&one).await.1.is_ok());
        // The place is free once the proxy has seen both ends of the first connection.
        settles(|| proxy.metrics().connections.active == 1).await;
        ping(&dial(env, &proxy).await, b"4").await;
        let connections = proxy.metrics().connections;
        assert_eq!((connections.accepted, connections.refused), (4, 1));
    });
}

#[test]
fn a_dial_that_hangs_ends_with_the_timeout_and_blocks_nobody() {
    virtually(|shards| async move {
        let env = shards.env(0);
        // A listener that never accepts, with its backlog full, is a server that never answers.
        let mute = env.listen("127.0.0.1:0".parse().expect("an address")).expect("listens");
        let mut filler = Vec::new();
        while let Some(Ok(stream)) = env.timeout(Duration::from_millis(1), env.dial(mute.local_addr())).await
        {
            filler.push(stream);
        }
        let slow =
            Proxy::tcp(mute.local_addr()).shards(shards.clone()).connect_timeout(Duration::from_secs(3));
        let proxy = start(slow).await;
        let before = env.now();
        let clients = [dial(env, &proxy).await, dial(env, &proxy).await];
        settles(|| proxy.metrics().connections.active == 2).await;
        for client in &clients {
            assert!(read_out(client).await.1.is_err());
        }
        assert_eq!(env.now() - before, 3_000_000_000);
        assert_eq!(proxy.metrics().connections.failed, 2);
    });
}

#[test]
fn a_port_in_use_is_told_with_its_address() {
    really(|shards| async move {
        let echo = echo(&shards).await;
        let error = proxy(&echo, &shards).listen(echo.addr()).start().await.expect_err("the port is taken");
        assert!(matches!(&error, ProxyError::Listen { source, .. } if source.kind() == ErrorKind::AddrInUse));
        assert!(error.to_string().starts_with(&format!("listen {}: ", echo.addr())), "{error}");
    });
}

#[test]
fn a_link_to_itself_is_refused() {
    both_ways(|shards| async move {
        let addr =
            shards.env(0).listen("127.0.0.1:0".parse().expect("an address")).expect("listens").local_addr();
        let error = Proxy::tcp(addr).listen(addr).shards(shards.clone()).start().await.expect_err("a loop");
        assert_eq!(error.to_string(), format!("link `proxy` listens on its own upstream {addr}"));
    });
}

#[test]
fn what_one_direction_holds_is_bounded() {
    virtually(|shards| async move {
        let echo = echo(&shards).await;
        let builder = proxy(&echo, &shards).buffer(100_000).fault(fault("latency:10s@up"));
        let proxy = start(builder).await;
        let client = std::sync::Arc::new(dial(shards.env(0), &proxy).await);
        let writer = client.clone();
        let sending = shards.spawn(0, async move {
            writer.write_all(&pattern(1_000_000)).await.expect("sent");
            writer.finish().expect("FIN");
        });
        assert!(read_out(&client).await.0 == pattern(1_000_000));
        sending.await.expect("the writer ends");
        let held = proxy.metrics().held_max;
        assert!((90_000..=100_000).contains(&held), "{held}");
    });
}

#[test]
fn what_a_window_holds_is_not_idle() {
    virtually(|shards| async move {
        let echo = echo(&shards).await;
        let builder = proxy(&echo, &shards).idle_timeout(Duration::from_secs(1));
        let proxy = start(builder.fault(fault("freeze:3s"))).await;
        let client = dial(shards.env(0), &proxy).await;
        ping(&client, b"held for three seconds").await;
        assert_eq!(shards.env(0).now(), 3_000_000_000);
    });
}
