//! Echo over HTTP/1.1.

use std::time::Duration;

use squall_echo::{Echo, EchoBuilder};
use squall_wire::{Shards, Stream, run_virtual};

use crate::worlds::in_both_worlds;

const LONG: Duration = Duration::from_secs(3600);
const MS: u64 = 1_000_000;

fn on(shards: &Shards) -> EchoBuilder {
    squall_echo::http().shards(shards.clone()).id("one")
}

async fn dial(shards: &Shards, echo: &Echo) -> Stream {
    shards.env(0).dial(echo.addr()).await.unwrap()
}

async fn read_to_end(stream: &Stream) -> String {
    let (mut all, mut buf) = (Vec::new(), [0; 10_000]);
    loop {
        match stream.read(&mut buf).await.unwrap() {
            0 => return String::from_utf8(all).unwrap(),
            read => all.extend_from_slice(&buf[..read]),
        }
    }
}

/// What is said to someone who says this and no more.
async fn ask(shards: &Shards, echo: &Echo, text: &str) -> String {
    let client = dial(shards, echo).await;
    client.write_all(text.as_bytes()).await.unwrap();
    client.finish().unwrap();
    read_to_end(&client).await
}

/// Reads so much that it ends like this.
async fn read_until(stream: &Stream, end: &str) -> String {
    let (mut all, mut byte) = (String::new(), [0]);
    while !all.ends_with(end) {
        assert_eq!(stream.read(&mut byte).await.unwrap(), 1, "ended after {all:?}");
        all.push(char::from(byte[0]));
    }
    all
}

fn response(status: &str, kind: &str, more: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n{more}\r\n{body}")
}

#[test]
fn a_request_is_told_back_as_json() {
    in_both_worlds(|shards| async move {
        let echo = on(&shards).start().await.unwrap();
        let request = "PUT /a%20b?seed=1 HTTP/1.1\r\nHost: x\r\nX-Mixed: One\r\nx-mixed: \"two\"\r\ncontent-length: 3\r\n\r\nä\n";
        let body = concat!(
            r#"{"id":"one","connection":1,"request":1,"method":"PUT","path":"/a%20b","query":"seed=1","#,
            r#""headers":[["Host","x"],["X-Mixed","One"],["x-mixed","\"two\""],["content-length","3"]],"#,
            r#""encoding":"utf-8","body":"ä\n"}"#,
            "\n"
        );
        assert_eq!(ask(&shards, &echo, request).await, response("200 OK", "application/json", "", body));
        let counts = echo.stop(LONG).await;
        assert_eq!((counts.requests, counts.bytes_in), (1, request.len() as u64));
    });
}

#[test]
fn requests_in_a_row_are_answered_in_order_however_they_are_cut() {
    in_both_worlds(|shards| async move {
        let echo = on(&shards).start().await.unwrap();
        let one = "POST /raw HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nfirst";
        let two = "\r\nPOST /raw HTTP/1.1\nHost: x\nTransfer-Encoding: Chunked\n\n3;x=y\r\nsec\r\n003\r\nond\r\n0\r\nT: u\r\n\r\n";
        let three = "GET /raw HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\nGET / HTTP/1.1\r\n";
        let text = [one, two, three].concat();
        let kind = "application/octet-stream";
        let expected = [
            response("200 OK", kind, "", "first"),
            response("200 OK", kind, "", "second"),
            response("200 OK", kind, "Connection: close\r\n", ""),
        ]
        .concat();
        for cut in [1, 2, 3, 50, 1000] {
            let client = dial(&shards, &echo).await;
            for piece in text.as_bytes().chunks(cut) {
                client.write_all(piece).await.unwrap();
                tokio::task::yield_now().await;
            }
            assert_eq!(read_to_end(&client).await, expected, "cut at {cut}");
        }
    });
}

#[test]
fn the_body_comes_back_raw_with_its_type() {
    in_both_worlds(|shards| async move {
        let echo = on(&shards).start().await.unwrap();
        let request =
            "POST /x?raw=true HTTP/1.1\r\nHost: x\r\nContent-Type: a/b\r\nContent-Length: 2\r\n\r\nhi";
        assert_eq!(ask(&shards, &echo, request).await, response("200 OK", "a/b", "", "hi"));
    });
}

#[test]
fn bytes_that_are_no_text_come_back_in_base64() {
    run_virtual(|shards| async move {
        let echo = on(&shards).start().await.unwrap();
        let client = dial(&shards, &echo).await;
        client.write_all(b"PUT / HTTP/1.0\r\nContent-Length: 3\r\n\r\n\xff\xfe\xfd").await.unwrap();
        let answer = read_to_end(&client).await;
        assert!(answer.ends_with("\"encoding\":\"base64\",\"body\":\"//79\"}\n"), "{answer}");
    })
    .unwrap();
}

#[test]
fn a_head_request_gets_the_head_of_what_get_would_get() {
    run_virtual(|shards| async move {
        let echo = on(&shards).start().await.unwrap();
        let answer = ask(&shards, &echo, "HEAD /?size=1000 HTTP/1.1\r\nHost: x\r\n\r\n").await;
        let kind = "text/plain; charset=us-ascii";
        assert_eq!(
            answer,
            format!("HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: 1000\r\n\r\n")
        );
    })
    .unwrap();
}

#[test]
fn the_old_version_closes_unless_it_is_asked_not_to() {
    in_both_worlds(|shards| async move {
        let echo = on(&shards).start().await.unwrap();
        let client = dial(&shards, &echo).await;
        client.write_all(b"GET /raw HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").await.unwrap();
        let kept = read_until(&client, "\r\n\r\n").await;
        assert!(kept.contains("Connection: keep-alive\r\n"), "{kept}");
        client.write_all(b"GET /raw HTTP/1.0\r\n\r\n").await.unwrap();
        let closed = read_to_end(&client).await;
        assert!(closed.contains("Connection: close\r\n"), "{closed}");
    });
}

#[test]
fn whoever_waits_for_it_is_told_to_continue() {
    in_both_worlds(|shards| async move {
        let echo = on(&shards).start().await.unwrap();
        let client = dial(&shards, &echo).await;
        let head = "POST /raw HTTP/1.1\r\nHost: x\r\nExpect: 100-Continue\r\nContent-Length: 4\r\n\r\n";
        client.write_all(head.as_bytes()).await.unwrap();
        assert_eq!(read_until(&client, "\r\n\r\n").await, "HTTP/1.1 100 Continue\r\n\r\n");
        client.write_all(b"body").await.unwrap();
        assert!(read_until(&client, "\r\n\r\nbody").await.starts_with("HTTP/1.1 200 OK\r\n"));
        // Not for a body that will be refused.
        let head = head.replace("Length: 4", "Length: 1048577");
        client.write_all(head.as_bytes()).await.unwrap();
        assert!(read_to_end(&client).await.starts_with("HTTP/1.1 413 "));
    });
}

#[test]
fn what_is_wrong_is_refused_with_its_reason() {
    in_both_worlds(|shards| async move {
        let echo = on(&shards).start().await.unwrap();
        let many = format!("GET / HTTP/1.1\r\n{}\r\n", "A: b\r\n".repeat(101));
        let long = format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "a".repeat(9000));
        let large = format!("GET / HTTP/1.1\r\nHost: x\r\nA: {}\r\n\r\n", "a".repeat(33_000));
        let post = |more: &str| format!("POST / HTTP/1.1\r\nHost: x\r\n{more}");
        let chunked = |chunks: &str| post(&format!("Transfer-Encoding: chunked\r\n\r\n{chunks}"));
        for (request, status, reason) in [
            ("\0\u{1}garbage".to_owned(), 400, "this is no http request"),
            ("GET / HTTP/1.1\r\nHost x\r\n\r\n".to_owned(), 400, "this is no http request"),
            ("GET / HTTP/2.0\r\n\r\n".to_owned(), 505, "only HTTP/1.0 and HTTP/1.1"),
            ("GET / HTTP/1.1\r\n\r\n".to_owned(), 400, "HTTP/1.1 demands one Host header"),
            ("CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(), 501, "nothing behind this server"),
            (many, 431, "more than 100 headers"),
            (long, 414, "longer than 8192 bytes"),
            (large, 431, "longer than 32768 bytes"),
            (post("Content-Length: 1, 1\r\n\r\n"), 400, "not a number"),
            (post("Content-Length: +1\r\n\r\n"), 400, "not a number"),
            (post("Content-Length: 1\r\nContent-Length: 2\r\n\r\n"), 400, "several"),
            (post("Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"), 400, "contradict"),
            (post("Content-Length: 1048577\r\n\r\n"), 413, "larger than 1048576 bytes"),
            (post("Content-Length: 99999999999999999999999\r\n\r\n"), 413, "larger than 1048576 bytes"),
            (post("Transfer-Encoding: gzip, chunked\r\n\r\n"), 501, "no Transfer-Encoding is known"),
            (post("Expect: miracles\r\n\r\n"), 417, "no expectation"),
            (chunked("100001\r\n"), 413, "larger than 1048576 bytes"),
            (chunked("ffffffffffffffffff\r\n"), 413, "larger than 1048576 bytes"),
            (chunked("-1\r\n"), 400, "a chunk does not begin with its size"),
            (chunked(&"0".repeat(300)), 400, "a chunk does not begin with its size"),
            (chunked("1\r\nab\r\n"), 400, "a chunk does not end where its size says"),
            (chunked(&format!("0\r\n{}", "A: b\r\n".repeat(3000))), 431, "trailers"),
        ] {
            let answer = ask(&shards, &echo, &request).await;
            assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{request:.60} got {answer}");
            assert!(answer.contains(reason) && answer.contains("Connection: close\r\n"), "{answer}");
        }
    });
}

#[test]
fn a_query_that_makes_no_sense_is_told_and_the_connection_goes_on() {
    in_both_worlds(|shards| async move {
        let echo = on(&shards).start().await.unwrap();
        let request = "GET /?dealy=1s HTTP/1.1\r\nHost: x\r\n\r\nGET /raw HTTP/1.1\r\nHost: x\r\n\r\n";
        let answer = ask(&shards, &echo, request).await;
        let told = "unknown in the query: `dealy`; did you mean `delay`?\n";
        let expected = response("400 Bad Request", "text/plain; charset=utf-8", "", told);
        assert_eq!(answer, expected + &response("200 OK", "application/octet-stream", "", ""));
    });
}

#[test]
fn wishes_come_true_in_virtual_time() {
    run_virtual(|shards| async move {
        let (env, echo) = (shards.env(0), on(&shards).start().await.unwrap());
        let began = env.now();
        let request = "GET /?delay=50ms&status=503&size=100000&close=true HTTP/1.1\r\nHost: x\r\n\r\n";
        let answer = ask(&shards, &echo, request).await;
        assert_eq!(env.now() - began, 50 * MS);
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 503 Service Unavailable\r\n"), "{head}");
        assert!(head.ends_with("Content-Length: 100000\r\nConnection: close"), "{head}");
        assert!(body.len() == 100_000 && body.starts_with(" !\"#$%"), "{body:.100}");
        let answer = ask(&shards, &echo, "GET /?status=204 HTTP/1.1\r\nHost: x\r\n\r\n").await;
        assert_eq!(answer, "HTTP/1.1 204 No Content\r\n\r\n");
    })
    .unwrap();
}

#[test]
fn seeded_answers_are_the_same_in_every_run() {
    let run = |seed: u64| {
        run_virtual(move |shards| async move {
            let echo = on(&shards).start().await.unwrap();
            let request = format!("GET /?status=503:50&seed={seed} HTTP/1.1\r\nHost: x\r\n\r\n");
            let mut answers = Vec::new();
            for _ in 0..3 {
                let answer = ask(&shards, &echo, &request.repeat(10)).await;
                answers.extend(answer.split("HTTP/1.1 ").map(|each| each.starts_with("503")));
            }
            answers
        })
        .unwrap()
    };
    assert_eq!(run(7), run(7));
    assert_ne!(run(7), run(8));
}

#[test]
fn a_client_that_dawdles_is_told_and_one_that_says_nothing_is_left() {
    run_virtual(|shards| async move {
        let env = shards.env(0);
        let echo = on(&shards).idle_timeout(Duration::from_millis(100)).start().await.unwrap();
        let client = dial(&shards, &echo).await;
        let began = env.now();
        // Never idle, and yet too slow.
        for byte in b"GET / HTT" {
            client.write_all(&[*byte]).await.unwrap();
            env.sleep(Duration::from_millis(11)).await;
        }
        let answer = read_to_end(&client).await;
        assert!(answer.starts_with("HTTP/1.1 408 ") && env.now() - began == 100 * MS, "{answer}");

        let client = dial(&shards, &echo).await;
        let began = env.now();
        assert_eq!(read_to_end(&client).await, "");
        assert_eq!(env.now() - began, 100 * MS);
    })
    .unwrap();
}

#[test]
fn a_body_that_does_not_come_ends_the_connection() {
    run_virtual(|shards| async move {
        let echo = on(&shards).start().await.unwrap();
        let client = dial(&shards, &echo).await;
        client.write_all(b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc").await.unwrap();
        assert_eq!(read_to_end(&client).await, "");
        assert_eq!(shards.env(0).now(), 60_000 * MS);
    })
    .unwrap();
}

#[test]
fn modes_are_for_others() {
    run_virtual(|shards| async move {
        let error = on(&shards).mode("discard".parse().unwrap()).start().await.unwrap_err();
        let told = "mode `discard` does not work over HTTP; the query of a request says how it is answered";
        assert_eq!(error.to_string(), told);
    })
    .unwrap();
}
