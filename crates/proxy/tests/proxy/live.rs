//! Faults that come and go while bytes are in flight.

use crate::bench::*;
use std::sync::Arc;
use std::time::Duration;

#[test]
fn a_guard_puts_a_fault_on_open_connections_and_takes_it_off() {
    virtually(|shards| async move {
        let echo = echo(&shards).await;
        let env = shards.env(0);
        let proxy = start(proxy(&echo, &shards)).await;
        let client = dial(env, &proxy).await;
        ping(&client, b"fast").await;
        let guard = proxy.inject(fault("latency:50ms"));
        let before = env.now();
        ping(&client, b"slow").await;
        assert_eq!(env.now() - before, 50_000_000);
        assert_eq!((guard.name(), guard.fired()), ("latency", 1));
        drop(guard);
        let before = env.now();
        ping(&client, b"fast again").await;
        assert_eq!(env.now(), before);
        proxy.inject(fault("latency:1ms,name=stays")).keep();
        assert_eq!(proxy.faults(), ["latency:1ms,name=stays@down"]);
        assert!(proxy.clear("stays") && !proxy.clear("stays"));
    });
}

#[test]
fn what_a_fault_holds_is_let_go_at_once_when_it_is_removed() {
    virtually(|shards| async move {
        let echo = echo(&shards).await;
        let env = shards.env(0);
        let proxy = start(proxy(&echo, &shards)).await;
        let client = dial(env, &proxy).await;
        let guard = proxy.inject(fault("latency:1h"));
        client.write_all(b"held").await.expect("sent");
        env.sleep(Duration::from_secs(1)).await;
        assert_eq!(proxy.metrics().held, 4);
        drop(guard);
        assert_eq!(read_exact(&client, 4).await, b"held");
        assert_eq!(env.now(), 1_000_000_000);
    });
}

#[test]
fn changes_under_traffic_lose_and_reorder_nothing() {
    both_ways(|shards| async move {
        let echo = echo(&shards).await;
        let proxy = start(proxy(&echo, &shards)).await;
        let client = Arc::new(dial(shards.env(1), &proxy).await);
        let bytes = Arc::new(pattern(4 << 20));
        let (writer, sent) = (client.clone(), bytes.clone());
        let sending = shards.spawn(0, async move {
            for piece in sent.chunks(10_000) {
                writer.write_all(piece).await.expect("sent");
            }
            writer.finish().expect("FIN");
        });
        let env = shards.env(0).clone();
        let changing = shards.spawn(0, async move {
            for i in 0..200u64 {
                let guards = [
                    proxy.inject(fault(
                        ["latency:3ms@both", "bandwidth:50MB/s@up", "latency:1ms,jitter=1ms"][i as usize % 3],
                    )),
                    proxy.inject(fault("bandwidth:80MB/s")),
                ];
                env.sleep(Duration::from_micros(300 + i)).await;
                drop(guards);
            }
            proxy
        });
        let (got, end) = read_out(&client).await;
        assert!(end.is_ok() && got == *bytes);
        sending.await.expect("the writer ends");
        drop(changing.await.expect("the changes end"));
    });
}

#[test]
fn faults_that_were_removed_keep_their_counts() {
    virtually(|shards| async move {
        let echo = echo(&shards).await;
        let proxy = start(proxy(&echo, &shards)).await;
        for _ in 0..3 {
            let guard = proxy.inject(fault("latency:1ms,name=spike"));
            ping(&dial(shards.env(0), &proxy).await, b"x").await;
            drop(guard);
        }
        let faults = proxy.metrics().faults;
        assert_eq!(
            (faults.len(), faults[0].name.as_str(), faults[0].fired, faults[0].active),
            (1, "spike", 3, false)
        );
        let _one = proxy.inject(fault("latency:1ms,name=spike"));
        assert!(proxy.try_inject(fault("latency:1ms,name=spike")).is_err(), "the name is taken");
    });
}

#[test]
fn labels_decide_instead_of_the_accept_order() {
    virtually(|shards| async move {
        let echo = echo(&shards).await;
        let env = shards.env(0);
        let outcome = async |order: Vec<u64>| {
            let proxy = start(proxy(&echo, &shards).seed(3).fault(fault("reset:p=50%,within=10"))).await;
            let mut outcomes = Vec::new();
            for worker in order {
                let dialer = env.dialer(proxy.addr()).expect("a port");
                proxy.labels().set(dialer.local_addr(), worker, 1);
                let client = dialer.connect().await.expect("accepted");
                client.write_all(&pattern(20)).await.expect("sent");
                client.finish().expect("FIN");
                outcomes.push((worker, read_out(&client).await.0.len()));
            }
            outcomes.sort_unstable();
            outcomes
        };
        let forward = outcome((1..=20).collect()).await;
        assert_eq!(forward, outcome((1..=20).rev().collect()).await);
        assert!(forward.iter().any(|(_, n)| *n == 20) && forward.iter().any(|(_, n)| *n < 20));
    });
}

#[test]
fn a_changed_fault_takes_over_what_it_held() {
    both_ways(|shards| async move {
        let echo = echo(&shards).await;
        let env = shards.env(0);
        let proxy = start(proxy(&echo, &shards)).await;
        let client = dial(env, &proxy).await;
        let mut guard = proxy.inject(fault("latency:1h,name=slow"));
        client.write_all(b"held").await.expect("sent");
        settles_in(env, || proxy.metrics().held == 4).await;
        assert!(guard.update(fault("reset:3")).is_err(), "another kind");
        guard.update(fault("latency:1ms")).expect("another delay");
        assert_eq!(read_exact(&client, 4).await, b"held");
        assert_eq!((proxy.faults(), guard.fired()), (vec!["latency:1ms,name=slow@down".to_owned()], 1));
        proxy.update("slow", fault("latency:2ms@both")).expect("there");
        let before = env.now();
        ping(&client, b"both ways now").await;
        assert!(env.now() - before >= 4_000_000);
        assert!(proxy.update("none", fault("latency:1ms")).is_err());
    });
}

#[test]
fn updates_under_traffic_lose_and_reorder_nothing() {
    both_ways(|shards| async move {
        let echo = echo(&shards).await;
        let proxy = start(proxy(&echo, &shards).fault(fault("latency:2ms,name=a@both"))).await;
        let client = Arc::new(dial(shards.env(1), &proxy).await);
        let bytes = Arc::new(pattern(2 << 20));
        let (writer, sent) = (client.clone(), bytes.clone());
        let sending = shards.spawn(0, async move {
            for piece in sent.chunks(10_000) {
                writer.write_all(piece).await.expect("sent");
            }
            writer.finish().expect("FIN");
        });
        let env = shards.env(0).clone();
        let changing = shards.spawn(0, async move {
            let mut rate = proxy.inject(fault("bandwidth:50MB/s,shared=true"));
            for i in 0..200u64 {
                let delay = ["1ms", "3ms,jitter=1ms", "500us@both", "2ms@up"][i as usize % 4];
                proxy.update("a", fault(&format!("latency:{delay}"))).expect("there");
                let speed = ["80MB/s", "40MB/s,shared=true", "60MB/s,burst=64KiB@both"][i as usize % 3];
                rate.update(fault(&format!("bandwidth:{speed}"))).expect("there");
                env.sleep(Duration::from_micros(200 + i)).await;
            }
            drop(rate);
            proxy
        });
        let (got, end) = read_out(&client).await;
        assert!(end.is_ok() && got == *bytes);
        sending.await.expect("the writer ends");
        drop(changing.await.expect("the changes end"));
    });
}
