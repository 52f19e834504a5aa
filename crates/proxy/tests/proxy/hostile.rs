//! What a hostile or unlucky peer, plan change or handle can do to a link.

use crate::bench::*;
use squall_faults::{Reset, Shape};
use squall_proxy::{Event, Proxy, ProxyBuilder};
use squall_wire::{Listener, Shards, Stream};
use std::future::Future;
use std::io::ErrorKind;
use std::net::TcpStream as StdStream;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::task::{Context, Waker};
use std::time::Duration;

const SOON: Duration = Duration::from_secs(5);

fn listen(shards: &Shards) -> Listener {
    shards.env(0).listen("127.0.0.1:0".parse().expect("an address")).expect("listens")
}

fn to(listener: &Listener, shards: &Shards) -> ProxyBuilder {
    Proxy::tcp(listener.local_addr()).shards(shards.clone())
}

/// A connection through the proxy, both ends in hand.
async fn connect(shards: &Shards, proxy: &Proxy, listener: &Listener) -> (Arc<Stream>, Arc<Stream>) {
    let client = dial(shards.env(0), proxy).await;
    let server = listener.accept().await.0.attach().expect("attached");
    (Arc::new(client), Arc::new(server))
}

/// Writes for as long as it can, to nobody's concern.
fn flood(shards: &Shards, stream: &Arc<Stream>, bytes: usize) {
    let stream = stream.clone();
    shards.spawn(0, async move { stream.write_all(&vec![1; bytes]).await });
}

/// Waits until the link moves nothing any more.
async fn stuck(shards: &Shards, proxy: &Proxy) {
    let mut before = None;
    while before != Some(proxy.metrics().bytes) {
        before = Some(proxy.metrics().bytes);
        shards.env(0).sleep(Duration::from_millis(100)).await;
    }
}

async fn assert_ends(shards: &Shards, proxy: &Proxy) {
    let ended = shards.env(0).timeout(SOON, proxy.idle()).await;
    assert!(ended.is_some(), "still open: {:?}", proxy.metrics());
}

#[test]
fn dropping_the_proxy_ends_connections_that_are_just_being_accepted() {
    really(|shards| async move {
        let own = Shards::start(NonZeroUsize::MIN).expect("a shard");
        let listener = listen(&shards);
        for round in 0..40u64 {
            let proxy = start(Proxy::tcp(listener.local_addr()).shards(own.clone())).await;
            let meter = proxy.meter();
            // The acceptor's thread is held up until the backlog is full, so that the drop meets it at work.
            let (go, wait) = std::sync::mpsc::channel::<()>();
            own.spawn(0, async move { wait.recv() });
            let clients: Vec<_> =
                (0..300).map(|_| StdStream::connect(proxy.addr()).expect("queued")).collect();
            drop(go);
            let until = shards.env(0).now() + 50_000 * round;
            while shards.env(0).now() < until {}
            drop(proxy);
            let mut waits = 0;
            while meter().connections.active > 0 {
                waits += 1;
                assert!(waits < 500, "round {round}: {:?}", meter().connections);
                shards.env(0).sleep(Duration::from_millis(10)).await;
            }
            drop(clients);
        }
    });
}

#[test]
fn both_peers_may_break_while_both_directions_are_blocked() {
    both_ways(|shards| async move {
        let listener = listen(&shards);
        let proxy = start(to(&listener, &shards)).await;
        let (client, server) = connect(&shards, &proxy, &listener).await;
        flood(&shards, &client, 64 << 20);
        flood(&shards, &server, 64 << 20);
        stuck(&shards, &proxy).await;
        client.abort().expect("RST");
        server.abort().expect("RST");
        assert_ends(&shards, &proxy).await;
    });
}

#[test]
fn a_client_that_breaks_frees_a_server_that_is_stuck_writing_to_it() {
    both_ways(|shards| async move {
        let echo = echo(&shards).await;
        let proxy = start(proxy(&echo, &shards)).await;
        let client = Arc::new(dial(shards.env(0), &proxy).await);
        flood(&shards, &client, 64 << 20);
        stuck(&shards, &proxy).await;
        client.abort().expect("RST");
        assert_ends(&shards, &proxy).await;
    });
}

#[test]
fn what_a_fault_has_let_go_still_counts_as_held() {
    both_ways(|shards| async move {
        let listener = listen(&shards);
        let proxy = start(to(&listener, &shards).buffer(100_000).fault(fault("latency:1ms@up"))).await;
        let (client, _server) = connect(&shards, &proxy, &listener).await;
        flood(&shards, &client, 64 << 20);
        stuck(&shards, &proxy).await;
        let metrics = proxy.metrics();
        assert!(metrics.held_max <= (1 << 20) + (256 << 10) + 100_000, "{metrics:?}");
    });
}

#[test]
fn a_reset_waits_no_more_than_its_second_for_a_receiver_that_does_not_read() {
    virtually(|shards| async move {
        let listener = listen(&shards);
        let proxy = start(to(&listener, &shards).fault(Reset::at(200_000).down())).await;
        let (_client, server) = connect(&shards, &proxy, &listener).await;
        flood(&shards, &server, 1 << 20);
        assert_ends(&shards, &proxy).await;
    });
}

#[test]
fn a_reset_at_once_overtakes_what_its_receiver_does_not_read() {
    both_ways(|shards| async move {
        let listener = listen(&shards);
        let reset = Reset::at(0).at_once().after_time(Duration::from_millis(300));
        let proxy = start(to(&listener, &shards).fault(reset)).await;
        let (_client, server) = connect(&shards, &proxy, &listener).await;
        flood(&shards, &server, 64 << 20);
        assert_ends(&shards, &proxy).await;
    });
}

#[test]
fn nothing_is_read_any_more_once_a_reset_is_on_its_way() {
    virtually(|shards| async move {
        let listener = listen(&shards);
        let proxy = start(to(&listener, &shards).fault(Reset::at(80_000).down())).await;
        let (client, server) = connect(&shards, &proxy, &listener).await;
        flood(&shards, &server, 90_000);
        shards.env(0).sleep(Duration::from_millis(10)).await;
        flood(&shards, &client, 30_000_000);
        shards.env(0).sleep(Duration::from_millis(10)).await;
        assert!(proxy.metrics().held_max < 1 << 20, "{:?}", proxy.metrics());
    });
}

#[test]
fn removing_the_fault_that_holds_a_reset_lets_it_go_in_its_place() {
    virtually(|shards| async move {
        let listener = listen(&shards);
        let proxy = start(to(&listener, &shards).fault(Reset::at(4).down())).await;
        let guard = proxy.inject(fault("latency:1h"));
        let (client, server) = connect(&shards, &proxy, &listener).await;
        server.write_all(b"all of it").await.expect("sent");
        shards.env(0).sleep(Duration::from_secs(1)).await;
        drop(guard);
        let (got, end) = read_out(&client).await;
        assert_eq!(
            (got.as_slice(), end.expect_err("a reset").kind()),
            (b"all ".as_slice(), ErrorKind::ConnectionReset)
        );
    });
}

#[test]
fn bytes_on_their_way_are_not_idle() {
    for spec in ["bandwidth:1KB/s", "latency:8s"] {
        virtually(move |shards| async move {
            let echo = echo(&shards).await;
            let builder = proxy(&echo, &shards).idle_timeout(Duration::from_secs(5)).fault(fault(spec));
            let proxy = start(builder).await;
            let client = dial(shards.env(0), &proxy).await;
            ping(&client, &pattern(20_000)).await;
        });
    }
}

#[test]
fn a_reset_of_the_server_does_not_wait_for_the_client_to_close() {
    virtually(|shards| async move {
        let listener = listen(&shards);
        let proxy = start(to(&listener, &shards).fault(fault("reset:4,side=server@up"))).await;
        let (client, server) = connect(&shards, &proxy, &listener).await;
        let before = shards.env(0).now();
        client.write_all(b"all of it").await.expect("sent");
        assert_eq!(read_out(&server).await.0, b"all ");
        let took = shards.env(0).now() - before;
        assert!(took < 1_000_000, "{took} ns");
    });
}

#[test]
fn a_reset_after_a_half_close_is_passed_on() {
    both_ways(|shards| async move {
        let listener = listen(&shards);
        let proxy = start(to(&listener, &shards)).await;
        let (client, server) = connect(&shards, &proxy, &listener).await;
        client.finish().expect("FIN");
        assert_eq!(read_out(&server).await.0, b"");
        client.abort().expect("RST");
        assert_ends(&shards, &proxy).await;
    });
}

#[test]
fn a_listener_that_comes_late_hears_of_every_byte() {
    virtually(|shards| async move {
        let echo = echo(&shards).await;
        let proxy = start(proxy(&echo, &shards)).await;
        let mut events = proxy.events();
        let client = dial(shards.env(0), &proxy).await;
        for _ in 0..2_000 {
            ping(&client, b"x").await;
        }
        client.finish().expect("FIN");
        assert!(read_out(&client).await.1.is_ok());
        let (mut up, mut down) = (0, 0);
        loop {
            match events.recv().await.expect("an event") {
                Event::BytesUpstream { bytes, .. } => up += bytes,
                Event::BytesDownstream { bytes, .. } => down += bytes,
                Event::ConnectionClosed { .. } => break,
                Event::ConnectionOpened { .. } => {}
            }
        }
        assert_eq!((up, down), (2_000, 2_000));
    });
}

#[test]
fn restoring_while_a_cut_is_under_way_does_not_fail() {
    virtually(|shards| async move {
        let echo = echo(&shards).await;
        let proxy = start(proxy(&echo, &shards)).await;
        let mut cut = Box::pin(proxy.cut());
        assert!(cut.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        proxy.restore().await.expect("nobody else has the port");
        cut.await;
    });
}

#[test]
fn a_cut_that_is_given_up_has_cut() {
    virtually(|shards| async move {
        let echo = echo(&shards).await;
        let proxy = start(proxy(&echo, &shards)).await;
        let client = dial(shards.env(0), &proxy).await;
        ping(&client, b"x").await;
        let mut cut = Box::pin(proxy.cut());
        assert!(cut.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        drop(cut);
        assert_ends(&shards, &proxy).await;
    });
}
