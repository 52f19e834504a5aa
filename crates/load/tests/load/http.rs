//! HTTP with bodies that come back: each of its own, compared byte by byte, in virtual time.

use crate::target::{against, fill};
use squall_load::{Close, Expect, Load, Mix, Report, Request, Statuses, Way, Wrong};
use squall_wire::{Env, Stream, run_virtual};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Requests that expect their own bodies back.
fn echoing(addr: SocketAddr) -> Load {
    let request = Request::seeded("POST", "/raw", "host", &[]).expect("a request");
    Load::new(addr).http(request.expecting(Expect::Echo).expect("has a body"))
}

/// Reads the next request and yields its body; nothing at the end.
async fn body(stream: &Stream) -> Option<Vec<u8>> {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        if !fill(stream, &mut byte).await {
            return None;
        }
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).expect("a text");
    let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: "));
    let mut body = vec![0; length.expect("a length").parse().expect("a number")];
    fill(stream, &mut body).await.then_some(body)
}

fn answer(body: &[u8]) -> Vec<u8> {
    [format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len()).as_bytes(), body].concat()
}

/// The report of `load` against a server that answers request `i` of connection `n` with what `alter` makes of the right answer; with
/// nothing, it finishes.
fn altered(
    alter: impl Fn(u64, u64, Vec<u8>) -> Option<Vec<u8>> + Clone + Send + Sync + 'static,
    load: impl FnOnce(Load) -> Load + Send + 'static,
) -> Report {
    let serve = move |number, _: Env, stream: Stream| {
        let alter = alter.clone();
        async move {
            let mut sequence = 0;
            while let Some(body) = body(&stream).await {
                let Some(answer) = alter(number, sequence, answer(&body)) else { break };
                if stream.write_all(&answer).await.is_err() {
                    return;
                }
                sequence += 1;
            }
            let _ = stream.finish();
        }
    };
    against(serve, |addr| load(echoing(addr)))
}

#[test]
fn bodies_differ_and_come_back_from_squalls_echo() {
    let report = run_virtual(|shards| async move {
        let echo = squall_echo::http().shards(shards.clone()).start().await.expect("the echo starts");
        let sizes = Mix::range(1, 3_000).expect("a range");
        let load = echoing(echo.addr()).connections(4).requests(200).pipeline(3).sizes(sizes).seed(9);
        load.start(&shards).finish().await
    });
    let report = report.expect("the world does not get stuck");
    assert_eq!((report.counts.ok, report.counts.failed, report.first_wrong), (200, 0, None));
}

#[test]
fn every_request_has_a_body_of_its_own_and_the_same_seed_has_the_same() {
    let bodies = |seed: u64| {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let noted = seen.clone();
        let alter = move |number, sequence, right: Vec<u8>| {
            noted.lock().expect("not poisoned").push((number, sequence, right.clone()));
            Some(right)
        };
        altered(alter, move |load| load.connections(2).requests(6).size(50).seed(seed));
        let mut bodies = std::mem::take(&mut *seen.lock().expect("not poisoned"));
        bodies.sort();
        bodies
    };
    let first = bodies(1);
    let mut distinct: Vec<_> = first.iter().map(|(_, _, body)| body).collect();
    distinct.sort();
    distinct.dedup();
    assert_eq!((first.len(), distinct.len()), (6, 6));
    assert_eq!(bodies(1), first);
    assert_ne!(bodies(2), first);
}

#[test]
fn one_wrong_byte_is_found_with_its_connection_and_place_and_the_connection_goes_on() {
    let wrong = |number, sequence, mut right: Vec<u8>| {
        if (number, sequence) == (2, 3) {
            let place = right.len() - 1_000 + 77;
            right[place] ^= 0x40;
        }
        Some(right)
    };
    let report = altered(wrong, |load| load.connections(3).requests(30).size(1_000));
    let counts = report.counts;
    assert_eq!((counts.ok, counts.errors.corrupt, counts.integrity.corrupt), (29, 1, 1));
    assert_eq!((counts.connections.opened, counts.connections.lost), (3, 0));
    let head = answer(&[0; 1_000]).len() as u64 - 1_000;
    let offset = 3 * (head + 1_000) + head + 77;
    let expected = Wrong { connection: 2, attempt: 1, sequence: 3, offset, way: Way::Down };
    assert_eq!(report.first_wrong, Some(expected));
}

#[test]
fn short_and_long_bodies_are_truncated_and_extra() {
    let alter = |_, sequence, right: Vec<u8>| {
        let body = &right[right.len() - 100..];
        Some(match sequence {
            1 => answer(&body[..90]),
            2 => answer(&[body, b"more"].concat()),
            _ => right,
        })
    };
    let counts = altered(alter, |load| load.requests(5).size(100)).counts;
    assert_eq!((counts.ok, counts.errors.corrupt, counts.connections.opened), (3, 2, 1));
    assert_eq!((counts.integrity.corrupt, counts.integrity.truncated, counts.integrity.extra), (0, 1, 4));
}

#[test]
fn an_answer_that_is_cut_short_is_incomplete_and_no_answer_is_closed() {
    let alter = |number, sequence, right: Vec<u8>| match (number, sequence) {
        (1, 2) => None,
        (2, 0) => Some(right[..right.len() - 1].to_vec()),
        (2, 1) => None,
        _ => Some(right),
    };
    // A server that has sent too little waits for the next request, which does not come.
    let load = |load: Load| load.requests(6).size(100).timeout(Duration::from_secs(1));
    let counts = altered(alter, load).counts;
    assert_eq!((counts.errors.closed, counts.errors.timeout, counts.ok), (1, 1, 4));
    let half = |_, sequence, right: Vec<u8>| (sequence == 0).then(|| right[..right.len() - 1].to_vec());
    // With its own direction finished the server sees the end behind its answer.
    let counts = altered(half, |load| load.requests(1).size(100).close(Close::Half)).counts;
    assert_eq!((counts.errors.incomplete, counts.errors.closed, counts.connections.lost), (1, 0, 1));
    assert_eq!(counts.integrity.truncated, 0, "it is known to be cut, so that nobody takes it for whole");
}

#[test]
fn answers_in_the_wrong_order_are_mixed_up() {
    // Two requests are read before both are answered, the second one first.
    let serve = |_, _: Env, stream: Stream| async move {
        while let (Some(one), Some(two)) = (body(&stream).await, body(&stream).await) {
            let both = [answer(&two), answer(&one)].concat();
            if stream.write_all(&both).await.is_err() {
                return;
            }
        }
        let _ = stream.finish();
    };
    let report = against(serve, |addr| echoing(addr).requests(2).pipeline(2).size(64));
    let counts = report.counts;
    assert_eq!((counts.ok, counts.errors.mixed_up, counts.integrity.corrupt), (0, 2, 2));
    assert_eq!(
        report.first_wrong.map(|at| (at.sequence, at.offset)),
        Some((0, answer(&[0; 64]).len() as u64 - 64))
    );
}

#[test]
fn a_server_that_does_not_send_bodies_back_is_as_good_as_ever_where_nobody_expects_it() {
    let other = |_, _, _| Some(answer(b"thanks"));
    let load = |load: Load| {
        let request = Request::seeded("POST", "/", "host", &[]).expect("a request");
        load.requests(5).http(request)
    };
    assert_eq!(altered(other, load).counts.ok, 5);
    let text = |text: &'static [u8], status| {
        move |load: Load| {
            let request = Request::seeded("POST", "/", "host", &[]).expect("a request");
            let request = request.expecting(Expect::Text(text.into())).expect("has a body");
            load.requests(5)
                .http(request.expecting_status(Statuses::ranges([(status, status)]).expect("a range")))
        }
    };
    assert_eq!(altered(other, text(b"thanks", 200)).counts.ok, 5);
    assert_eq!(altered(other, text(b"thinks", 200)).counts.integrity.corrupt, 5);
    let counts = altered(other, text(b"thinks", 404)).counts;
    assert_eq!((counts.errors.status_2xx, counts.integrity.corrupt), (5, 0));
}

#[test]
fn a_length_that_says_too_much_is_an_answer_cut_short_whatever_it_says() {
    for length in [74, u64::MAX] {
        let alter = move |_, sequence, right: Vec<u8>| {
            let body = &right[right.len() - 64..];
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n");
            (sequence == 0).then(|| [head.as_bytes(), body].concat())
        };
        let counts = altered(alter, |load| load.requests(1).size(64).close(Close::Half)).counts;
        assert_eq!((counts.errors.incomplete, counts.errors.corrupt, counts.ok), (1, 0, 0), "{length}");
        assert_eq!((counts.integrity.corrupt, counts.integrity.extra), (0, 0), "{length}");
    }
}
