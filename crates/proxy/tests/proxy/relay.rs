//! Bytes through a link without faults.

use crate::bench::*;

#[test]
fn bytes_arrive_unchanged_and_are_counted() {
    both_ways(|shards| async move {
        let echo = echo(&shards).await;
        let proxy = start(proxy(&echo, &shards)).await;
        let client = dial(shards.env(0), &proxy).await;
        ping(&client, &pattern(100_000)).await;
        client.finish().expect("FIN");
        let (rest, end) = read_out(&client).await;
        assert!(rest.is_empty() && end.is_ok());
        let metrics = proxy.stop(PATIENCE).await;
        assert_eq!((metrics.bytes.up, metrics.bytes.down), (100_000, 100_000));
        assert_eq!((metrics.closes.fin, metrics.connections.closed, metrics.connections.active), (1, 1, 0));
    });
}

#[test]
fn megabytes_both_ways_at_once_are_byte_exact() {
    both_ways(|shards| async move {
        let echo = echo(&shards).await;
        let proxy = start(proxy(&echo, &shards)).await;
        let client = std::sync::Arc::new(dial(shards.env(1), &proxy).await);
        let bytes = std::sync::Arc::new(pattern(16 << 20));
        let (writer, sent) = (client.clone(), bytes.clone());
        let sending = shards.spawn(0, async move {
            writer.write_all(&sent).await.expect("sent");
            writer.finish().expect("FIN");
        });
        let (got, end) = read_out(&client).await;
        sending.await.expect("the writer ends");
        assert!(end.is_ok() && got == *bytes);
    });
}

#[test]
fn a_half_closed_connection_still_carries_the_other_way() {
    both_ways(|shards| async move {
        let listener = shards.env(0).listen("127.0.0.1:0".parse().expect("an address")).expect("listens");
        let proxy = start(squall_proxy::Proxy::tcp(listener.local_addr()).shards(shards.clone())).await;
        let client = dial(shards.env(0), &proxy).await;
        client.finish().expect("FIN");
        let server = listener.accept().await.0.attach().expect("attached");
        assert_eq!(read_out(&server).await.0, b"");
        server.write_all(&pattern(50_000)).await.expect("sent");
        drop(server);
        let (got, end) = read_out(&client).await;
        assert!(got == pattern(50_000) && end.is_ok());
    });
}

#[test]
fn a_reader_that_rests_holds_the_sender_and_loses_nothing() {
    really(|shards| async move {
        let listener = shards.env(0).listen("127.0.0.1:0".parse().expect("an address")).expect("listens");
        let proxy = start(squall_proxy::Proxy::tcp(listener.local_addr()).shards(shards.clone())).await;
        let client = dial(shards.env(0), &proxy).await;
        let server = listener.accept().await.0.attach().expect("attached");
        let bytes = std::sync::Arc::new(pattern(60 << 20));
        let sent = bytes.clone();
        // Nothing is read until the writer has filled every buffer on the way and is stuck.
        let mut sending = shards.spawn(0, async move {
            client.write_all(&sent).await.expect("sent");
            client.finish().expect("FIN");
            client
        });
        let stuck = shards.env(0).timeout(std::time::Duration::from_millis(300), &mut sending).await;
        assert!(stuck.is_none(), "60 MiB do not fit into the buffers of two connections");
        assert!(proxy.metrics().held_max < 1 << 20, "a link without faults holds no more than a read");
        let (got, end) = read_out(&server).await;
        assert!(end.is_ok() && got == *bytes);
        sending.await.expect("the writer ends");
    });
}

#[test]
fn many_connections_at_once_are_byte_exact_and_leave_nothing() {
    really(|shards| async move {
        let echo = echo(&shards).await;
        let proxy = start(proxy(&echo, &shards)).await;
        let clients: Vec<_> = (0..300usize)
            .map(|i| {
                let (env, addr) = (shards.env(i).clone(), proxy.addr());
                shards.spawn(i, async move {
                    let client = env.dial(addr).await.expect("accepted");
                    ping(&client, &pattern(20_000 + i)).await;
                    client.finish().expect("FIN");
                    assert!(read_out(&client).await.1.is_ok());
                })
            })
            .collect();
        for client in clients {
            client.await.expect("the client ends");
        }
        let metrics = proxy.stop(PATIENCE).await;
        let sent = (0..300).map(|i| 20_000 + i).sum::<u64>();
        assert_eq!((metrics.bytes.up, metrics.bytes.down), (sent, sent));
        assert_eq!((metrics.connections.accepted, metrics.closes.fin), (300, 300));
    });
}

#[test]
fn what_a_server_sent_before_its_end_waits_for_a_client_that_reads_late() {
    really(|shards| async move {
        let env = shards.env(1);
        let sink = env.listen("127.0.0.1:0".parse().expect("an address")).expect("a port");
        let builder = squall_proxy::Proxy::tcp(sink.local_addr()).shards(shards.clone());
        let proxy = start(builder).await;
        let client = dial(env, &proxy).await;
        client.write_all(b"request").await.expect("sent");
        client.finish().expect("FIN");
        let server = sink.accept().await.0.attach().expect("attached");
        assert_eq!(read_out(&server).await.0, b"request");
        let sending = shards.spawn(0, async move {
            server.write_all(&pattern(8_000_000)).await.expect("sent");
            server.finish().expect("FIN");
        });
        // Long enough for peers that nobody reads from to be looked after.
        env.sleep(std::time::Duration::from_millis(1_500)).await;
        let (got, end) = read_out(&client).await;
        assert!(end.is_ok() && got == pattern(8_000_000), "{} bytes", got.len());
        sending.await.expect("the server ends");
    });
}
