//! Requests that the server turns away.

use crate::client::{ask, server};

async fn status(host: &str) -> u16 {
    let server = server().await;
    ask(server.addr(), &format!("GET /metrics HTTP/1.1\r\n{host}connection: close\r\n\r\n")).await.status
}

#[tokio::test]
async fn a_page_that_resolves_its_own_name_to_this_machine_is_turned_away() {
    assert_eq!(status("host: evil.example\r\n").await, 403);
    assert_eq!(status("host: evil.example:8998\r\n").await, 403);
    assert_eq!(status("host: localhost\r\nhost: evil.example\r\n").await, 403);
    assert_eq!(status("host: localhost:8998\r\n").await, 200);
    assert_eq!(status("host: [::1]:8998\r\n").await, 200);
}

#[tokio::test]
async fn a_request_without_a_host_is_served() {
    let server = server().await;
    assert_eq!(ask(server.addr(), "GET /healthz HTTP/1.0\r\n\r\n").await.status, 200);
    assert_eq!(ask(server.addr(), "GET /healthz HTTP/1.1\r\nconnection: close\r\n\r\n").await.status, 200);
}

#[tokio::test]
async fn a_host_in_the_request_line_counts_too() {
    let server = server().await;
    let ask = |target: &'static str| {
        let request = format!("GET {target} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
        async move { ask(server.addr(), &request).await.status }
    };
    assert_eq!(ask("http://evil.example/metrics").await, 403);
}

#[tokio::test]
async fn paths_that_do_not_exist_are_guarded_as_well() {
    let server = server().await;
    let request = "GET /none HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n";
    assert_eq!(ask(server.addr(), request).await.status, 403);
}

#[tokio::test]
async fn a_head_that_is_too_large_is_refused() {
    let server = server().await;
    let many: String = (0..70).map(|i| format!("x-{i}: 1\r\n")).collect();
    let request = format!("GET /metrics HTTP/1.1\r\nhost: localhost\r\n{many}connection: close\r\n\r\n");
    assert_eq!(ask(server.addr(), &request).await.status, 431);
}
