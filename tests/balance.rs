//! `squall balance` as a process: members picked, probed, drained and restarted under load, and headers along a chain.

use crate::process::*;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::Instant;

/// A balancer and its address.
fn balance(args: &[&str]) -> (Server, SocketAddr) {
    let mut server = Server::start(&[&["balance"], args].concat());
    let addr = server.ready("squall balance listening on ");
    (server, addr)
}

/// There and back, and how it went.
fn round_trip(addr: SocketAddr) -> std::io::Result<()> {
    let mut client = std::net::TcpStream::connect(addr)?;
    client.set_read_timeout(Some(PATIENCE))?;
    client.write_all(b"ping")?;
    client.shutdown(Shutdown::Write)?;
    let mut heard = Vec::new();
    client.read_to_end(&mut heard)?;
    if heard == b"ping" { Ok(()) } else { Err(std::io::ErrorKind::UnexpectedEof.into()) }
}

/// An echo server at an address. Where one is to come back, that is one of its own: no connection takes its port meanwhile.
fn echo_at(addr: &str) -> (Server, SocketAddr) {
    let mut echo = Server::start(&["echo", "--tcp", addr]);
    let addr = echo.ready("squall echo listening on ");
    (echo, addr)
}

fn ctl(control: SocketAddr, args: &[&str]) -> (Option<i32>, String, String) {
    let output = squall().args(["ctl", "--host", &control.to_string()]).args(args).output().expect("runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

/// A member as the control server tells it.
fn member(control: SocketAddr, name: &str) -> serde_json::Value {
    let (code, out, err) = ctl(control, &["--json", "balance", "show"]);
    assert_eq!(code, Some(0), "{err}");
    let shown: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    let members = shown["members"].as_array().expect("members");
    members.iter().find(|member| member["name"] == name).expect("a member").clone()
}

/// Waits until what is certain to come has come.
fn settles(what: &str, holds: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::yield_now();
    }
}

#[test]
fn connections_are_dealt_and_the_picks_and_totals_written() {
    let ((_a, a), (_b, b)) = (echo(), echo());
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).to_str().expect("a path").to_owned();
    let (picks, ports) = (path("picks"), path("ports"));
    let (members, options) =
        ([format!("a={a}=2"), format!("b={b}")], ["--picks", &picks, "--port-file", &ports]);
    let (server, addr) = balance(
        &[&["--member", &members[0], "--member", &members[1], "--name", "web"], &options[..]].concat(),
    );
    assert_eq!(std::fs::read_to_string(&ports).expect("a file"), format!("web={addr}\n"));
    for _ in 0..9 {
        round_trip(addr).expect("goes well");
    }
    let ended = server.stop();
    assert_eq!((ended.code, ended.err.as_str()), (Some(0), "seed 0\n"));
    let totals = "[METRICS] active: 0 | total: 9 | up: 36B | down: 36B\n\
                  [METRICS] web a (up) | picks: 6 | connections: 6 | failures: 0 | ejections: 0\n\
                  [METRICS] web b (up) | picks: 3 | connections: 3 | failures: 0 | ejections: 0\n";
    assert_eq!(ended.out, totals);
    let log = std::fs::read_to_string(picks).expect("a file");
    let lines: Vec<_> = log.lines().collect();
    assert_eq!(lines.len(), 9);
    assert_eq!(lines[1], r#"{"balancer":"web","connection":2,"attempt":1,"member":"b"}"#);
}

#[test]
fn members_are_shown_and_changed_by_commands() {
    let (_a, a) = echo();
    let (mut server, addr) = balance(&["--member", &format!("a={a}"), "--control", "127.0.0.1:0"]);
    let control = server.ready("squall control listening on ");
    round_trip(addr).expect("goes well");
    let (code, out, _) = ctl(control, &["balance", "show"]);
    assert_eq!(code, Some(0));
    assert!(out.starts_with("NAME  ADDRESS"), "{out}");
    let (code, out, err) =
        ctl(control, &["balance", "set", "balance", "a", "--state", "drain", "--weight", "5"]);
    assert_eq!(code, Some(0), "{err}");
    assert!(out.contains("drain"), "{out}");
    round_trip(addr).expect_err("nobody takes it");
    let changed = member(control, "a");
    assert_eq!((&changed["admin"], &changed["weight"]), (&"drain".into(), &5.into()));
    for (args, code, told) in [
        (&["set", "balance", "z", "--state", "up"][..], 1, "HTTP 404: member not found"),
        (&["show", "other"], 1, "HTTP 404: balancer not found"),
        (&["set", "balance", "a", "--state", "gone"], 2, "there are up, drain, down"),
        (&["set", "balance", "a", "--weight", "1001"], 1, "HTTP 400"),
        (&["set", "balance", "a"], 2, "--state <STATE>|--weight <N>"),
    ] {
        let (ended, _, err) = ctl(control, &[&["balance"], args].concat());
        assert!(ended == Some(code) && err.contains(told), "{args:?}: {err}");
    }
}

#[test]
fn options_that_make_no_sense_are_refused() {
    for (args, told) in [
        (&[][..], "--member"),
        (&["--member", "nowhere"], "missing port in `nowhere`"),
        (&["--member", ":1=1001"], "not among 0 to 1000"),
        (&["--member", ":1", "--member", ":1"], "127.0.0.1:1"),
        (&["--member", "latency=:1"], "`latency` is the name of a fault"),
        (&["--member", ":1", "--algorithm", "leastconn"], "did you mean `least_connections`?"),
        (&["--member", ":1", "--max-per-member", "z=5"], "there is no member `z`"),
        (&["--member", ":1", "--check-rise", "2"], "--check-interval"),
        (&["--member", ":1", "--check-interval", "1s", "--check-fall", "0"], "at least 1"),
        (&["--member", "a=:1", "--fault", "z:latency:5ms"], "there is no member `z`; members are a"),
        (&["--member", "a=:1", "--fault", "a:refuse"], "acts before a member is picked"),
        (&["--member", ":1", "--proxy-protocol", "v3"], "write v1 or v2"),
    ] {
        let output = squall().arg("balance").args(args).output().expect("runs");
        let err = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(2) && err.contains(told), "{args:?}: {err}");
    }
}

#[test]
fn a_fault_for_a_member_and_one_that_is_gone_cost_no_client() {
    let (_a, a) = echo();
    // A port that no other test can be given.
    let members = [format!("a={a}"), "gone=127.0.0.1:1".to_owned(), format!("refusing={a}")];
    let mut args =
        vec!["--fault", "refusing:upstream_refuse", "--preset", "a:wpt-fios", "--eject-after", "2"];
    args.extend(members.iter().flat_map(|member| ["--member", member]));
    let (server, addr) = balance(&args);
    for _ in 0..12 {
        round_trip(addr).expect("the third answers");
    }
    let ended = server.stop();
    for told in [
        "[METRICS] balance refusing.upstream_refuse | fired: 2\n".to_owned(),
        "balance a (up) | picks: 12 | connections: 12 | failures: 0 | ejections: 0\n".to_owned(),
        "balance gone (ejected) | picks: 2 | connections: 0 | failures: 2 | ejections: 1\n".to_owned(),
    ] {
        assert!(ended.out.contains(&told), "{told}{}", ended.out);
    }
    let told = "balance balance: refusing:upstream_refuse\n";
    assert!(ended.err.contains("balance balance: a:latency:"), "{}", ended.err);
    assert!(ended.err.contains(told) && ended.err.contains("member gone is ejected"), "{}", ended.err);
}

#[test]
fn where_a_client_comes_from_is_told_along_a_chain() {
    for version in ["v1", "v2"] {
        let (_echo, upstream) = echo();
        let (mut inner, inner_addr) = proxy(upstream, &["--accept-proxy", "--log-events"]);
        let (_outer, addr) =
            balance(&["--member", &inner_addr.to_string(), "--proxy-protocol", version, "--relay", "copy"]);
        let mut client = connect(addr);
        client.write_all(b"ping").expect("sent");
        client.read_exact(&mut [0; 4]).expect("an answer");
        let from = client.local_addr().expect("an address");
        assert_eq!(
            inner.line(),
            format!("[METRICS] ConnectionOpened {from} | active: 1, total: 1"),
            "{version}"
        );
        round_trip(inner_addr).expect_err("no header");
    }
}

#[test]
fn members_that_restart_one_by_one_under_load_fail_no_client() {
    let names = ["a", "b", "c"];
    let home = format!("{}:0", if cfg!(target_os = "linux") { "127.0.0.77" } else { "127.0.0.1" });
    let mut echoes: Vec<_> = names.map(|_| echo_at(&home)).into();
    let members: Vec<_> =
        names.iter().zip(&echoes).map(|(name, (_, addr))| format!("{name}={addr}")).collect();
    let mut args = vec!["--control", "127.0.0.1:0", "--check-interval", "20ms", "--algorithm", "p2c"];
    args.extend(members.iter().flat_map(|member| ["--member", member]));
    let (mut server, addr) = balance(&args);
    let control = server.ready("squall control listening on ");
    let (stop, done) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let clients: Vec<_> = (0..4)
        .map(|_| {
            let (stop, done) = (stop.clone(), done.clone());
            std::thread::spawn(move || {
                while !stop.load(Relaxed) {
                    round_trip(addr).expect("no client notices");
                    done.fetch_add(1, Relaxed);
                }
            })
        })
        .collect();
    let set = |name: &str, state: &str| {
        let (code, _, err) = ctl(control, &["balance", "set", "balance", name, "--state", state]);
        assert_eq!(code, Some(0), "{err}");
    };
    for (at, name) in names.iter().enumerate() {
        set(name, "drain");
        settles("it is drained", || member(control, name)["active"] == 0);
        let (echo, addr) = echoes.remove(at);
        assert_eq!(echo.stop().code, Some(0));
        settles("probes notice", || member(control, name)["healthy"] == false);
        echoes.insert(at, echo_at(&addr.to_string()));
        assert_eq!(echoes[at].1, addr);
        set(name, "up");
        settles("probes notice", || member(control, name)["state"] == "up");
        let before = member(control, name)["connections"].as_u64().expect("a count");
        settles("it works again", || member(control, name)["connections"].as_u64() > Some(before + 20));
    }
    stop.store(true, Relaxed);
    clients.into_iter().for_each(|client| client.join().expect("no client fails"));
    let ended = server.stop();
    let done = done.load(Relaxed);
    assert!(
        ended.out.starts_with(&format!("[METRICS] active: 0 | total: {done} | ")),
        "{done}\n{}",
        ended.out
    );
    assert!(ended.out.matches("| failures: 0 |").count() == 3, "{}", ended.out);
}
