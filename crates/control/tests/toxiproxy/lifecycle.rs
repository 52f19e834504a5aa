//! Proxies that run, stop, move and come back.

use crate::api::Api;
use std::io::ErrorKind;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

async fn echo() -> squall_echo::Echo {
    squall_echo::tcp().start().await.expect("the echo starts")
}

/// A connection that has been relayed to the server and back.
async fn connected(addr: SocketAddr) -> TcpStream {
    let mut client = TcpStream::connect(addr).await.expect("accepted");
    exchange(&mut client).await;
    client
}

async fn exchange(client: &mut TcpStream) {
    client.write_all(b"x").await.expect("sent");
    client.read_exact(&mut [0]).await.expect("echoed");
}

async fn ends(client: &mut TcpStream) {
    assert!(!client.read(&mut [0]).await.is_ok_and(|n| n > 0), "the connection is gone");
}

#[tokio::test]
async fn a_disabled_proxy_comes_back_on_its_port_with_its_toxics() {
    let (api, echo) = (Api::start().await, echo().await);
    let addr = api.web(echo.addr()).await;
    api.toxic(r#"{"type":"noop"}"#).await;
    api.toxic(r#"{"type":"limit_data","attributes":{"bytes":3}}"#).await;
    let mut client = connected(addr).await;
    let off = api.done("PATCH", "/proxies/web", r#"{"enabled":false}"#).await.json();
    assert_eq!((&off["enabled"], &off["listen"]), (&false.into(), &addr.to_string().into()));
    ends(&mut client).await;
    let refused = TcpStream::connect(addr).await.expect_err("closed");
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    for _ in 0..2 {
        let on = api.done("POST", "/proxies/web", r#"{"enabled":true}"#).await.json();
        assert_eq!((&on["enabled"], &on["listen"]), (&true.into(), &addr.to_string().into()));
    }
    let mut client = TcpStream::connect(addr).await.expect("accepted");
    client.write_all(b"12345").await.expect("sent");
    let mut got = Vec::new();
    client.read_to_end(&mut got).await.expect("a FIN");
    assert_eq!(got, b"123");
}

#[tokio::test]
async fn what_is_the_same_in_other_words_drops_no_connection() {
    let (api, echo) = (Api::start().await, echo().await);
    let addr = api.web(echo.addr()).await;
    let mut client = connected(addr).await;
    let port = addr.port();
    for body in [
        r#"{"listen":"127.0.0.1:0"}"#.to_owned(),
        format!(r#"{{"listen":"localhost:{port}","enabled":true}}"#),
        format!(r#"{{"listen":"{addr}","upstream":"{}"}}"#, echo.addr()),
        r#"{"listen":null,"enabled":null}"#.to_owned(),
    ] {
        api.done("PATCH", "/proxies/web", &body).await;
        exchange(&mut client).await;
    }
}

#[tokio::test]
async fn wildcards_take_callers_of_either_kind_and_are_known_again() {
    let (api, echo) = (Api::start().await, echo().await);
    let upstream = echo.addr();
    for (name, listen) in [("all", "0.0.0.0:0"), ("colon", ":0"), ("empty", "")] {
        let body = format!(r#"{{"name":"{name}","listen":"{listen}","upstream":"{upstream}"}}"#);
        let made = api.done("POST", "/proxies", &body).await.json();
        let addr: SocketAddr = made["listen"].as_str().expect("text").parse().expect("an address");
        assert!(addr.ip().is_unspecified() && addr.port() != 0, "{addr}");
        let mut client = connected(SocketAddr::from(([127, 0, 0, 1], addr.port()))).await;
        for listen in [listen.to_owned(), format!("0.0.0.0:{}", addr.port()), format!(":{}", addr.port())] {
            let body = format!(r#"[{{"name":"{name}","listen":"{listen}","upstream":"{upstream}"}}]"#);
            api.done("POST", "/populate", &body).await;
            exchange(&mut client).await;
        }
    }
}

#[tokio::test]
async fn another_upstream_restarts_the_proxy_on_its_port() {
    let (api, one, two) = (Api::start().await, echo().await, echo().await);
    let addr = api.web(one.addr()).await;
    let mut client = connected(addr).await;
    let moved =
        api.done("PATCH", "/proxies/web", &format!(r#"{{"upstream":"{}"}}"#, two.addr())).await.json();
    assert_eq!((&moved["listen"], &moved["enabled"]), (&addr.to_string().into(), &true.into()));
    ends(&mut client).await;
    drop(one);
    connected(addr).await;
}

#[tokio::test]
async fn a_port_that_is_taken_leaves_the_proxy_disabled_where_it_was_to_be() {
    let (api, echo) = (Api::start().await, echo().await);
    let addr = api.web(echo.addr()).await;
    let taken = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let other = taken.local_addr().expect("bound");
    let told = format!("{{\"error\":\"listen tcp {other}: bind: address already in use\",\"status\":500}}\n");
    let answer = api.ask("PATCH", "/proxies/web", &format!(r#"{{"listen":"{other}"}}"#)).await;
    assert_eq!((answer.status, answer.body), (500, told.clone()));
    let now = api.get("/proxies/web").await.json();
    assert_eq!((&now["listen"], &now["enabled"]), (&other.to_string().into(), &false.into()));
    assert_eq!(TcpStream::connect(addr).await.expect_err("closed").kind(), ErrorKind::ConnectionRefused);
    // A new one is not made at all.
    let body = format!(r#"{{"name":"new","upstream":"u:1","listen":"{other}"}}"#);
    assert_eq!(api.ask("POST", "/proxies", &body).await.body, told);
    assert_eq!(api.get("/proxies/new").await.status, 404);
    drop(taken);
    api.done("PATCH", "/proxies/web", r#"{"enabled":true}"#).await;
    connected(other).await;
}

#[tokio::test]
async fn a_deleted_proxy_leaves_its_port_and_its_name() {
    let (api, echo) = (Api::start().await, echo().await);
    let addr = api.web(echo.addr()).await;
    let mut client = connected(addr).await;
    api.done("DELETE", "/proxies/web", "").await;
    ends(&mut client).await;
    let body = format!(r#"{{"name":"web","listen":"{addr}","upstream":"{}"}}"#, echo.addr());
    api.done("POST", "/proxies", &body).await;
    connected(addr).await;
}

#[tokio::test]
async fn reset_enables_everything_and_takes_every_toxic_off() {
    let (api, echo) = (Api::start().await, echo().await);
    let (web, db) = (api.web(echo.addr()).await, api.named("db", echo.addr()).await);
    let mut open = connected(web).await;
    api.toxic(r#"{"type":"bandwidth","attributes":{"rate":0}}"#).await;
    open.write_all(b"y").await.expect("sent");
    api.done("POST", "/proxies/db/toxics", r#"{"type":"timeout"}"#).await;
    api.done("PATCH", "/proxies/db", r#"{"enabled":false}"#).await;
    assert_eq!(api.ask("POST", "/reset", "").await.status, 204);
    for (_, proxy) in api.get("/proxies").await.json().as_object().expect("proxies") {
        assert_eq!((&proxy["enabled"], &proxy["toxics"]), (&true.into(), &serde_json::json!([])));
    }
    open.read_exact(&mut [0]).await.expect("what was blocked is let go");
    connected(db).await;
}

#[tokio::test]
async fn an_upstream_that_is_no_address_is_taken_and_fails_when_it_is_dialled() {
    let api = Api::start().await;
    for (name, upstream) in
        [("a", "one.example"), ("b", "http://127.0.0.1:1/"), ("c", "::"), ("d", "127.0.0.1:1")]
    {
        let body = format!(r#"{{"name":"{name}","listen":"127.0.0.1:0","upstream":"{upstream}"}}"#);
        let made = api.done("POST", "/proxies", &body).await.json();
        assert_eq!(made["upstream"], upstream);
    }
    let addr = api.all.addresses().into_iter().find(|(name, _)| name == "d").expect("running").1;
    // The RST may overtake the news that the connection was made.
    if let Ok(mut client) = TcpStream::connect(addr.to_string()).await {
        ends(&mut client).await;
    }
}

#[tokio::test]
async fn a_request_that_is_given_up_is_served_all_the_same() {
    let (api, echo) = (Api::start().await, echo().await);
    let addr = api.server.addr();
    let body = format!(r#"{{"name":"web","listen":"127.0.0.1:0","upstream":"{}"}}"#, echo.addr());
    let mut socket = TcpStream::connect(addr).await.expect("accepted");
    let head = format!("POST /proxies HTTP/1.1\r\nhost: localhost\r\ncontent-length: {}\r\n\r\n", body.len());
    socket.write_all((head + &body).as_bytes()).await.expect("sent");
    drop(socket);
    while api.all.is_empty() {
        tokio::task::yield_now().await;
    }
    assert_eq!(api.get("/proxies/web").await.json()["enabled"], true);
}
