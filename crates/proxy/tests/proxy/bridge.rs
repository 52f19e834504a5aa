//! Bridges: two sockets relayed, two ends found, and when it is over.

use crate::bench::*;
use pollster::block_on;
use squall_faults::catalogue::Truncate;
use squall_proxy::{BridgeEnd, Bytes, CloseReason, ProxyError, blocking, bridge};
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

/// A connected pair.
fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("binds");
    let near = TcpStream::connect(listener.local_addr().expect("an address")).expect("connects");
    (near, listener.accept().expect("accepts").0)
}

#[test]
fn two_sockets_are_relayed_until_one_closes_and_the_totals_come_back() {
    let ((mut client, a), (b, mut server)) = (pair(), pair());
    let kept = a.try_clone().expect("a clone");
    let bridging = thread::spawn(move || blocking::connect(a, b, 1, 3_600));
    client.write_all(&pattern(300_000)).expect("sent");
    let mut got = vec![0; 300_000];
    server.read_exact(&mut got).expect("received");
    assert_eq!(got, pattern(300_000));
    server.write_all(b"answer").expect("sent");
    client.read_exact(&mut got[..6]).expect("received");
    server.write_all(b"bye").expect("sent");
    server.shutdown(Shutdown::Write).expect("FIN");
    let mut rest = Vec::new();
    client.read_to_end(&mut rest).expect("ends in order");
    assert_eq!(rest, b"bye", "what was sent before the end arrives");
    let totals = bridging.join().expect("no panic").expect("totals");
    assert_eq!(totals, Bytes { up: 300_000, down: 9 });
    assert_eq!((&kept).read(&mut [0]).ok(), Some(0), "shut down for clones, too");
}

#[test]
fn a_pair_without_traffic_ends_after_the_clamped_delay() {
    let ((client, a), (b, server)) = (pair(), pair());
    let began = Instant::now();
    let totals = blocking::connect(a, b, 0, 0).expect("totals");
    assert!(began.elapsed() >= Duration::from_secs(2), "{:?}", began.elapsed());
    assert_eq!(totals, Bytes { up: 0, down: 0 });
    for mut end in [client, server] {
        // Idle ends are reset, so that nobody takes it for an orderly end.
        assert!(!matches!(end.read(&mut [0]), Ok(1..)));
    }
}

#[test]
fn idleness_is_looked_for_at_the_given_rate_and_traffic_puts_it_off() {
    let ((mut client, a), (b, mut server)) = (pair(), pair());
    let began = Instant::now();
    let period = Duration::from_millis(200);
    let running = bridge(a, b).idle_timeout(Duration::from_millis(50)).idle_check(period);
    let running = running.start().expect("starts");
    client.write_all(b"x").expect("sent");
    server.read_exact(&mut [0]).expect("received");
    let bridged = block_on(running.finish()).expect("ends");
    assert!(began.elapsed() >= period, "{:?}", began.elapsed());
    assert_eq!((bridged.reason, bridged.bytes), (CloseReason::Timeout, Bytes { up: 1, down: 0 }));
}

#[test]
fn a_half_closed_bridge_goes_on_unless_told() {
    let ((mut client, a), (b, mut server)) = (pair(), pair());
    let running = bridge(a, b).start().expect("starts");
    client.write_all(b"question").expect("sent");
    client.shutdown(Shutdown::Write).expect("FIN");
    let mut heard = Vec::new();
    server.read_to_end(&mut heard).expect("ends in order");
    server.write_all(b"answer").expect("sent");
    drop(server);
    heard.clear();
    client.read_to_end(&mut heard).expect("ends in order");
    assert_eq!(heard, b"answer");
    let bridged = block_on(running.finish()).expect("ends");
    assert_eq!((bridged.reason, bridged.bytes), (CloseReason::Fin, Bytes { up: 8, down: 6 }));
}

#[test]
fn ends_are_waited_for_and_dialled_and_faults_stand_between() {
    both_ways(|shards| async move {
        let echo = echo(&shards).await;
        let listen = BridgeEnd::listen("127.0.0.1:0".parse().expect("an address"));
        let running = bridge(listen, echo.addr()).fault(Truncate::at(1_000)).shards(shards.clone());
        let running = running.start().expect("starts");
        let [Some(addr), None] = running.addrs() else { panic!("{running:?}") };
        let client = shards.env(0).dial(addr).await.expect("connects");
        client.write_all(&pattern(3_000)).await.expect("sent");
        client.finish().expect("FIN");
        assert_eq!(read_out(&client).await.0, pattern(1_000));
        drop(client);
        let bridged = running.finish().await.expect("ends");
        assert_eq!((bridged.bytes.up, bridged.bytes.down), (3_000, 1_000));
    });
}

#[test]
fn an_end_that_cannot_be_reached_is_named() {
    let gone = TcpListener::bind("127.0.0.1:0").expect("binds").local_addr().expect("an address");
    let (mut client, a) = pair();
    let error = block_on(bridge(a, gone).run()).expect_err("nobody is there");
    assert!(
        matches!(&error, ProxyError::BridgeEnd { source, .. } if source.kind() == ErrorKind::ConnectionRefused)
    );
    assert!(error.to_string().starts_with(&format!("{gone}: ")), "{error}");
    assert_eq!(client.read(&mut [0]).expect("closed"), 0);
}

#[test]
fn a_bridge_that_is_dropped_resets_both() {
    let ((mut client, a), (b, mut server)) = (pair(), pair());
    let running = bridge(a, b).start().expect("starts");
    client.write_all(b"x").expect("sent");
    server.read_exact(&mut [0]).expect("received");
    drop(running);
    for end in [&mut client, &mut server] {
        assert_eq!(end.read(&mut [0]).expect_err("reset").kind(), ErrorKind::ConnectionReset);
    }
}
