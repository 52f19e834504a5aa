//! Bulk through pipes of the kernel: byte for byte what copying does, whatever faults come and go.

use crate::bench::*;
use squall_proxy::Relay;
use squall_wire::{Shards, Stream};
use std::sync::Arc;
use std::time::Duration;

const MODES: [Relay; 3] = [Relay::Splice, Relay::Auto, Relay::Copy];

/// Sends everything, then FIN, while it is read back.
async fn round_trip(shards: &Shards, client: Stream, bytes: &Arc<Vec<u8>>) -> (Vec<u8>, std::io::Result<()>) {
    let client = Arc::new(client);
    let (writer, sent) = (client.clone(), bytes.clone());
    let sending = shards.spawn(0, async move {
        for piece in sent.chunks(200_000) {
            if writer.write_all(piece).await.is_err() {
                return;
            }
        }
        let _ = writer.finish();
    });
    let outcome = read_out(&client).await;
    sending.await.expect("the writer ends");
    outcome
}

#[test]
fn everything_comes_back_however_it_is_relayed() {
    really(|shards| async move {
        let bytes = Arc::new(pattern(16 << 20));
        for mode in MODES {
            let echo = echo(&shards).await;
            let proxy = start(proxy(&echo, &shards).relay(mode)).await;
            let (got, end) = round_trip(&shards, dial(shards.env(1), &proxy).await, &bytes).await;
            assert!(end.is_ok() && got == *bytes, "{mode:?}");
            settles(|| proxy.metrics().closes.fin == 1).await;
            assert_eq!((proxy.metrics().bytes.up, proxy.metrics().bytes.down), (16 << 20, 16 << 20));
        }
    });
}

#[test]
fn faults_that_need_no_payload_are_exact_in_front_of_a_pipe() {
    really(|shards| async move {
        let bytes = Arc::new(pattern(3_000_000));
        for mode in MODES {
            for (spec, passes, ends_well) in [
                ("truncate:1234567", 1_234_567, true),
                ("reset:2345678", 2_345_678, false),
                ("bandwidth:40MB/s@both", 3_000_000, true),
                ("freeze:20ms,every=50ms", 3_000_000, true),
                ("slice:100000,variation=50000", 3_000_000, true),
            ] {
                let echo = echo(&shards).await;
                let proxy = start(proxy(&echo, &shards).relay(mode).fault(fault(spec))).await;
                let (got, end) = round_trip(&shards, dial(shards.env(1), &proxy).await, &bytes).await;
                assert_eq!((got.len(), end.is_ok()), (passes, ends_well), "{mode:?} {spec}");
                assert!(got == bytes[..passes], "{mode:?} {spec}");
            }
        }
    });
}

#[test]
fn a_flow_changes_hands_live_and_loses_nothing() {
    really(|shards| async move {
        for mode in [Relay::Splice, Relay::Auto] {
            let bytes = Arc::new(pattern(24 << 20));
            let echo = echo(&shards).await;
            let proxy = start(proxy(&echo, &shards).relay(mode)).await;
            let client = dial(shards.env(1), &proxy).await;
            let env = shards.env(0).clone();
            let changing = shards.spawn(0, async move {
                for i in 0..150u64 {
                    let spec = [
                        "latency:1ms@both",
                        "bandwidth:300MB/s@both",
                        "freeze:1ms@both",
                        "reset:match=never there,match_on=up@both",
                        "slice:30000@both",
                        "loss:1%,rtt=1ms@both",
                    ][i as usize % 6];
                    let guard = proxy.inject(fault(spec));
                    env.sleep(Duration::from_micros(200 + i * 3)).await;
                    drop(guard);
                    env.sleep(Duration::from_micros(100)).await;
                }
                proxy
            });
            let (got, end) = round_trip(&shards, client, &bytes).await;
            assert!(end.is_ok() && got == *bytes, "{mode:?}: {} of {} bytes", got.len(), bytes.len());
            drop(changing.await.expect("the changes end"));
        }
    });
}

#[test]
fn a_receiver_that_does_not_read_leaves_little_in_the_way() {
    really(|shards| async move {
        let env = shards.env(1);
        let sink = env.listen("127.0.0.1:0".parse().expect("an address")).expect("a port");
        let proxy =
            start(squall_proxy::Proxy::tcp(sink.local_addr()).shards(shards.clone()).relay(Relay::Splice))
                .await;
        let client = Arc::new(dial(env, &proxy).await);
        let server = sink.accept().await.0.attach().expect("attached");
        let writer = client.clone();
        let bytes = Arc::new(pattern(30 << 20));
        let sent = bytes.clone();
        let sending = shards.spawn(0, async move {
            writer.write_all(&sent).await.expect("sent");
            writer.finish().expect("FIN");
        });
        settles_in(env, || proxy.metrics().held > 0).await;
        assert!(proxy.metrics().held <= 1 << 20, "one pipe at the most");
        let (got, end) = read_out(&server).await;
        assert!(end.is_ok() && got == *bytes);
        sending.await.expect("the writer ends");
        assert!(proxy.metrics().held_max <= 1 << 20);
    });
}
