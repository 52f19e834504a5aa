//! Who is turned away, and what no request can do.

use crate::api::Api;
use squall_control::{Access, Exposure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

async fn status(api: &Api, lines: &str) -> u16 {
    api.ask_with("GET", "/proxies", lines, "").await.status
}

#[tokio::test]
async fn pages_that_resolve_their_own_name_to_this_machine_are_turned_away() {
    let api = Api::with(Access::new().host("proxy.example"), Exposure::new()).await;
    for (host, expected) in [
        ("localhost:8474", 200),
        ("[::1]:8474", 200),
        ("toxiproxy:8474", 200),
        ("host.docker.internal", 200),
        ("proxy.example:8474", 200),
        ("evil.example", 403),
        ("evil.example:8474", 403),
        ("localhost.evil.example", 403),
    ] {
        assert_eq!(status(&api, &format!("host: {host}\r\n")).await, expected, "{host}");
    }
    let addr = api.server.addr();
    for (origin, expected) in [
        ("http://evil.example", 403),
        ("null", 403),
        ("http://localhost:3000", 403),
        (&*format!("http://{addr}"), 200),
    ] {
        assert_eq!(status(&api, &format!("origin: {origin}\r\n")).await, expected, "{origin}");
    }
    let rebound = "host: evil.example\r\norigin: http://evil.example\r\n";
    assert_eq!(api.ask_with("POST", "/reset", rebound, "").await.status, 403);
}

#[tokio::test]
async fn a_token_is_asked_for_on_every_route() {
    let api = Api::with(Access::new().token("secret"), Exposure::new().proxies()).await;
    for path in ["/proxies", "/version", "/metrics", "/squall/links"] {
        for lines in
            ["", "authorization: Bearer wrong\r\n", "authorization: secret\r\n", "authorization: Bearer\r\n"]
        {
            let answer = api.ask_with("GET", path, lines, "").await;
            let told = "{\"error\":\"missing or invalid auth token\",\"status\":401}\n";
            assert_eq!((answer.status, answer.body.as_str()), (401, told), "{path} {lines}");
            assert_eq!(answer.header("www-authenticate"), Some("bearer"));
        }
        let answer = api.ask_with("GET", path, "authorization: bearer secret\r\n", "").await;
        assert_eq!(answer.status, 200, "{path}");
    }
    let browser = "user-agent: Mozilla/5.0\r\n";
    assert_eq!(api.ask_with("GET", "/version", browser, "").await.status, 403, "browsers first");
}

#[tokio::test]
async fn what_is_too_large_is_refused() {
    let api = Api::start().await;
    let large = "x".repeat(2 << 20);
    let answer = api.ask("POST", "/proxies", &large).await;
    assert_eq!(answer.status, 413);
    let name = "n".repeat(5_000);
    let answer = api.ask("POST", "/proxies", &format!(r#"{{"name":"{name}","upstream":"u"}}"#)).await;
    assert_eq!(answer.status, 400);
    let long = format!(r#"{{"type":"noop","name":"{name}"}}"#);
    api.done("POST", "/proxies", r#"{"name":"a","upstream":"u:1","enabled":false}"#).await;
    assert_eq!(api.ask("POST", "/proxies/a/toxics", &long).await.status, 400);
    let many: String = (0..70).map(|i| format!("x-{i}: 1\r\n")).collect();
    assert_eq!(status(&api, &many).await, 431);
    assert_eq!(api.get(&format!("/proxies/{}", "a".repeat(10_000))).await.status, 431);
}

#[tokio::test]
async fn chunked_bodies_are_bounded_too() {
    let api = Api::start().await;
    let mut socket = TcpStream::connect(api.server.addr()).await.expect("accepted");
    let head = "POST /proxies HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n";
    socket.write_all(head.as_bytes()).await.expect("sent");
    let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
    let mut sent = 0;
    // The server stops reading at some point, and answers.
    while sent < 64 << 20 && socket.write_all(chunk.as_bytes()).await.is_ok() {
        sent += chunk.len();
        let mut peeked = [0; 16];
        if let Ok(Ok(n @ 1..)) =
            tokio::time::timeout(std::time::Duration::from_millis(1), socket.read(&mut peeked)).await
        {
            assert!(peeked[..n].starts_with(b"HTTP/1.1 413"), "{:?}", std::str::from_utf8(&peeked));
            return;
        }
    }
    assert!(sent < 64 << 20, "the body was taken");
}

#[tokio::test]
async fn a_body_that_ends_early_is_no_large_one() {
    let api = Api::start().await;
    for start in ["content-length: 50\r\n\r\n{}", "transfer-encoding: chunked\r\n\r\n9\r\n{}"] {
        let mut socket = TcpStream::connect(api.server.addr()).await.expect("accepted");
        let request = format!("POST /proxies HTTP/1.1\r\nhost: localhost\r\n{start}");
        socket.write_all(request.as_bytes()).await.expect("sent");
        socket.shutdown().await.expect("FIN");
        let mut answer = String::new();
        socket.read_to_string(&mut answer).await.expect("an end");
        assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
        assert!(answer.contains("\r\nX-Toxiproxy-Request-Id: "), "names are written as ever: {answer}");
        assert!(
            answer.ends_with("{\"error\":\"bad request body: unexpected EOF\",\"status\":400}\n"),
            "{answer}"
        );
    }
}

#[tokio::test]
async fn nothing_that_is_sent_ends_the_server() {
    let api = Api::start().await;
    let deep = format!(r#"{{"name":"a","upstream":"u","x":{}"#, "[".repeat(100_000));
    let huge =
        format!(r#"{{"toxicity":1e999,"type":"latency","attributes":{{"latency":{}}}}}"#, "9".repeat(500));
    api.done("POST", "/proxies", r#"{"name":"a","upstream":"u:1","listen":"127.0.0.1:0"}"#).await;
    for (method, path, body) in [
        ("POST", "/proxies", deep.as_str()),
        ("POST", "/proxies/a/toxics", huge.as_str()),
        (
            "POST",
            "/proxies/a/toxics",
            r#"{"type":"slicer","attributes":{"average_size":9223372036854775807}}"#,
        ),
        ("POST", "/proxies/a/toxics", r#"{"type":"bandwidth","attributes":{"rate":9223372036854775807}}"#),
        (
            "POST",
            "/proxies/a/toxics",
            r#"{"type":"latency","attributes":{"latency":-9223372036854775808,"jitter":9223372036854775807}}"#,
        ),
        (
            "POST",
            "/proxies/a/toxics",
            r#"{"type":"packet_loss","attributes":{"loss_rate":1e300,"correlation":-1}}"#,
        ),
        ("POST", "/proxies/a/toxics", "{\"type\":\"noop\",\"name\":\"\u{0}\u{7f}\u{202e}\"}"),
        ("GET", "/proxies/%ff%00", ""),
        ("GET", "/%", ""),
        ("BREW", "/proxies", ""),
    ] {
        let answer = api.ask(method, path, body).await;
        assert!(answer.status < 500, "{method} {path}: {}", answer.status);
    }
    assert_eq!(api.get("/version").await.status, 200);
    assert_eq!(api.get("/proxies/a").await.json()["enabled"], true);
}
