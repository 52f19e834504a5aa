//! The counts of a link that is at work.

use crate::client::{get, start};
use crate::exposition::parse;
use squall_control::Source;
use squall_proxy::Proxy;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

#[tokio::test]
async fn counts_are_live_while_a_connection_is_open() {
    let echo = squall_echo::tcp().start().await.expect("the echo starts");
    let proxy = Proxy::tcp(echo.addr()).name("web").start().await.expect("the proxy starts");
    let slow: squall_faults::FaultSpec = "latency:1ms,name=slow".parse().expect("a fault");
    proxy.inject(slow).keep();
    let server = start(vec![Source::from(&proxy)]).await;
    let mut client = TcpStream::connect(proxy.addr()).await.expect("accepted");
    client.write_all(b"hello").await.expect("sent");
    client.read_exact(&mut [0; 5]).await.expect("echoed");
    // The proxy counts what it has written, which the client may have read by then.
    let samples = loop {
        let samples = parse(&get(server.addr(), "/metrics").await.body);
        if samples["bytes_downstream"] > 0.0 {
            break samples;
        }
    };
    for (series, value) in [
        ("connections_active", 1.0),
        ("connections_total", 1.0),
        ("bytes_upstream", 5.0),
        ("bytes_downstream", 5.0),
        (r#"squall_connections_total{link="web",outcome="accepted"}"#, 1.0),
        (r#"squall_connections_active{link="web"}"#, 1.0),
        (r#"squall_faults_fired_total{link="web",fault="slow",kind="latency"}"#, 1.0),
        (r#"squall_bytes_total{link="web",direction="down"}"#, 5.0),
    ] {
        assert_eq!(samples.get(series), Some(&value), "{series}");
    }
    drop(client);
    proxy.idle().await;
    drop(proxy);
    let body = get(server.addr(), "/metrics?format=json").await.body;
    let value: serde_json::Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!(
        (&value["active_connections"], &value["links"]["web"]["closes"]["fin"]),
        (&0.into(), &1.into())
    );
}
