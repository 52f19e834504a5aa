//! The closed loop against servers of known behaviour, in virtual time.

use squall_load::{Load, Report};
use squall_wire::{Env, Shards, Stream, run_virtual};
use std::future::Future;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Starts a server that does `serve` to each connection, in accept order from 1, and yields the report of `load` against it.
fn against<F, Fut>(serve: F, load: impl FnOnce(SocketAddr) -> Load + Send + 'static) -> Report
where
    F: Fn(u64, Env, Stream) -> Fut + Send + 'static,
    Fut: Future<Output = ()> + Send + 'static,
{
    run_virtual(|shards| async move {
        let listener = shards.env(0).listen("127.0.0.1:0".parse().expect("an address")).expect("listens");
        let addr = listener.local_addr();
        let own = shards.clone();
        let server = shards.spawn(0, async move {
            for number in 1.. {
                let stream = listener.accept().await.0.attach().expect("attached");
                own.spawn(0, serve(number, own.env(0).clone(), stream));
            }
        });
        let report = load(addr).start(&shards).finish().await;
        server.abort();
        report
    })
    .expect("the world does not get stuck")
}

/// Sends back what comes, as `alter` makes it, for so many bytes; then the server is done with it.
async fn echo(stream: &Stream, limit: usize, alter: impl Fn(usize, &mut [u8])) -> usize {
    let (mut at, mut buf) = (0, [0; 4096]);
    while at < limit {
        let want = buf.len().min(limit - at);
        match stream.read(&mut buf[..want]).await {
            Ok(n @ 1..) => {
                alter(at, &mut buf[..n]);
                if stream.write_all(&buf[..n]).await.is_err() {
                    break;
                }
                at += n;
            }
            _ => break,
        }
    }
    at
}

fn as_is(_: usize, _: &mut [u8]) {}

#[test]
fn requests_are_dealt_evenly_and_all_come_back() {
    let served = Arc::new(Mutex::new(Vec::new()));
    let seen = served.clone();
    let serve = move |number, _, stream: Stream| {
        let seen = seen.clone();
        async move {
            let bytes = echo(&stream, usize::MAX, as_is).await;
            seen.lock().expect("not poisoned").push((number, bytes));
        }
    };
    let report = against(serve, |addr| Load::new(addr).connections(3).requests(11).size(100));
    let counts = report.counts;
    assert_eq!((counts.planned, counts.sent, counts.ok, counts.failed), (11, 11, 11, 0));
    assert_eq!((counts.bytes.sent, counts.connections.opened, counts.connections.lost), (1_100, 3, 0));
    let mut served = served.lock().expect("not poisoned").clone();
    served.sort_unstable();
    assert_eq!(served, [(1, 400), (2, 400), (3, 300)]);
}

#[test]
fn a_request_larger_than_every_buffer_does_not_block() {
    let serve = |_, _, stream: Stream| async move {
        echo(&stream, usize::MAX, as_is).await;
    };
    let report = against(serve, |addr| Load::new(addr).requests(2).size(3 << 20));
    assert_eq!((report.counts.ok, report.counts.bytes.received), (2, 6 << 20));
}

#[test]
fn one_wrong_bit_is_found() {
    let serve = |number, _, stream: Stream| async move {
        let wrong = if number == 1 { 2_500 } else { usize::MAX };
        let flip = |at: usize, bytes: &mut [u8]| {
            if let Some(byte) = wrong.checked_sub(at).and_then(|i| bytes.get_mut(i)) {
                *byte ^= 1;
            }
        };
        echo(&stream, usize::MAX, flip).await;
    };
    let report = against(serve, |addr| Load::new(addr).requests(10).size(1_000));
    assert_eq!((report.counts.ok, report.counts.failed, report.counts.integrity.corrupt), (9, 1, 1));
    assert_eq!((report.counts.errors.corrupt, report.counts.connections.opened), (1, 2));
}

#[test]
fn bytes_beyond_what_was_sent_are_counted() {
    let serve = |_, _, stream: Stream| async move {
        echo(&stream, 1_000, as_is).await;
        drop(stream.write_all(b"more").await);
        let _ = stream.finish();
        while let Ok(1..) = stream.read(&mut [0; 64]).await {}
    };
    let report = against(serve, |addr| Load::new(addr).requests(1).size(1_000));
    assert_eq!((report.counts.ok, report.counts.integrity.extra, report.counts.connections.lost), (1, 4, 0));
}

#[test]
fn an_early_end_a_reset_and_silence_are_told_apart() {
    let serve = |number, env: Env, stream: Stream| async move {
        match number {
            1 => {
                echo(&stream, 150, as_is).await;
                let _ = stream.finish();
            }
            2 => {
                echo(&stream, 50, as_is).await;
                let _ = stream.abort();
            }
            3 => env.sleep(Duration::from_secs(3600)).await,
            _ => {
                echo(&stream, usize::MAX, as_is).await;
            }
        }
    };
    let report = against(serve, |addr| Load::new(addr).requests(6).size(100).timeout(Duration::from_secs(2)));
    let counts = report.counts;
    assert_eq!((counts.ok, counts.failed), (3, 3));
    assert_eq!((counts.errors.closed, counts.errors.reset, counts.errors.timeout), (1, 1, 1));
    assert_eq!((counts.connections.opened, counts.connections.lost), (4, 3));
    assert_eq!(report.timing.elapsed_ns, 2_000_000_000);
}

#[test]
fn without_reconnecting_the_rest_of_a_lost_connections_share_is_not_sent() {
    let serve = |number, _, stream: Stream| async move {
        if number == 1 {
            echo(&stream, 250, as_is).await;
            let _ = stream.abort();
        } else {
            echo(&stream, usize::MAX, as_is).await;
        }
    };
    let load = |addr| Load::new(addr).connections(2).requests(20).size(100).reconnect(false);
    let counts = against(serve, load).counts;
    assert_eq!((counts.ok, counts.sent, counts.errors.reset, counts.errors.not_sent), (12, 13, 1, 7));
    assert_eq!(counts.ok + counts.failed, counts.planned);
}

#[test]
fn a_target_that_is_not_there_is_waited_for_and_then_given_up() {
    let report = run_virtual(|shards| async move {
        let vacant = "127.0.0.1:9".parse().expect("an address");
        let load = Load::new(vacant).requests(5).timeout(Duration::from_secs(1));
        load.start(&shards).finish().await
    });
    let report = report.expect("the world does not get stuck");
    assert_eq!(
        (report.counts.errors.refused, report.counts.sent, report.counts.connections.opened),
        (5, 0, 0)
    );
    let elapsed = Duration::from_nanos(report.timing.elapsed_ns);
    assert!((Duration::from_secs(1)..Duration::from_secs(2)).contains(&elapsed), "{elapsed:?}");
}

#[test]
fn connections_are_announced_with_worker_and_attempt_before_they_are_made() {
    let announced = Arc::new(Mutex::new(Vec::new()));
    let (heard, accepted) = (announced.clone(), Arc::new(Mutex::new(Vec::new())));
    let seen = accepted.clone();
    let serve = move |number, _, stream: Stream| {
        seen.lock().expect("not poisoned").push(stream.peer_addr().expect("an address"));
        async move {
            let limit = if number == 2 { 0 } else { usize::MAX };
            echo(&stream, limit, as_is).await;
        }
    };
    let load = move |addr| {
        let heard = heard.clone();
        let announce =
            move |local, worker, attempt| heard.lock().expect("not poisoned").push((local, worker, attempt));
        Load::new(addr).connections(3).requests(6).announce(announce)
    };
    let counts = against(serve, load).counts;
    assert_eq!((counts.ok, counts.connections.opened), (5, 4));
    let announced = announced.lock().expect("not poisoned").clone();
    let who: Vec<_> = announced.iter().map(|(_, worker, attempt)| (*worker, *attempt)).collect();
    assert_eq!(who, [(1, 1), (2, 1), (3, 1), (2, 2)]);
    let from: Vec<_> = announced.iter().map(|(local, ..)| *local).collect();
    assert_eq!(
        *accepted.lock().expect("not poisoned"),
        from,
        "accepted in the order in which they were made"
    );
}

#[test]
fn latency_is_measured_from_sending_and_pauses_do_not_count() {
    let serve = |_, env: Env, stream: Stream| async move {
        let mut buf = [0; 64];
        while let Ok(n @ 1..) = stream.read(&mut buf).await {
            env.sleep(Duration::from_micros(1_500)).await;
            if stream.write_all(&buf[..n]).await.is_err() {
                return;
            }
        }
    };
    let load = |addr| Load::new(addr).requests(10).size(64).pause(Duration::from_millis(100));
    let timing = against(serve, load).timing;
    assert_eq!(
        (timing.latency.min_ns, timing.latency.p50_ns, timing.latency.max_ns),
        (1_500_000, 1_500_000, 1_500_000)
    );
    assert_eq!(timing.elapsed_ns, 10 * 1_500_000 + 9 * 100_000_000);
}

#[test]
fn dropping_a_load_stops_it() {
    let open = run_virtual(|shards: Shards| async move {
        let echo = squall_echo::tcp().shards(shards.clone()).start().await.expect("the echo starts");
        let running = Load::new(echo.addr())
            .connections(4)
            .requests(1_000)
            .pause(Duration::from_secs(1))
            .start(&shards);
        shards.env(0).sleep(Duration::from_millis(1)).await;
        let before = running.counts().connections.opened;
        drop(running);
        shards.env(0).sleep(Duration::from_millis(1)).await;
        (before, echo.counts().active)
    });
    assert_eq!(open.expect("the world does not get stuck"), (4, 0));
}

#[test]
fn workers_begin_in_their_order_in_virtual_time() {
    let begun = Arc::new(Mutex::new(Vec::new()));
    let seen = begun.clone();
    let serve = move |number, _, stream: Stream| {
        let seen = seen.clone();
        async move {
            let mut buf = [0; 64];
            while let Ok(n @ 1..) = stream.read(&mut buf).await {
                seen.lock().expect("not poisoned").push(number);
                if stream.write_all(&buf[..n]).await.is_err() {
                    return;
                }
            }
        }
    };
    let size = squall_load::Mix::fixed(64);
    let report = against(serve, |addr| Load::new(addr).connections(32).requests(32).sizes(size));
    assert_eq!(report.counts.ok, 32);
    assert_eq!(*begun.lock().expect("not poisoned"), (1..=32).collect::<Vec<u64>>());
}
