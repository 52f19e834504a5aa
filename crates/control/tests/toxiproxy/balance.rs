//! What squall adds for balancers: members as they are, and as an operator wants them.

use crate::api::Api;
use squall_balance::Algorithm;
use squall_control::{Source, serve};
use squall_proxy::{Balance, Member, Proxy};
use std::net::SocketAddr;

/// A balancer of two members, `a` and one that is named after its address, and the server that controls it.
async fn balanced() -> (Api, Proxy, String) {
    let nowhere = "127.0.0.1:9".parse::<SocketAddr>().expect("an address");
    let echo = squall_echo::tcp().start().await.expect("the echo starts");
    let members =
        Balance::new(Algorithm::P2c).member(Member::new(echo.addr()).name("a").weight(3)).member(nowhere);
    let proxy = Proxy::balance(members).start().await.expect("the balancer starts");
    let api = Api::start().await;
    api.all.add_balancer(proxy.balancer().expect("it picks"));
    (api, proxy, echo.addr().to_string())
}

#[tokio::test]
async fn members_are_shown_with_all_that_is_known_of_them() {
    let (api, _proxy, addr) = balanced().await;
    let counts = r#""connections":0,"ejections":0,"failures":0,"healthy":true,"picks":0,"probe_failures":0,"probes":0"#;
    let a = format!(
        r#"{{"name":"a","active":0,"address":"{addr}","admin":"up",{counts},"state":"up","weight":3}}"#
    );
    let b = format!(
        r#"{{"name":"127.0.0.1:9","active":0,"address":"127.0.0.1:9","admin":"up",{counts},"state":"up","weight":1}}"#
    );
    let all =
        format!(r#"{{"algorithm":"p2c","members":[{a},{b}],"name":"balance","picks":0,"unanswered":0}}"#);
    for (path, expected) in [
        ("/squall/balance", &format!(r#"{{"balance":{all}}}"#)),
        ("/squall/balance/balance", &all),
        ("/squall/balance/balance/a", &a),
        ("/squall/balance/balance/127.0.0.1:9", &b),
        ("/proxies", &"{}".to_owned()),
    ] {
        let answer = api.ask("GET", path, "").await;
        assert_eq!((answer.status, &answer.body), (200, expected), "{path}");
    }
}

#[tokio::test]
async fn states_and_weights_are_changed_together_or_not_at_all() {
    let (api, proxy, _) = balanced().await;
    let handle = proxy.balancer().expect("it picks");
    let path = "/squall/balance/balance/a";
    for (body, state, weight) in [
        (r#"{"state":"drain"}"#, "drain", 3),
        (r#"{"weight":7}"#, "drain", 7),
        (r#"{"state":"down","weight":0}"#, "down", 0),
        (r#"{"state":"up","weight":null,"note":"unknown fields are ignored"}"#, "weightless", 0),
        (r#"{"STATE":"up","weight":1000}"#, "up", 1000),
    ] {
        let changed = api.done("POST", path, body).await.json();
        assert_eq!((&changed["state"], &changed["weight"]), (&state.into(), &weight.into()), "{body}");
    }
    let before = handle.members();
    for (path, body, status, told) in [
        (path, "{}", 400, "missing required field: state or weight"),
        (path, "", 400, "bad request body"),
        (path, r#"{"state":"gone"}"#, 400, "there is no member state `gone`; there are up, drain, down"),
        (path, r#"{"state":"gone","weight":5}"#, 400, "there is no member state"),
        (path, r#"{"state":"drain","weight":1001}"#, 400, "not among 0 to 1000"),
        (path, r#"{"state":"drain","weight":-1}"#, 400, "the weight -1 is not among 0 to 1000"),
        (path, r#"{"state":"drain","weight":1.5}"#, 400, "cannot unmarshal"),
        (path, r#"{"state":5}"#, 400, "cannot unmarshal"),
        (path, "[]", 400, "cannot unmarshal array"),
        ("/squall/balance/balance/z", r#"{"state":"up"}"#, 404, "member not found"),
        ("/squall/balance/z/a", r#"{"state":"up"}"#, 404, "balancer not found"),
    ] {
        let answer = api.ask("POST", path, body).await;
        assert_eq!(answer.status, status, "{body}: {}", answer.body);
        assert!(answer.body.contains(told), "{body}: {}", answer.body);
    }
    assert_eq!(handle.members(), before);
    for (method, path, status) in [
        ("DELETE", path, 405),
        ("POST", "/squall/balance", 405),
        ("POST", "/squall/balance/balance", 405),
        ("GET", "/squall/balance/balance/a/b", 404),
        ("GET", "/squall/balance/z", 404),
    ] {
        assert_eq!(api.ask(method, path, "").await.status, status, "{method} {path}");
    }
}

#[tokio::test]
async fn members_are_families_of_their_own_among_the_metrics() {
    let (_api, proxy, _) = balanced().await;
    let handle = proxy.balancer().expect("it picks");
    handle.set_state("a", squall_balance::AdminState::Drain).expect("a member");
    let server = serve("127.0.0.1:0".parse().expect("an address"), vec![Source::from(&proxy)]).await;
    let api = Api { server: server.expect("a free port"), all: crate::api::collection(0) };
    let text = api.ask("GET", "/metrics", "").await.body;
    for line in [
        r#"squall_member_picks_total{link="balance",member="a"} 0"#,
        r#"squall_member_connections_total{link="balance",member="a",outcome="connected"} 0"#,
        r#"squall_member_connections_total{link="balance",member="127.0.0.1:9",outcome="failed"} 0"#,
        r#"squall_member_connections_active{link="balance",member="a"} 0"#,
        r#"squall_member_ejections_total{link="balance",member="a"} 0"#,
        r#"squall_member_probes_total{link="balance",member="a",outcome="passed"} 0"#,
        r#"squall_member_weight{link="balance",member="a"} 3"#,
        r#"squall_member_state{link="balance",member="a",state="drain"} 1"#,
        r#"squall_member_state{link="balance",member="a",state="up"} 0"#,
        r#"squall_member_state{link="balance",member="127.0.0.1:9",state="up"} 1"#,
    ] {
        assert!(text.lines().any(|told| told == line), "{line}\n{text}");
    }
    let json = api.ask("GET", "/metrics?format=json", "").await.json();
    let member = &json["links"]["balance"]["members"]["a"];
    assert_eq!((&member["admin"], &member["weight"]), (&"drain".into(), &3.into()));
}

#[tokio::test]
async fn a_balancer_is_counted_with_the_links_and_its_name_is_taken_while_it_is_there() {
    let (api, proxy, echo) = balanced().await;
    assert_eq!(api.done("GET", "/squall/links/balance", "").await.json()["connections"]["accepted"], 0);
    // Nobody is behind it: the end of the connection, which may come before it has begun, says that it was counted.
    if let Ok(mut client) = tokio::net::TcpStream::connect(proxy.addr()).await {
        let _ = tokio::io::AsyncReadExt::read(&mut client, &mut [0]).await;
    }
    let all = api.done("GET", "/squall/links", "").await.json();
    assert_eq!(all["links"]["balance"]["connections"]["accepted"], 1, "{all}");
    let wanted = format!(r#"{{"name":"balance","upstream":"{echo}"}}"#);
    assert_eq!(api.ask("POST", "/proxies", &wanted).await.status, 409);
    assert_eq!(api.ask("POST", "/populate", &format!("[{wanted}]")).await.status, 409);
    // Another one of its name goes on where it was.
    let members = Balance::new(Algorithm::Random).member(proxy.addr());
    let other = Proxy::balance(members).start().await.expect("the balancer starts");
    api.all.add_balancer(other.balancer().expect("it picks"));
    let (name, metrics) = api.all.metrics().into_iter().next().expect("a balancer");
    assert_eq!((name.as_str(), metrics.connections.accepted, metrics.members.len()), ("balance", 1, 1));
    api.all.remove_balancer("balance");
    assert_eq!(api.ask("GET", "/squall/balance/balance", "").await.status, 404);
    assert!(api.all.metrics().is_empty());
    assert_eq!(api.ask("POST", "/proxies", &wanted).await.status, 201);
}
