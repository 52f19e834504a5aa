//! The page of metrics.

use crate::api::Api;
use squall_control::{Access, Exposure, Gauge};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

#[tokio::test]
async fn bytes_are_counted_while_the_connection_is_open() {
    let api = Api::with(Access::new(), Exposure::new().proxies()).await;
    let echo = squall_echo::tcp().start().await.expect("the echo starts");
    let (addr, upstream) = (api.web(echo.addr()).await, echo.addr());
    api.toxic(r#"{"name":"slow","type":"bandwidth","attributes":{"rate":0}}"#).await;
    let mut client = TcpStream::connect(addr).await.expect("accepted");
    client.write_all(b"hello").await.expect("sent");
    let labels = |direction: &str| {
        format!(r#"{{direction="{direction}",listener="{addr}",proxy="web",upstream="{upstream}"}}"#)
    };
    let expected = [
        format!("toxiproxy_proxy_received_bytes_total{} 5", labels("upstream")),
        format!("toxiproxy_proxy_sent_bytes_total{} 5", labels("upstream")),
        format!("toxiproxy_proxy_received_bytes_total{} 5", labels("downstream")),
        format!("toxiproxy_proxy_sent_bytes_total{} 0", labels("downstream")),
        r#"promhttp_metric_handler_errors_total{cause="encoding"} 0"#.to_owned(),
        r#"squall_faults_fired_total{link="web",fault="slow",kind="bandwidth"} 1"#.to_owned(),
        r#"squall_held_bytes{link="web"} 5"#.to_owned(),
        "connections_active 1".to_owned(),
    ];
    let mut page = api.get("/metrics").await;
    while !expected.iter().all(|line| page.body.lines().any(|l| l == line)) {
        page = api.get("/metrics").await;
    }
    assert!(page.header("content-type").is_some_and(|kind| kind.starts_with("text/plain; version=0.0.4")));
    assert!(!page.body.contains("go_info"));
    api.done("DELETE", "/proxies/web/toxics/slow", "").await;
    client.read_exact(&mut [0; 5]).await.expect("let go");
}

#[tokio::test]
async fn numbers_of_the_process_are_shown_where_they_are_wanted() {
    let read = || vec![Gauge { name: "process_open_fds", help: "Open.", value: 7.5, rises: false }];
    let api = Api::with(Access::new(), Exposure::new().process(read)).await;
    let page = api.ask("POST", "/metrics", "").await;
    assert_eq!(page.status, 200, "any method");
    for line in ["process_open_fds 7.5", "# TYPE go_info gauge", "go_goroutines 0"] {
        assert!(page.body.lines().any(|l| l == line), "no `{line}` in:\n{}", page.body);
    }
    assert!(page.body.lines().any(|l| l.starts_with("go_info{version=")));
    assert!(!page.body.contains("toxiproxy_proxy"), "{}", page.body);
}
