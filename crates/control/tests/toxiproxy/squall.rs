//! What squall adds: its own faults as toxics, scope keys, and the counts of links.

use crate::api::Api;
use squall_proxy::Proxy;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

async fn echo() -> squall_echo::Echo {
    squall_echo::tcp().start().await.expect("the echo starts")
}

/// What comes back of three bytes, on each of some connections.
async fn answers(addr: std::net::SocketAddr, n: usize) -> Vec<usize> {
    let mut answers = Vec::new();
    for _ in 0..n {
        let mut client = TcpStream::connect(addr).await.expect("accepted");
        // A connection that is refused may be gone by now.
        let _ = client.write_all(b"123").await;
        let _ = client.shutdown().await;
        let mut got = Vec::new();
        let _ = client.read_to_end(&mut got).await;
        answers.push(got.len());
    }
    answers
}

#[tokio::test]
async fn every_fault_is_a_toxic_with_its_parameters_as_texts() {
    let (api, echo) = (Api::start().await, echo().await);
    let addr = api.web(echo.addr()).await;
    for kind in &squall_faults::KINDS {
        let spec: squall_faults::FaultSpec = kind.example.parse().expect("an example");
        if spec.fits(squall_faults::Carrier::Stream).is_err() || spec.wants().is_some() {
            continue;
        }
        let attributes: serde_json::Map<_, _> =
            spec.items().into_iter().map(|(key, text)| (key.to_owned(), text.into())).collect();
        let name = format!("squall.{}", kind.name);
        let body = serde_json::json!({"type": name, "name": kind.name, "attributes": attributes}).to_string();
        let made = api.done("POST", "/proxies/web/toxics", &body).await.json();
        assert_eq!((&made["type"], &made["attributes"]), (&name.into(), &attributes.into()));
        api.done("DELETE", &format!("/proxies/web/toxics/{}", kind.name), "").await;
    }
    api.toxic(r#"{"type":"truncate","name":"cut","attributes":{"at":2}}"#).await;
    assert_eq!(answers(addr, 1).await, [2]);
    api.done("PATCH", "/proxies/web/toxics/cut", r#"{"attributes":{"AT":"1B","connections":"*/2"}}"#).await;
    assert_eq!(answers(addr, 2).await, [1, 3]);
}

#[tokio::test]
async fn scope_keys_stand_beside_the_integers_of_toxiproxy() {
    let (api, echo) = (Api::start().await, echo().await);
    let addr = api.web(echo.addr()).await;
    let body = r#"{"name":"t","type":"limit_data","attributes":{"bytes":1,"connections":"1-2"}}"#;
    let made = api.done("POST", "/proxies/web/toxics", body).await;
    let attributes = r#"{"attributes":{"bytes":1,"connections":"1-2"},"name":"t","#;
    assert!(made.body.starts_with(attributes), "{}", made.body);
    assert_eq!(answers(addr, 3).await, [1, 1, 3]);
    api.done("PATCH", "/proxies/web/toxics/t", r#"{"attributes":{"connections":""}}"#).await;
    assert_eq!(answers(addr, 1).await, [1]);
}

#[tokio::test]
async fn both_directions_are_one_toxic_of_squalls_types() {
    let (api, echo) = (Api::start().await, echo().await);
    api.web(echo.addr()).await;
    let body = r#"{"type":"freeze","stream":"both","attributes":{"for":"1ms"}}"#;
    let made = api.done("POST", "/proxies/web/toxics", body).await.json();
    assert_eq!((&made["stream"], &made["name"]), (&"both".into(), &"freeze_both".into()));
    assert_eq!(api.all.metrics()[0].1.faults.len(), 1);
}

#[tokio::test]
async fn the_counts_of_a_link_live_on_over_restarts() {
    let (api, echo) = (Api::start().await, echo().await);
    let addr = api.web(echo.addr()).await;
    api.toxic(r#"{"name":"cut","type":"truncate","attributes":{"at":"1"}}"#).await;
    assert_eq!(answers(addr, 2).await, [1, 1]);
    api.done("PATCH", "/proxies/web", r#"{"enabled":false}"#).await;
    api.done("PATCH", "/proxies/web", r#"{"enabled":true}"#).await;
    assert_eq!(answers(addr, 1).await, [1]);
    // A connection is counted as closed once both of its sides have ended.
    let link = loop {
        let link = api.get("/squall/links/web").await.json();
        if link["connections"]["active"] == 0 {
            break link;
        }
    };
    assert_eq!((&link["connections"]["accepted"], &link["held_bytes"]), (&3.into(), &0.into()));
    assert_eq!(link["faults"]["cut"]["fired"], 3);
    assert_eq!((&link["received_bytes"]["up"], &link["bytes"]["down"]), (&9.into(), &3.into()));
    assert_eq!(api.get("/squall/links").await.json()["links"]["web"], link);
}

#[tokio::test]
async fn a_link_that_runs_already_is_taken_in_with_its_faults() {
    let (api, echo) = (Api::start().await, echo().await);
    let fault: squall_faults::FaultSpec = "truncate:2,connections=2@both".parse().expect("a fault");
    let proxy = Proxy::tcp(echo.addr()).name("own").fault(fault).start().await.expect("starts");
    let addr = proxy.addr();
    api.all.adopt(proxy);
    let told = api.get("/proxies/own").await.json();
    assert_eq!(told["listen"], addr.to_string());
    let toxic = serde_json::json!({
        "attributes": {"at": "2B", "connections": "2"},
        "name": "truncate", "type": "squall.truncate", "stream": "both", "toxicity": 1,
    });
    assert_eq!(told["toxics"], serde_json::json!([toxic]));
    assert_eq!(answers(addr, 3).await, [3, 2, 3]);
    api.done("PATCH", "/proxies/own", r#"{"enabled":false}"#).await;
    api.done("PATCH", "/proxies/own", r#"{"enabled":true}"#).await;
    assert_eq!(answers(addr, 2).await, [3, 2]);
    api.done("POST", "/reset", "").await;
    assert_eq!(answers(addr, 2).await, [3, 3]);
}

#[tokio::test]
async fn datagrams_are_relayed_where_the_upstream_says_so() {
    let api = Api::start().await;
    let echo = squall_echo::udp().start().await.expect("the echo starts");
    let body = format!(r#"{{"name":"dns","listen":"127.0.0.1:0","upstream":"udp:{}"}}"#, echo.addr());
    let made = api.done("POST", "/proxies", &body).await.json();
    let client = tokio::net::UdpSocket::bind("127.0.0.1:0").await.expect("a free port");
    client.connect(made["listen"].as_str().expect("an address")).await.expect("connects");
    client.send(b"ping").await.expect("sent");
    let mut got = [0; 8];
    assert_eq!(client.recv(&mut got).await.expect("an answer"), 4);
    let refused = api.ask("POST", "/proxies/dns/toxics", r#"{"type":"timeout"}"#).await;
    assert_eq!(refused.status, 400);
    assert!(refused.body.contains("UDP has no connection"), "{}", refused.body);
    api.done("PATCH", "/proxies/dns", r#"{"enabled":false}"#).await;
    api.done("PATCH", "/proxies/dns", r#"{"enabled":true}"#).await;
}
