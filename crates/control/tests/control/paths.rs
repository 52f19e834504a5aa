//! What each path and format gives.

use crate::client::{answer, ask, get, server};
use squall_control::{ControlError, Source, serve};
use squall_proxy::Metrics;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

#[tokio::test]
async fn json_starts_with_the_totals() {
    let server = server().await;
    let answer = get(server.addr(), "/metrics?format=json").await;
    assert!(
        answer.status == 200 && answer.head.contains("content-type: application/json"),
        "{}",
        answer.head
    );
    let start = r#"{"active_connections":0,"total_connections":0,"bytes_upstream":0,"bytes_downstream":0,"links":{"db":{"#;
    assert!(answer.body.starts_with(start), "{}", answer.body);
    let value: serde_json::Value = serde_json::from_str(&answer.body).expect("JSON");
    assert_eq!(value["links"]["web \"1\"\\\n"]["held_max_bytes"], 9);
}

#[tokio::test]
async fn an_unknown_format_is_told_what_there_is() {
    let server = server().await;
    let answer = get(server.addr(), "/metrics?format=x%0Aml").await;
    assert_eq!(
        (answer.status, answer.body.as_str()),
        (400, "unknown format `x\\nml`; write `json` or `prometheus`\n")
    );
    assert_eq!(get(server.addr(), "/metrics?format=prometheus&other=1").await.status, 200);
    assert_eq!(get(server.addr(), "/metrics?format=%ff").await.status, 400);
}

#[tokio::test]
async fn health_is_ok_and_other_paths_and_methods_are_not() {
    let server = server().await;
    for path in ["/healthz", "/readyz"] {
        let answer = get(server.addr(), path).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, "ok"), "{path}");
    }
    for path in ["/", "/metrics/", "/Metrics", "/healthz/x"] {
        assert_eq!(get(server.addr(), path).await.status, 404, "{path}");
    }
    for (method, status) in [("POST", 405), ("DELETE", 405), ("BREW", 405), ("HEAD", 200)] {
        let request = format!("{method} /metrics HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
        assert_eq!(ask(server.addr(), &request).await.status, status, "{method}");
    }
}

#[tokio::test]
async fn a_connection_serves_request_after_request() {
    let server = server().await;
    let mut socket = TcpStream::connect(server.addr()).await.expect("accepted");
    for _ in 0..3 {
        socket.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n").await.expect("sent");
        let mut got = String::new();
        while !got.ends_with("\r\n\r\nok") {
            let mut buf = [0; 512];
            let n = socket.read(&mut buf).await.expect("an answer");
            assert!(n > 0, "ended after {got:?}");
            got += std::str::from_utf8(&buf[..n]).expect("text");
        }
        assert_eq!(answer(&got).status, 200);
    }
}

#[tokio::test]
async fn what_cannot_be_served_is_told() {
    let addr = server().await;
    let error = serve(addr.addr(), Vec::new()).await.expect_err("the port is taken");
    assert_eq!(error.to_string(), format!("listen {}: address already in use", addr.addr()));
    let twice = vec![Source::new("web", Metrics::default), Source::new("web", Metrics::default)];
    let error = serve("127.0.0.1:0".parse().expect("an address"), twice).await.expect_err("one name");
    assert!(matches!(&error, ControlError::NameTaken(name) if name == "web"));
    assert_eq!(error.to_string(), "two links are named `web`");
}
