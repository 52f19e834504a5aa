//! What clients say, in one piece and in many, and what comes of it.

use super::ask::{Ask, Manner, Step, Wish};
use proptest::prelude::*;
use squall_wire::Endpoint;
use std::io;

/// What a client was told on the way, and what became of it.
fn hear(pieces: &[&[u8]]) -> (Vec<u8>, Step) {
    let (mut ask, mut told) = (Ask::default(), Vec::new());
    let mut last = Step::More;
    for (i, piece) in pieces.iter().enumerate() {
        ask.push(piece);
        loop {
            match ask.step() {
                Step::More => break,
                Step::Say(text) => told.extend(text),
                Step::Wish(mut wish) => {
                    // What has not come yet would have gone straight through.
                    let rest = pieces[i + 1..].concat();
                    let n = usize::try_from(wish.start.more).unwrap_or(usize::MAX).min(rest.len());
                    wish.start.early.extend(&rest[..n]);
                    if wish.start.more < u64::MAX {
                        wish.start.more -= n as u64;
                    }
                    return (told, Step::Wish(wish));
                }
                end @ Step::End(_) => return (told, end),
            }
            last = Step::More;
        }
    }
    (told, last)
}

fn wish(text: &[u8]) -> Wish {
    match hear(&[text]).1 {
        Step::Wish(wish) => wish,
        other => panic!("{:?}: {other:?}", String::from_utf8_lossy(text)),
    }
}

/// What somebody is told who is turned away.
fn refusal(text: &[u8]) -> String {
    match hear(&[text]).1 {
        Step::End(told) => String::from_utf8_lossy(&told).into_owned(),
        other => panic!("{:?}: {other:?}", String::from_utf8_lossy(text)),
    }
}

fn to(text: &str) -> Endpoint {
    text.parse().expect("an address")
}

/// The request that goes on, and how much of its body is to come.
fn passed_on(text: &str) -> (String, u64) {
    let wish = wish(text.as_bytes());
    (String::from_utf8(wish.start.early).expect("text"), wish.start.more)
}

#[test]
fn a_tunnel_is_asked_for_with_connect() {
    for (text, target) in [
        ("CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\n\r\n", "example.org:443"),
        ("CONNECT [::1]:80 HTTP/1.1\r\n\r\n", "[::1]:80"),
        ("CONNECT a:1 HTTP/1.0\n\n", "a:1"),
    ] {
        let wish = wish(format!("{text}early").as_bytes());
        assert_eq!((wish.target, wish.manner), (to(target), Manner::Connect));
        assert_eq!((wish.start.early, wish.start.more), (b"early".to_vec(), u64::MAX));
    }
}

#[test]
fn a_request_goes_on_for_one_connection_without_what_was_for_the_proxy() {
    let text = "GET http://example.org:8080/a?b=c#d HTTP/1.1\r\nHost: other\r\nProxy-Connection: keep-alive\r\n\
        Connection: X-Mine, keep-alive\r\nX-Mine: 1\r\nProxy-Authorization: Basic eA==\r\nAccept: */*\r\n\r\n";
    assert_eq!(wish(text.as_bytes()).target, to("example.org:8080"));
    let expected =
        "GET /a?b=c HTTP/1.1\r\nHost: example.org:8080\r\nAccept: */*\r\nConnection: close\r\n\r\n"
            .to_owned();
    assert_eq!(passed_on(text), (expected, 0));
}

#[test]
fn targets_take_the_forms_that_addresses_have() {
    for (target, endpoint, line) in [
        ("HTTP://a", "a:80", "GET / HTTP/1.1\r\nHost: a\r\n"),
        ("http://a?b", "a:80", "GET /?b HTTP/1.1\r\nHost: a\r\n"),
        ("http://[::1]/", "[::1]:80", "GET / HTTP/1.1\r\nHost: [::1]\r\n"),
        ("http://[::1]:8/x", "[::1]:8", "GET /x HTTP/1.1\r\nHost: [::1]:8\r\n"),
        ("http://a:/", "a:80", "GET / HTTP/1.1\r\nHost: a:\r\n"),
    ] {
        let text = format!("GET {target} HTTP/1.1\r\n\r\n");
        assert_eq!(wish(text.as_bytes()).target, to(endpoint), "{target}");
        assert!(passed_on(&text).0.starts_with(line), "{target}");
    }
    assert!(passed_on("OPTIONS http://a HTTP/1.1\r\n\r\n").0.starts_with("OPTIONS * HTTP/1.1\r\n"));
}

#[test]
fn no_more_goes_on_than_the_body() {
    let post = |field: &str, rest: &str| {
        let (text, more) = passed_on(&format!("POST http://a/ HTTP/1.1\r\n{field}\r\n\r\n{rest}"));
        (text.split_once("\r\n\r\n").expect("a head").1.to_owned(), more)
    };
    assert_eq!(post("Content-Length: 5", "12"), ("12".to_owned(), 3));
    assert_eq!(post("Content-Length: 5", "12345GET"), ("12345".to_owned(), 0));
    assert_eq!(post("Accept: x", "GET"), (String::new(), 0));
    assert_eq!(post("Transfer-Encoding: chunked", "0\r\n\r\n"), ("0\r\n\r\n".to_owned(), u64::MAX));
    // What `Connection` names goes no further, unless the body would lose its end.
    assert_eq!(post("Connection: content-length\r\nContent-Length: 1", "x").1, 0);
}

#[test]
fn requests_that_make_no_sense_are_told_why() {
    for (text, told) in [
        ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", "400 Bad Request"),
        ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", "this is a proxy"),
        ("GET https://a/ HTTP/1.1\r\n\r\n", "`https` is not relayed by request"),
        ("GET http:///x HTTP/1.1\r\n\r\n", "no HOST in"),
        ("GET http://me@a/ HTTP/1.1\r\n\r\n", "no HOST in"),
        ("GET http://a:b/ HTTP/1.1\r\n\r\n", "no HOST in"),
        ("CONNECT a HTTP/1.1\r\n\r\n", "no HOST:PORT"),
        ("CONNECT :80 HTTP/1.1\r\n\r\n", "no HOST:PORT"),
        ("what is this\r\n\r\n", "400 Bad Request"),
        ("POST http://a/ HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", "where the body ends"),
        ("POST http://a/ HTTP/1.1\r\nContent-Length: +1\r\n\r\n", "no number"),
        (
            "POST http://a/ HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
            "where the body ends",
        ),
        ("POST http://a/ HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", "where the body ends"),
    ] {
        assert!(refusal(text.as_bytes()).contains(told), "{text:?}: {}", refusal(text.as_bytes()));
    }
    let long = format!("GET http://a/ HTTP/1.1\r\nX: {}", "x".repeat(70_000));
    let told = refusal(long.as_bytes());
    assert!(told.starts_with("HTTP/1.1 431 ") && told.contains("65536 bytes"), "{told}");
    let many = format!("GET http://a/ HTTP/1.1\r\n{}\r\n", "X: y\r\n".repeat(1_000));
    let told = refusal(many.as_bytes());
    assert!(told.starts_with("HTTP/1.1 431 ") && told.contains("256 fields"), "{told}");
}

#[test]
fn socks_5_takes_addresses_and_names() {
    let ask = |rest: &[u8]| [&[5, 2, 1, 0, 5, 1, 0], rest].concat();
    for (address, target) in [
        (&[1, 127, 0, 0, 1, 0x1f, 0x90][..], "127.0.0.1:8080"),
        (&[4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 7], "[::1]:7"),
        (b"\x03\x09localhost\x00\x50", "localhost:80"),
    ] {
        let (told, step) = hear(&[&ask(address), b"hello"]);
        assert_eq!(told, [5, 0]);
        let Step::Wish(wish) = step else { panic!("{step:?}") };
        assert_eq!(
            (wish.target, wish.manner, &wish.start.early[..]),
            (to(target), Manner::Socks5, &b"hello"[..])
        );
    }
}

#[test]
fn socks_5_refuses_with_the_right_code() {
    let ends = |text: &[u8]| match hear(&[text]).1 {
        Step::End(told) => told.get(1).copied(),
        other => panic!("{other:?}"),
    };
    assert_eq!(ends(&[5, 1, 2]), Some(0xff), "a password is wanted of nobody");
    assert_eq!(ends(&[5, 0]), Some(0xff));
    let ask = |command: u8, kind: u8| [5, 1, 0, 5, command, 0, kind, 0, 0, 0, 0, 0, 0];
    assert_eq!(ends(&ask(2, 1)), Some(7), "BIND");
    assert_eq!(ends(&ask(3, 1)), Some(7), "UDP ASSOCIATE");
    assert_eq!(ends(&ask(1, 9)), Some(8));
    assert_eq!(ends(&ask(1, 3)), Some(1), "a name of no letters");
    let codes =
        [io::ErrorKind::ConnectionRefused, io::ErrorKind::NetworkUnreachable, io::ErrorKind::TimedOut]
            .map(|kind| Manner::Socks5.no(&to("a:1"), &kind.into())[1]);
    assert_eq!(codes, [5, 3, 4]);
}

#[test]
fn socks_4_takes_addresses_and_names() {
    for (text, target) in [
        (&b"\x04\x01\x00\x50\x7f\x00\x00\x01me\0early"[..], "127.0.0.1:80"),
        (b"\x04\x01\x00\x50\x00\x00\x00\x01\0localhost\0early", "localhost:80"),
    ] {
        let wish = wish(text);
        assert_eq!(
            (wish.target, wish.manner, &wish.start.early[..]),
            (to(target), Manner::Socks4, &b"early"[..])
        );
    }
    assert_eq!(refusal(b"\x04\x02\x00\x50\x7f\x00\x00\x01\0").as_bytes()[1], b'[');
    let endless = [&b"\x04\x01\x00\x50\x7f\x00\x00\x01"[..], &[b'x'; 2_000]].concat();
    assert_eq!(refusal(&endless).as_bytes()[1], b'[');
}

#[test]
fn what_is_none_of_these_gets_no_answer() {
    for text in [&b"\x16\x03\x01"[..], b"\0", b" GET", b"\xff\xff", b"\r\nGET http://a/ HTTP/1.1\r\n\r\n"] {
        assert_eq!(refusal(text), "", "{text:?}");
    }
}

#[test]
fn who_cannot_be_connected_is_told_in_its_own_words() {
    let (target, refused) = (to("a:1"), io::ErrorKind::ConnectionRefused);
    let told = |manner: Manner, kind: io::ErrorKind| {
        String::from_utf8(manner.no(&target, &kind.into())).expect("text")
    };
    let answer = told(Manner::Connect, refused);
    assert!(
        answer.starts_with("HTTP/1.1 502 ")
            && answer.ends_with("\r\n\r\nsquall: upstream a:1: connection refused\n")
    );
    assert!(told(Manner::Request { body: true }, io::ErrorKind::TimedOut).starts_with("HTTP/1.1 504 "));
    assert!(told(Manner::Request { body: false }, refused).ends_with("\r\n\r\n"), "HEAD has no body");
}

/// Beginnings that lead somewhere, so that not everything ends at the first byte.
fn said() -> impl Strategy<Value = Vec<u8>> {
    let begun = prop::sample::select(vec![
        &b""[..],
        b"\x05\x01\x00",
        b"\x05\x01\x00\x05\x01\x00\x03",
        b"\x04\x01\x00\x50\x00\x00\x00\x01",
        b"CONNECT a:1 HTTP/1.1\r\n",
        b"GET http://a/ HTTP/1.1\r\nContent-Length: 3\r\n",
        b"POST http://a/ HTTP/1.1\r\n\r\n",
    ]);
    let words = prop::sample::select(vec![&b"\r\n"[..], b"\r\n\r\n", b"\n", b": ", b"\0", b"\x00\x50"]);
    let rest = prop::collection::vec(
        prop_oneof![any::<u8>().prop_map(|byte| vec![byte]), words.prop_map(<[u8]>::to_vec)],
        0..60,
    );
    (begun, rest).prop_map(|(begun, rest)| [begun.to_vec(), rest.concat()].concat())
}

proptest! {
    #[test]
    fn however_it_was_cut_it_means_the_same(text in said(), cuts in prop::collection::vec(0usize..100, 0..5)) {
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(text.len())).collect();
        cuts.extend([0, text.len()]);
        cuts.sort_unstable();
        let pieces: Vec<&[u8]> = cuts.windows(2).map(|pair| &text[pair[0]..pair[1]]).collect();
        prop_assert_eq!(hear(&pieces), hear(&[&text]));
    }
}
