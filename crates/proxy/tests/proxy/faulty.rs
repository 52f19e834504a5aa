//! Faults within a process: both ends of a connection, or one end that somebody has, on tokio's paused clock.

use crate::bench::pattern;
use squall_faults::FaultSpec;
use squall_faults::catalogue::{Latency, Reset};
use squall_proxy::ProxyError;
use squall_proxy::faulty::{Faults, Faulty, duplex};
use std::future::Future;
use std::io::ErrorKind;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, advance, timeout};

/// Runs a test on a clock that moves by itself once everybody waits.
fn paused<T>(test: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
    runtime.expect("a runtime").block_on(test)
}

fn faults(specs: &[&str]) -> Faults {
    let faults = Faults::new(7);
    for spec in specs {
        faults.add(spec.parse::<FaultSpec>().expect(spec)).expect(spec);
    }
    faults
}

#[test]
fn bytes_are_as_late_as_the_faults_say() {
    for (specs, bytes, late) in [
        (&["latency:50ms"][..], 10_000, 50),
        (&["latency:50ms@up"], 10_000, 0),
        (&["latency:20ms", "latency:30ms,name=more"], 1, 50),
        (&["bandwidth:1MB/s"], 500_000, 500),
        (&["slow_close:700ms"], 1, 700),
        (&["freeze:for=3s"], 1, 3_000),
    ] {
        paused(async {
            let (mut client, mut server) = duplex(&faults(specs));
            let before = Instant::now();
            let sending = async {
                server.write_all(&pattern(bytes)).await.expect("written");
                server.shutdown().await.expect("shut");
            };
            let mut heard = Vec::new();
            let (_, read) = tokio::join!(sending, client.read_to_end(&mut heard));
            read.expect("ends in order");
            assert!(heard == pattern(bytes), "{specs:?}");
            let took = before.elapsed().as_millis();
            assert!((late..=late + 1).contains(&took), "{specs:?}: {took} ms");
        });
    }
}

#[test]
fn stacks_of_faults_lose_and_change_nothing_in_either_direction() {
    let stack = [
        "latency:5ms,jitter=5ms@both",
        "slice:700,variation=300@both",
        "loss:2%@both",
        "bandwidth:2MB/s@both",
    ];
    let run = || {
        paused(async {
            let (mut client, mut server) = duplex(&faults(&stack));
            let echoing = async {
                let (mut from, mut to) = tokio::io::split(&mut server);
                tokio::io::copy(&mut from, &mut to).await.expect("echoed");
                to.shutdown().await.expect("shut");
            };
            let asking = async {
                let (mut from, mut to) = tokio::io::split(&mut client);
                let mut heard = Vec::new();
                let sending = async {
                    to.write_all(&pattern(300_000)).await.expect("written");
                    to.shutdown().await.expect("shut");
                };
                let (_, read) = tokio::join!(sending, from.read_to_end(&mut heard));
                read.expect("ends in order");
                heard
            };
            let before = Instant::now();
            let (_, heard) = tokio::join!(echoing, asking);
            assert!(heard == pattern(300_000));
            before.elapsed()
        })
    };
    assert_eq!(run(), run(), "the same seed, the same time");
}

#[test]
fn a_reset_is_seen_by_both_ends_at_its_byte() {
    paused(async {
        let faults = Faults::new(0);
        let fault = faults.add(Reset::at(1_000)).expect("fits");
        let (mut client, mut server) = duplex(&faults);
        server.write_all(&pattern(5_000)).await.expect("written");
        let mut heard = vec![0; 1_000];
        client.read_exact(&mut heard).await.expect("the bytes before it");
        assert_eq!(heard, pattern(1_000));
        for end in [&mut client, &mut server] {
            assert_eq!(end.read(&mut [0]).await.expect_err("reset").kind(), ErrorKind::ConnectionReset);
            assert_eq!(end.write(&[0]).await.expect_err("reset").kind(), ErrorKind::ConnectionReset);
        }
        assert_eq!(fault.fired(), 1);
        let (_client, mut server) = duplex(&faults);
        server.write_all(&[0; 999]).await.expect("another connection begins anew");
    });
}

#[test]
fn a_fault_that_is_taken_off_lets_go_at_once() {
    paused(async {
        let faults = Faults::new(0);
        let fault = faults.add("bandwidth:0B/s".parse::<FaultSpec>().expect("a fault")).expect("fits");
        let (mut client, mut server) = duplex(&faults);
        server.write_all(b"held").await.expect("written");
        assert!(timeout(Duration::from_secs(3_600), client.read(&mut [0])).await.is_err());
        let reading = tokio::spawn(async move {
            let mut heard = [0; 4];
            client.read_exact(&mut heard).await.map(|_| heard)
        });
        tokio::task::yield_now().await;
        assert!(fault.remove() && !fault.remove());
        assert_eq!(&reading.await.expect("no panic").expect("bytes"), b"held");
    });
}

#[test]
fn a_writer_waits_for_a_reader_that_rests_and_ends_with_one_that_goes() {
    paused(async {
        let (client, mut server) = duplex(&Faults::new(0));
        let flood = timeout(Duration::from_secs(60), server.write_all(&vec![0; 10 << 20])).await;
        assert!(flood.is_err(), "nobody reads");
        drop(client);
        assert_eq!(server.write(&[0]).await.expect_err("nobody is left").kind(), ErrorKind::BrokenPipe);
        assert_eq!(server.read(&mut [0]).await.expect("an orderly end"), 0);
    });
}

#[test]
fn what_needs_a_client_that_connects_is_refused() {
    let refused =
        Faults::new(0).add("refuse".parse::<FaultSpec>().expect("a fault")).expect_err("no connecting");
    assert!(matches!(refused, ProxyError::Unsupported { fault: "refuse", .. }), "{refused}");
    let datagrams = "duplicate:10%".parse::<FaultSpec>().expect("a fault");
    assert!(Faults::new(0).add(datagrams).is_err());
}

#[test]
fn a_foreign_stream_gets_the_faults_of_both_directions() {
    paused(async {
        let faults = faults(&["latency:30ms@up", "latency:50ms@down", "corrupt:at=2@down"]);
        let (inner, mut far) = tokio::io::duplex(1 << 16);
        let mut near = Faulty::new(inner, &faults);
        let before = Instant::now();
        near.write_all(b"ask").await.expect("written");
        near.flush().await.expect("flushed once it is delivered");
        assert_eq!(before.elapsed().as_millis(), 30);
        far.read_exact(&mut [0; 3]).await.expect("delivered");
        far.write_all(b"aaaa").await.expect("written");
        far.shutdown().await.expect("shut");
        let mut heard = Vec::new();
        near.read_to_end(&mut heard).await.expect("ends in order");
        let changed =
            (heard[..2] == *b"aa" && heard[2] != b'a' && heard[3] == b'a', before.elapsed().as_millis());
        assert_eq!(changed, (true, 80));
        near.write_all(b"bye").await.expect("half-closed only");
        near.shutdown().await.expect("shut");
        let mut rest = String::new();
        far.read_to_string(&mut rest).await.expect("ends in order");
        assert_eq!(rest, "bye");
    });
}

#[test]
fn a_foreign_stream_that_is_reset_or_breaks_says_so() {
    paused(async {
        let faults = Faults::new(0);
        faults.add(Reset::at(2)).expect("fits");
        let (inner, mut far) = tokio::io::duplex(64);
        let mut near = Faulty::new(inner, &faults);
        far.write_all(b"abc").await.expect("written");
        let mut heard = Vec::new();
        let error = near.read_to_end(&mut heard).await.expect_err("reset");
        assert_eq!((heard.as_slice(), error.kind()), (&b"ab"[..], ErrorKind::ConnectionReset));
        assert_eq!(far.read(&mut [0]).await.expect("shut"), 0);

        let broken = tokio_test::io::Builder::new()
            .read(b"x")
            .read_error(std::io::Error::new(ErrorKind::ConnectionAborted, "gone"))
            .build();
        let late = Faults::new(0);
        late.add(Latency::new(Duration::from_secs(5))).expect("fits");
        let mut near = Faulty::new(broken, &late);
        let before = Instant::now();
        let error = near.read_to_end(&mut heard).await.expect_err("broken");
        assert_eq!((error.kind(), heard.last()), (ErrorKind::ConnectionAborted, Some(&b'x')));
        assert_eq!(before.elapsed().as_secs(), 5, "its errors are as late as its bytes");
    });
}

#[test]
fn time_that_a_test_moves_itself_is_time_that_has_passed() {
    paused(async {
        let (mut client, mut server) = duplex(&faults(&["latency:10s"]));
        server.write_all(b"x").await.expect("written");
        advance(Duration::from_secs(10)).await;
        let now = Instant::now();
        client.read_exact(&mut [0]).await.expect("due");
        assert_eq!(now.elapsed(), Duration::ZERO);
    });
}
