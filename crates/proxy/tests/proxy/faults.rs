//! Faults on live connections: exact times in virtual time, lower bounds on real sockets.

use crate::bench::*;
use squall_faults::{Latency, Reset, Shape};
use std::io::ErrorKind;
use std::time::Duration;

#[test]
fn latency_both_ways_doubles_into_the_round_trip_exactly() {
    virtually(|shards| async move {
        let echo = echo(&shards).await;
        let env = shards.env(0);
        let proxy =
            start(proxy(&echo, &shards).fault(Latency::new(Duration::from_micros(20_300)).both())).await;
        let client = dial(env, &proxy).await;
        for _ in 0..5 {
            let before = env.now();
            ping(&client, b"ping").await;
            assert_eq!(env.now() - before, 40_600_000);
        }
    });
}

#[test]
fn latency_on_real_sockets_is_never_short() {
    really(|shards| async move {
        let echo = echo(&shards).await;
        let env = shards.env(0);
        let proxy = start(proxy(&echo, &shards).fault(fault("latency:3ms@both"))).await;
        let client = dial(env, &proxy).await;
        for _ in 0..20 {
            let before = env.now();
            ping(&client, b"ping").await;
            assert!(env.now() - before >= 6_000_000);
        }
    });
}

#[test]
fn latency_costs_no_bandwidth() {
    virtually(|shards| async move {
        let echo = echo(&shards).await;
        let env = shards.env(0);
        let proxy = start(proxy(&echo, &shards).fault(fault("latency:50ms@both"))).await;
        let client = std::sync::Arc::new(dial(env, &proxy).await);
        let writer = client.clone();
        let before = env.now();
        let sending = shards.spawn(0, async move {
            writer.write_all(&pattern(30_000_000)).await.expect("sent");
            writer.finish().expect("FIN");
        });
        assert!(read_out(&client).await.0 == pattern(30_000_000));
        sending.await.expect("the writer ends");
        assert_eq!(env.now() - before, 100_000_000, "in memory only the delay takes time");
    });
}

#[test]
fn bandwidth_takes_the_time_of_its_bytes() {
    virtually(|shards| async move {
        let echo = echo(&shards).await;
        let env = shards.env(0);
        let proxy = start(proxy(&echo, &shards).fault(fault("bandwidth:1MB/s"))).await;
        let client = std::sync::Arc::new(dial(env, &proxy).await);
        let writer = client.clone();
        let before = env.now();
        let sending =
            shards.spawn(0, async move { writer.write_all(&pattern(500_000)).await.expect("sent") });
        assert!(read_exact(&client, 500_000).await == pattern(500_000));
        sending.await.expect("the writer ends");
        assert_eq!(env.now() - before, 500_000_000);
    });
}

#[test]
fn a_reset_delivers_exactly_what_stands_before_it() {
    both_ways(|shards| async move {
        let echo = echo(&shards).await;
        let proxy =
            start(proxy(&echo, &shards).fault(Reset::at(70_001).down()).fault(fault("latency:2ms"))).await;
        for _ in 0..5 {
            let client = dial(shards.env(1), &proxy).await;
            client.write_all(&pattern(90_000)).await.expect("sent");
            let (got, end) = read_out(&client).await;
            assert_eq!((got.len(), end.expect_err("a reset").kind()), (70_001, ErrorKind::ConnectionReset));
            assert!(got == pattern(70_001));
        }
        proxy.idle().await;
        let metrics = proxy.metrics();
        assert_eq!((metrics.closes.reset, metrics.bytes.down, metrics.faults[1].fired), (5, 5 * 70_001, 5));
    });
}

#[test]
fn a_reset_of_one_side_ends_the_other_in_order() {
    both_ways(|shards| async move {
        let listener = shards.env(0).listen("127.0.0.1:0".parse().expect("an address")).expect("listens");
        let builder = squall_proxy::Proxy::tcp(listener.local_addr()).shards(shards.clone());
        let proxy = start(builder.fault(fault("reset:4,side=client"))).await;
        let client = dial(shards.env(0), &proxy).await;
        let server = listener.accept().await.0.attach().expect("attached");
        server.write_all(b"all of it").await.expect("sent");
        let (got, end) = read_out(&client).await;
        assert_eq!(
            (got.as_slice(), end.expect_err("a reset").kind()),
            (b"all ".as_slice(), ErrorKind::ConnectionReset)
        );
        assert!(read_out(&server).await.1.is_ok(), "the server sees a FIN");
    });
}

#[test]
fn the_same_seed_resets_the_same_connections_at_the_same_bytes() {
    let run = |seed: u64| {
        let (sender, receiver) = std::sync::mpsc::channel();
        really(move |shards| async move {
            let echo = echo(&shards).await;
            let proxy = start(proxy(&echo, &shards).seed(seed).fault(fault("reset:p=30%"))).await;
            for _ in 0..40 {
                let client = dial(shards.env(0), &proxy).await;
                let mut got = 0;
                // Requests of odd sizes, so that reads are cut differently from connection to connection.
                for n in [1usize, 700, 5_000, 12_000, 3] {
                    if client.write_all(&pattern(n)).await.is_err() {
                        break;
                    }
                    let mut buf = vec![0; n];
                    let mut at = 0;
                    while at < n {
                        match client.read(&mut buf[at..]).await {
                            Ok(k @ 1..) => at += k,
                            _ => break,
                        }
                    }
                    got += at;
                    if at < n {
                        break;
                    }
                }
                sender.send(got).expect("the test listens");
            }
        });
        receiver.iter().collect::<Vec<_>>()
    };
    let first = run(7);
    assert_eq!(first, run(7));
    assert_ne!(first, run(8));
    let cut = first.iter().filter(|got| **got < 17_704).count();
    assert!((4..=22).contains(&cut), "{cut} of 40 were reset");
}

/// Sends, finishes, and takes what comes back.
async fn exchange(client: &squall_wire::Stream, bytes: &[u8]) -> (Vec<u8>, std::io::Result<()>) {
    client.write_all(bytes).await.expect("sent");
    client.finish().expect("FIN");
    read_out(client).await
}

#[test]
fn flipped_bits_arrive_flipped_wherever_the_byte_waited() {
    both_ways(|shards| async move {
        let echo = echo(&shards).await;
        let specs = ["corrupt:at=7@up", "corrupt:at=150000,bits=8", "latency:2ms@both"];
        let builder = specs.iter().fold(proxy(&echo, &shards), |builder, spec| builder.fault(fault(spec)));
        let proxy = start(builder).await;
        let client = dial(shards.env(0), &proxy).await;
        let sent = pattern(200_000);
        let (got, end) = exchange(&client, &sent).await;
        assert!(end.is_ok());
        let differ: Vec<_> = (0..sent.len())
            .filter(|i| got[*i] != sent[*i])
            .map(|i| (i, (got[i] ^ sent[i]).count_ones()))
            .collect();
        assert_eq!(differ, [(7, 1), (150_000, 8)]);
    });
}

#[test]
fn a_truncated_connection_ends_with_a_fin_after_exactly_so_many_bytes() {
    both_ways(|shards| async move {
        let echo = echo(&shards).await;
        let proxy = start(proxy(&echo, &shards).fault(fault("truncate:70001"))).await;
        let (got, end) = exchange(&dial(shards.env(0), &proxy).await, &pattern(90_000)).await;
        assert!(end.is_ok() && got == pattern(70_001));
        proxy.idle().await;
        assert_eq!(proxy.metrics().closes.fin, 1);
    });
}

#[test]
fn a_timeout_closes_in_order_and_counts_as_one() {
    both_ways(|shards| async move {
        let echo = echo(&shards).await;
        let proxy = start(proxy(&echo, &shards).fault(fault("timeout:50ms"))).await;
        let client = dial(shards.env(0), &proxy).await;
        client.write_all(b"into the void").await.expect("sent");
        let (got, end) = read_out(&client).await;
        assert!(got.is_empty() && end.is_ok());
        drop(client);
        proxy.idle().await;
        assert_eq!(proxy.metrics().closes.timeout, 1);
    });
}

#[test]
fn slices_are_written_apart() {
    virtually(|shards| async move {
        let listener = shards.env(0).listen("127.0.0.1:0".parse().expect("an address")).expect("listens");
        let builder = squall_proxy::Proxy::tcp(listener.local_addr()).shards(shards.clone());
        let proxy = start(builder.fault(fault("slice:10,delay=1ms@up"))).await;
        let client = dial(shards.env(0), &proxy).await;
        client.write_all(&pattern(35)).await.expect("sent");
        let server = listener.accept().await.0.attach().expect("attached");
        let mut sizes = Vec::new();
        while sizes.iter().sum::<usize>() < 35 {
            sizes.push(server.read(&mut [0; 100]).await.expect("bytes"));
        }
        assert_eq!((sizes, shards.env(0).now()), (vec![10, 10, 10, 5], 3_000_000));
    });
}

#[test]
fn a_stopped_blackhole_fills_the_senders_window_and_a_freeze_loses_nothing() {
    virtually(|shards| async move {
        let echo = echo(&shards).await;
        let env = shards.env(0);
        let proxy = start(proxy(&echo, &shards)).await;
        let client = std::sync::Arc::new(dial(env, &proxy).await);
        ping(&client, b"open").await;
        let hole = proxy.inject(fault("blackhole:mode=stop@up"));
        let writer = client.clone();
        let sending = shards.spawn(0, async move {
            writer.write_all(&pattern(1 << 20)).await.expect("sent");
            writer.finish().expect("FIN");
        });
        env.sleep(Duration::from_secs(5)).await;
        assert!(!sending.is_finished() && proxy.metrics().bytes.up == 4, "nothing is read");
        drop(hole);
        proxy.inject(fault("freeze:2s")).keep();
        let before = env.now();
        assert!(read_out(&client).await.0 == pattern(1 << 20));
        assert_eq!(env.now() - before, 2_000_000_000);
    });
}

#[test]
fn a_repeated_window_does_not_keep_an_idle_connection_alive() {
    virtually(|shards| async move {
        let echo = echo(&shards).await;
        let builder =
            proxy(&echo, &shards).idle_timeout(Duration::from_secs(3)).fault(fault("freeze:10ms,every=1s"));
        let proxy = start(builder).await;
        let client = dial(shards.env(0), &proxy).await;
        assert!(read_out(&client).await.1.is_err());
        assert_eq!((proxy.metrics().closes.timeout, shards.env(0).now()), (1, 3_000_000_000));
    });
}

#[test]
fn a_server_that_disappears_leaves_its_client_waiting_and_ends_with_it() {
    both_ways(|shards| async move {
        let listener = shards.env(0).listen("127.0.0.1:0".parse().expect("an address")).expect("listens");
        let builder = squall_proxy::Proxy::tcp(listener.local_addr()).shards(shards.clone());
        let proxy = start(builder.fault(fault("half_open:4"))).await;
        let (env, client) = (shards.env(0), dial(shards.env(0), &proxy).await);
        let server = listener.accept().await.0.attach().expect("attached");
        server.write_all(b"then silence").await.expect("sent");
        assert_eq!(read_exact(&client, 4).await, b"then");
        client.write_all(&pattern(100_000)).await.expect("taken all the same");
        server.abort().expect("RST");
        let waited = env.timeout(Duration::from_millis(1_200), client.read(&mut [0; 8])).await;
        assert!(waited.is_none(), "the client hears neither bytes nor the RST: {waited:?}");
        assert_eq!((proxy.metrics().bytes.up, proxy.metrics().connections.active), (0, 1));
        drop(client);
        proxy.idle().await;
    });
}
