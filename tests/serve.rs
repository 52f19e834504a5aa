//! `squall serve` and `squall ctl`: a control server as a process, and its client.

use crate::process::*;
use std::fs;
use std::io::{Read, Write};
use std::net::SocketAddr;
use std::process::Output;

fn serve(args: &[&str]) -> (Server, SocketAddr) {
    let mut all = vec!["serve", "-port", "0"];
    all.extend(args);
    let mut server = Server::start(&all);
    let addr = server.ready("squall control listening on ");
    (server, addr)
}

/// Runs a command of the client.
fn ctl(addr: SocketAddr, args: &[&str]) -> Output {
    squall().arg("ctl").args(args).env("TOXIPROXY_URL", format!("http://{addr}")).output().expect("runs")
}

/// What a command that succeeds says.
fn said(addr: SocketAddr, args: &[&str]) -> String {
    let output = ctl(addr, args);
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{args:?}: {errors}");
    String::from_utf8(output.stdout).expect("text")
}

/// What a command that fails says, and its code.
fn failed(addr: SocketAddr, args: &[&str]) -> (Option<i32>, String) {
    let output = ctl(addr, args);
    (output.status.code(), String::from_utf8(output.stderr).expect("text"))
}

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// The bytes that come back of three through a proxy.
fn answer(addr: SocketAddr) -> usize {
    let mut client = connect(addr);
    client.write_all(b"123").expect("sent");
    client.shutdown(std::net::Shutdown::Write).expect("FIN");
    let mut got = Vec::new();
    client.read_to_end(&mut got).expect("an answer");
    got.len()
}

fn listen_of(proxy: &serde_json::Value) -> SocketAddr {
    proxy["listen"].as_str().and_then(|listen| listen.parse().ok()).expect("an address")
}

#[test]
fn a_proxy_is_made_changed_and_removed_by_commands() {
    let ((_echo, upstream), (_server, addr)) = (echo(), serve(&[]));
    let upstream = upstream.to_string();
    assert_eq!(said(addr, &["list"]), "no proxies\n");
    let made = json(&said(addr, &["--json", "create", "web", "-l", "127.0.0.1:0", "-u", &upstream]));
    let web = listen_of(&made);
    assert_eq!(answer(web), 3);
    let told = said(addr, &["toxic", "add", "web", "-t", "limit_data", "-a", "bytes=1", "--toxicity", "0.5"]);
    assert_eq!(told, "Added downstream limit_data toxic 'limit_data_downstream' on proxy 'web'\n");
    let name = ["-n", "limit_data_downstream"];
    said(addr, &["toxic", "update", "web", name[0], name[1], "--toxicity", "1"]);
    said(addr, &["toxic", "update", "web", name[0], name[1], "-a", "bytes=2"]);
    assert_eq!(answer(web), 2);
    let shown = said(addr, &["inspect", "web"]);
    let row: Vec<_> = shown.lines().last().expect("a row").split_whitespace().collect();
    assert_eq!(row, ["limit_data_downstream", "limit_data", "downstream", "1", "bytes=2"]);
    said(addr, &["toxic", "remove", "web", name[0], name[1]]);
    said(addr, &["toxic", "add", "web", "-t", "noop", "-n", "n", "--both"]);
    said(addr, &["add", "web", "truncate:1,connections=1@both"]);
    assert_eq!((answer(web), answer(web)), (1, 3));
    let toxics = json(&said(addr, &["inspect", "web", "--json"]))["toxics"].clone();
    let names: Vec<_> =
        toxics.as_array().expect("toxics").iter().map(|toxic| toxic["name"].clone()).collect();
    assert_eq!(names, ["n_upstream", "truncate", "n_downstream"]);
    assert_eq!(said(addr, &["toggle", "web"]), "Proxy web is now disabled\n");
    let listed = said(addr, &["ls"]);
    let row: Vec<_> = listed.lines().last().expect("a row").split_whitespace().collect();
    assert_eq!(row, ["web", &*web.to_string(), &*upstream, "disabled", "3"]);
    said(addr, &["reset"]);
    assert_eq!(answer(web), 3);
    assert_eq!(said(addr, &["delete", "web"]), "Deleted proxy web\n");
    assert_eq!(json(&said(addr, &["list", "--json"])), serde_json::json!({}));
}

#[test]
fn a_proxy_is_there_also_where_its_server_is_not() {
    let (_server, addr) = serve(&[]);
    let made = json(&said(addr, &["--json", "create", "web", "-l", "127.0.0.1:0", "-u", "127.0.0.1:1"]));
    for _ in 0..20 {
        let mut client = std::net::TcpStream::connect(listen_of(&made)).expect("connected");
        assert_eq!(client.read(&mut [0]).expect("an orderly end"), 0);
    }
}

#[test]
fn what_cannot_be_done_is_told_with_its_code() {
    let (_server, addr) = serve(&[]);
    assert_eq!(failed(addr, &["inspect", "web"]), (Some(1), "error: HTTP 404: proxy not found\n".to_owned()));
    said(addr, &["create", "web", "-l", "localhost:0", "-u", "u:1", "--disabled"]);
    let (code, told) = failed(addr, &["toxic", "add", "web", "-t", "latency", "-a", "latency"]);
    assert_eq!(code, Some(2));
    assert!(told.contains("write KEY=VALUE"), "{told}");
    for toxicity in ["nan", "inf", "50", "x"] {
        let args = ["toxic", "add", "web", "-t", "noop", "--toxicity", toxicity];
        assert_eq!(failed(addr, &args).0, Some(2), "{toxicity}");
    }
    let (code, told) = failed(addr, &["add", "web", "latancy:50ms"]);
    assert_eq!(code, Some(2));
    assert!(told.contains("did you mean `latency`?"), "{told}");
    let (code, told) = failed(addr, &["toxic", "add", "web", "-t", "bandwidth", "-a", "rate=-1"]);
    assert_eq!(code, Some(1));
    assert!(told.starts_with("error: HTTP 400: invalid attributes: "), "{told}");
    assert_eq!(failed("127.0.0.1:1".parse().expect("an address"), &["list"]).0, Some(3));
}

#[test]
fn an_export_is_a_configuration_of_the_same_state() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("proxies.json");
    let path = file.to_str().expect("text");
    let exported = {
        let (server, addr) = serve(&[]);
        said(addr, &["create", "web", "-l", "127.0.0.1:0", "-u", "127.0.0.1:1"]);
        said(addr, &["create", "off", "-l", "localhost:0", "-u", "127.0.0.1:1", "--disabled"]);
        said(addr, &["toxic", "add", "web", "-t", "latency", "-a", "latency=5", "--toxicity", "0.1", "-u"]);
        said(
            addr,
            &["toxic", "add", "off", "-t", "packet_loss", "-a", "loss_rate=0.25", "-a", "connections=1-2"],
        );
        said(addr, &["add", "web", "reset:p=1%,after=64KiB@both"]);
        let exported = said(addr, &["export"]);
        assert_eq!(server.stop().code, Some(0));
        exported
    };
    fs::write(&file, &exported).expect("written");
    let mut server = Server::start(&["serve", "-port=0", "-config", path]);
    let addr = server.ready("squall control listening on ");
    let web = server.ready("squall proxy web listening on ");
    assert_eq!(web, listen_of(&json(&exported)[1]));
    assert_eq!(said(addr, &["export"]), exported);
    // What is the same is made by no second reading.
    said(addr, &["populate", path]);
    assert_eq!(said(addr, &["export"]), exported);
}

#[test]
fn a_hangup_reads_the_configuration_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("proxies.json");
    let item = |name: &str| format!(r#"{{"name":"{name}","listen":"127.0.0.1:0","upstream":"u:1"}}"#);
    fs::write(&file, format!("[{}]", item("a"))).expect("written");
    let (server, addr) = serve(&["-config", file.to_str().expect("text")]);
    let before = json(&said(addr, &["list", "--json"]))["a"].clone();
    fs::write(&file, "[{").expect("written");
    server.signal("HUP");
    fs::write(&file, format!("[{},{}]", item("a"), item("b"))).expect("written");
    let after = loop {
        server.signal("HUP");
        let after = json(&said(addr, &["list", "--json"]));
        if after["b"]["enabled"] == true {
            break after;
        }
    };
    assert_eq!(after["a"], before);
    assert_eq!(server.stop().code, Some(0));
}

#[test]
fn what_is_wrong_with_a_start_has_its_exit_code() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("proxies.json");
    let path = file.to_str().expect("text");
    let run = |args: &[&str]| {
        let output = squall().arg("serve").args(args).output().expect("runs");
        (output.status.code(), String::from_utf8(output.stderr).expect("text"))
    };
    let (code, told) = run(&["-port", "0", "-config", path]);
    assert!(code == Some(3) && told.contains("cannot read"), "{told}");
    for (text, told) in [
        ("[", "bad request body: unexpected EOF"),
        (r#"[{"name":"a"}]"#, "missing required field: upstream at proxy 1"),
        (r#"[{"name":"a","upstream":"u","toxics":[{"type":"x"}]}]"#, "invalid toxic type at proxy 1"),
    ] {
        fs::write(&file, text).expect("written");
        let expected = format!("error: {path}: {told}\n");
        assert_eq!(run(&["-port", "0", "-config", path]), (Some(2), expected));
    }
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = taken.local_addr().expect("bound").port();
    let (code, told) = run(&["--host", "127.0.0.1", "--port", &port.to_string()]);
    assert!(code == Some(3) && told.contains("address already in use"), "{told}");
    fs::write(&file, format!(r#"[{{"name":"a","upstream":"u","listen":"127.0.0.1:{port}"}}]"#))
        .expect("written");
    let (code, told) = run(&["-port", "0", "-config", path]);
    assert!(code == Some(3) && told.contains("bind: address already in use"), "{told}");
    assert_eq!(run(&["-nope"]).0, Some(2));
}

#[test]
fn a_seed_chooses_the_same_connections_on_every_server() {
    let chosen = |seed: &str| {
        let ((_echo, upstream), (_server, addr)) = (echo(), serve(&["-seed", seed]));
        let made = said(addr, &["--json", "create", "web", "-l", "127.0.0.1:0", "-u", &upstream.to_string()]);
        said(addr, &["toxic", "add", "web", "-t", "limit_data", "--toxicity", "0.5"]);
        let web = listen_of(&json(&made));
        (0..16).map(|_| answer(web) == 0).collect::<Vec<_>>()
    };
    let once = chosen("-5");
    assert_eq!(chosen("-5"), once);
    assert_ne!(chosen("6"), once);
}

#[test]
fn metrics_and_the_token_are_options() {
    let (_server, addr) = serve(&["-proxy-metrics", "-runtime-metrics=true", "--auth-token", "secret"]);
    assert_eq!(failed(addr, &["list"]).1, "error: HTTP 401: missing or invalid auth token\n");
    let url = format!("http://{addr}");
    let list = squall().args(["ctl", "--host", &url, "list"]).env("SQUALL_AUTH_TOKEN", "secret").output();
    assert!(list.expect("runs").status.success());
    let mut client = connect(addr);
    let head = "GET /metrics HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer secret\r\nConnection: close\r\n\r\n";
    client.write_all(head.as_bytes()).expect("sent");
    let mut page = String::new();
    client.read_to_string(&mut page).expect("an answer");
    for line in [
        "\nprocess_start_time_seconds ",
        "\ngo_info{",
        "\ngo_build_info{checksum=\"\",path=\"\",version=\"\"} 1\n",
    ] {
        assert!(page.contains(line), "{line}: {page}");
    }
}

#[test]
fn without_a_token_only_this_machine_is_listened_to_silently() {
    for (host, warned) in [("localhost", false), ("0.0.0.0", true)] {
        let (server, _) = serve(&["-host", host]);
        let told = server.stop().err;
        assert_eq!(told.contains("SQUALL_AUTH_TOKEN"), warned, "{host}: {told}");
    }
}

#[test]
fn a_server_under_toxiproxys_name_is_the_same() {
    let folder = tempfile::tempdir().expect("a folder");
    let name = folder.path().join("toxiproxy");
    std::os::unix::fs::symlink(assert_cmd::cargo::cargo_bin!("squall"), &name).expect("a link");
    let output =
        std::process::Command::new(&name).args(["-host=0.0.0.0", "-version"]).output().expect("runs");
    assert!(output.status.success(), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stdout).contains(env!("CARGO_PKG_VERSION")));
}

#[test]
fn the_links_of_a_proxy_are_controlled_as_well() {
    let (_echo, upstream) = echo();
    let args =
        ["--control", "127.0.0.1:0", "--metrics", "127.0.0.1:0", "--fault", "truncate:1", "--log-events"];
    let (mut proxy, web) = proxy(upstream, &args);
    proxy.ready("squall metrics listening on ");
    let addr = proxy.ready("squall control listening on ");
    assert_eq!(answer(web), 1);
    said(addr, &["toxic", "remove", "proxy", "-n", "truncate"]);
    assert_eq!(answer(web), 3);
    said(addr, &["toggle", "proxy"]);
    assert!(std::net::TcpStream::connect(web).is_err());
    said(addr, &["toggle", "proxy"]);
    assert_eq!(answer(web), 3);
    said(addr, &["create", "more", "-l", "127.0.0.1:0", "-u", &upstream.to_string()]);
    let ended = proxy.stop();
    assert_eq!(ended.code, Some(0));
    assert!(ended.out.contains("[METRICS] active: 0 | total: 3"), "{}", ended.out);
    assert_eq!(ended.out.matches("[METRICS] ConnectionOpened ").count(), 3, "{}", ended.out);
    assert!(ended.out.contains("[METRICS] proxy truncate | fired: 1"), "{}", ended.out);
}
