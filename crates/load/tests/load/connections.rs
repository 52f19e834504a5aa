//! What connections begin and end with, how long they live, and where they come from.

use crate::target::{against, echo, fill};
use squall_load::{Close, Load, ProxyProtocol, Report, Request, Source};
use squall_wire::{Env, Shards, Stream, run_virtual};
use std::io::ErrorKind;
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// How each connection ended, in the order of their ends: the bytes before, whether by reset, and when.
type Ends = Arc<Mutex<Vec<(usize, bool, u64)>>>;

/// An echo that notes how its connections end.
fn noting(load: impl FnOnce(Load) -> Load + Send + 'static) -> (Report, Vec<(usize, bool, u64)>) {
    let ends = Ends::default();
    let noted = ends.clone();
    let serve = move |_, env: Env, stream: Stream| {
        let ends = noted.clone();
        async move {
            let (mut buf, mut bytes) = ([0; 4096], 0);
            let reset = loop {
                match stream.read(&mut buf).await {
                    Ok(0) => break false,
                    Ok(n) => {
                        bytes += n;
                        let _ = stream.write_all(&buf[..n]).await;
                    }
                    Err(error) => break error.kind() == ErrorKind::ConnectionReset,
                }
            };
            ends.lock().expect("not poisoned").push((bytes, reset, env.now()));
        }
    };
    let report = against(serve, |addr| load(Load::new(addr)));
    let ends = ends.lock().expect("not poisoned").clone();
    (report, ends)
}

#[test]
fn a_connection_is_replaced_after_so_many_requests() {
    let (report, ends) = noting(|load| load.connections(2).requests(10).size(100).per_connection(2));
    let counts = report.counts;
    assert_eq!((counts.ok, counts.connections.opened, counts.connections.lost), (10, 6, 0));
    let mut bytes: Vec<usize> = ends.iter().map(|(bytes, ..)| *bytes).collect();
    bytes.sort_unstable();
    assert_eq!(bytes, [100, 100, 200, 200, 200, 200]);
}

#[test]
fn connections_end_as_they_are_told_to() {
    let ends = |close| noting(move |load| load.requests(3).size(100).close(close));
    let (fin, ended) = ends(Close::Fin);
    assert_eq!((fin.counts.ok, ended[0].1), (3, false));
    let (rst, ended) = ends(Close::Rst);
    assert_eq!((rst.counts.ok, rst.counts.connections.lost, ended[0].1), (3, 0, true));
}

#[test]
fn a_half_close_comes_before_the_last_answer() {
    // It answers only when the client has finished.
    let serve = |_, _, stream: Stream| async move {
        let mut request = [0; 64];
        if fill(&stream, &mut request).await && !fill(&stream, &mut [0]).await {
            let _ = stream.write_all(&request).await;
            let _ = stream.finish();
        }
    };
    let load = |close| move |addr| Load::new(addr).size(64).close(close).timeout(Duration::from_secs(1));
    assert_eq!(against(serve, load(Close::Half)).counts.ok, 1);
    assert_eq!(against(serve, load(Close::Fin)).counts.errors.timeout, 1);
}

#[test]
fn a_connection_is_held_before_it_is_closed() {
    let (_, ends) = noting(|load| load.requests(1).size(10).hold(Duration::from_secs(7)));
    assert!(ends[0].2 >= 7_000_000_000, "{ends:?}");
}

#[test]
fn connections_come_from_all_of_the_range() {
    let peers = Arc::new(Mutex::new(Vec::new()));
    let seen = peers.clone();
    let serve = move |_, env: Env, stream: Stream| {
        seen.lock().expect("not poisoned").push(stream.peer_addr().expect("an address").ip().to_string());
        async move { echo(&env, &stream, |now| now).await }
    };
    let source = Source::new(IpAddr::from([127, 0, 0, 0]), 30).expect("a range");
    let report = against(serve, move |addr| Load::new(addr).connections(3).requests(3).source(source));
    assert_eq!(report.counts.ok, 3);
    assert_eq!(*peers.lock().expect("not poisoned"), ["127.0.0.1", "127.0.0.2", "127.0.0.1"]);
}

#[test]
fn a_connection_begins_with_where_it_comes_from() {
    for (version, length) in [(ProxyProtocol::V1, 0), (ProxyProtocol::V2, 28)] {
        let serve = move |_, env: Env, stream: Stream| async move {
            let mut header = vec![0; if length == 0 { 1 } else { length }];
            assert!(fill(&stream, &mut header).await);
            while length == 0 && !header.ends_with(b"\r\n") {
                let mut next = [0];
                assert!(fill(&stream, &mut next).await);
                header.push(next[0]);
            }
            let port = stream.peer_addr().expect("an address").port();
            match version {
                ProxyProtocol::V1 => {
                    let text = String::from_utf8(header).expect("text");
                    assert!(
                        text.starts_with("PROXY TCP4 127.0.0.1 127.0.0.1 ")
                            && text.contains(&port.to_string())
                    );
                }
                ProxyProtocol::V2 => assert_eq!(header[24..26], port.to_be_bytes()),
            }
            echo(&env, &stream, |now| now).await;
        };
        let report = against(serve, move |addr| Load::new(addr).requests(2).proxy_protocol(version));
        assert_eq!(report.counts.ok, 2);
    }
}

/// Answers each line by `answer`.
async fn lines(stream: Stream, answer: &[u8]) {
    let mut byte = [0];
    while fill(&stream, &mut byte).await {
        if byte == *b"\n" && stream.write_all(answer).await.is_err() {
            return;
        }
    }
    let _ = stream.finish();
}

#[test]
fn a_text_is_answered_by_a_text() {
    let run = |expect: &'static [u8]| {
        let serve = |_, _, stream: Stream| async move { lines(stream, b"+PONG\r\n").await };
        against(serve, move |addr: SocketAddr| {
            Load::new(addr).requests(10).pipeline(3).text(b"PING\r\n".as_slice(), expect)
        })
    };
    let right = run(b"+PONG\r\n");
    assert_eq!((right.counts.ok, right.counts.bytes.sent, right.counts.bytes.received), (10, 60, 70));
    let wrong = run(b"+PUNG\r\n");
    assert_eq!(
        (wrong.counts.ok, wrong.counts.errors.corrupt, wrong.first_wrong.map(|at| at.offset)),
        (0, 10, Some(2))
    );
    let silent = run(b"");
    assert_eq!(silent.counts.ok, 10, "nothing is expected, so that sending is all");
}

/// A server that answers requests, which have no body, with `answer`, in pieces.
fn web(
    answer: &'static [u8],
    close: bool,
) -> impl Fn(u64, Env, Stream) -> std::pin::Pin<Box<dyn Future<Output = ()> + Send>> {
    move |_, _, stream| {
        Box::pin(async move {
            let mut head = Vec::new();
            let mut byte = [0];
            while fill(&stream, &mut byte).await {
                head.push(byte[0]);
                if head.ends_with(b"\r\n\r\n") {
                    head.clear();
                    for piece in answer.chunks(7) {
                        if stream.write_all(piece).await.is_err() {
                            return;
                        }
                    }
                    if close {
                        break;
                    }
                }
            }
            let _ = stream.finish();
        })
    }
}

fn get(addr: SocketAddr) -> Load {
    let request = Request::new("GET", "/", &addr.to_string(), &[], b"").expect("a request");
    Load::new(addr).http(request)
}

#[test]
fn http_answers_are_counted_by_status() {
    let ok = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc";
    let report = against(web(ok, false), |addr| get(addr).connections(2).requests(20));
    assert_eq!((report.counts.ok, report.counts.connections.opened), (20, 2));
    assert_eq!(report.counts.bytes.received, 20 * ok.len() as u64);
    let busy = b"HTTP/1.1 503 Busy\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
    let report = against(web(busy, false), |addr| get(addr).requests(5));
    let counts = report.counts;
    assert_eq!((counts.ok, counts.errors.status_5xx, counts.connections.opened), (0, 5, 1));
}

#[test]
fn http_connections_that_the_server_closes_are_replaced() {
    for answer in [
        &b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx"[..],
        b"HTTP/1.0 200 OK\r\n\r\nxyz",
    ] {
        let counts = against(web(answer, true), |addr| get(addr).requests(4)).counts;
        assert_eq!((counts.ok, counts.connections.opened, counts.connections.lost), (4, 4, 0));
    }
}

#[test]
fn real_connections_come_from_the_range_too() {
    let shards = Shards::start(NonZeroUsize::MIN).expect("shards");
    let own = shards.clone();
    let work = shards.spawn(0, async move {
        let echo = squall_echo::tcp().shards(own.clone()).start().await.expect("the echo starts");
        let source = Source::new(IpAddr::from([127, 0, 0, 1]), 32).expect("a range");
        Load::new(echo.addr()).requests(5).source(source).start(&own).finish().await
    });
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    assert_eq!(runtime.block_on(work).expect("the load ends").counts.ok, 5);
}

#[test]
fn there_are_no_unix_sockets_in_virtual_time() {
    for load in [Load::unix("absent"), Load::unix("absent").datagrams()] {
        let load = load.connections(2).requests(5).timeout(Duration::from_secs(1));
        let run = run_virtual(|shards| async move { load.start(&shards).finish().await });
        let report = run.expect("the world does not get stuck");
        assert_eq!((report.counts.ok, report.counts.errors.refused), (0, 5));
    }
}
