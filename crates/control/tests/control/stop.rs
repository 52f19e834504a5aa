//! How a server ends.

use crate::client::{get, server, start};
use squall_control::{Source, serve};
use squall_proxy::Metrics;
use std::io::ErrorKind;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

#[tokio::test]
async fn stopping_frees_the_port_and_closes_idle_connections() {
    let server = server().await;
    let addr = server.addr();
    let mut silent = TcpStream::connect(addr).await.expect("accepted");
    assert_eq!(get(addr, "/healthz").await.status, 200);
    server.stop().await;
    assert_eq!(silent.read(&mut [0; 8]).await.expect("a FIN"), 0);
    let refused = TcpStream::connect(addr).await.expect_err("closed");
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    serve(addr, Vec::new()).await.expect("the port is free").stop().await;
}

#[tokio::test]
async fn dropping_the_server_ends_its_connections_and_its_sources() {
    let counts = std::sync::Arc::new(());
    let held = counts.clone();
    let server = start(vec![Source::new("web", move || {
        let _ = &held;
        Metrics::default()
    })])
    .await;
    let mut client = TcpStream::connect(server.addr()).await.expect("accepted");
    client.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n").await.expect("sent");
    assert!(client.read(&mut [0; 512]).await.expect("an answer") > 0);
    drop(server);
    while client.read(&mut [0; 512]).await.is_ok_and(|n| n > 0) {}
    while std::sync::Arc::strong_count(&counts) > 1 {
        tokio::task::yield_now().await;
    }
}
