//! Logs on stderr, and the lines of `--log-events` and `--summary` of `squall echo`.

use crate::process::*;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, UdpSocket};
use std::os::unix::net::UnixStream;

/// Everything that an echo says on stderr until it is stopped, started with these.
fn said(options: &[&str], variables: &[(&str, &str)]) -> String {
    let mut echo = Server::start_with(&[&["echo"], options].concat(), variables);
    let _: SocketAddr = echo.ready("squall echo listening on ");
    echo.stop().err
}

#[test]
fn logs_are_lines_of_json_where_that_is_asked_for() {
    let said = said(&["--log-format", "json"], &[]);
    let line: serde_json::Value = serde_json::from_str(said.lines().last().expect("a line")).expect("JSON");
    assert_eq!((&line["level"], &line["fields"]["message"]), (&"INFO".into(), &"echo stopped".into()));
    assert_eq!((&line["fields"]["connections"], &line["target"]), (&0.into(), &"squall::echo".into()));
}

#[test]
fn what_is_shown_is_said_by_the_option_or_else_by_the_environment() {
    let stopped =
        |options: &[&str], variables: &[(&str, &str)]| said(options, variables).contains("echo stopped");
    assert!(stopped(&[], &[]));
    assert!(!stopped(&["--log", "warn"], &[]));
    for name in ["SQUALL_LOG", "RUST_LOG"] {
        assert!(!stopped(&[], &[(name, "warn")]), "{name}");
        assert!(stopped(&["--log", "info"], &[(name, "warn")]), "{name}");
    }
    assert!(stopped(&[], &[("SQUALL_LOG", "squall=info"), ("RUST_LOG", "off")]));
    assert!(said(&[], &[("RUST_LOG", "debug")]).contains("descriptor limit"));
}

#[test]
fn a_filter_that_makes_no_sense_is_wrong_usage() {
    for (options, variable, told) in [
        (&["--log", "squall=loud"][..], ("CI", ""), "error: --log: `squall=loud`: "),
        (&[], ("SQUALL_LOG", "[["), "error: SQUALL_LOG: `[[`: "),
    ] {
        let out = squall().arg("echo").args(options).env(variable.0, variable.1).output().expect("runs");
        let said = String::from_utf8_lossy(&out.stderr).into_owned();
        assert_eq!(out.status.code(), Some(2), "{said}");
        assert!(said.starts_with(told), "{said}");
    }
}

/// Lines up to the one that ends so.
fn lines_until(server: &mut Server, end: &str) -> Vec<String> {
    let mut lines = vec![server.line()];
    while !lines.last().is_some_and(|line| line.is_empty() || line.ends_with(end)) {
        lines.push(server.line());
    }
    lines
}

#[test]
fn an_echo_prints_its_events_as_they_happen() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("echo");
    let unix = format!("unix:{}", path.display());
    let mut echo = Server::start(&[
        "echo",
        "--log-events",
        "--grace",
        "0s",
        "--tcp",
        "127.0.0.1:0",
        "--tcp",
        &unix,
        "--udp",
        "127.0.0.1:0",
    ]);
    let tcp = echo.ready("squall echo listening on ");
    assert_eq!(echo.line(), format!("squall echo listening on {unix}"));
    let udp = echo.ready("squall echo listening on udp:");

    let mut client = connect(tcp);
    let local = client.local_addr().expect("an address");
    client.write_all(&[7; 1024]).expect("sent");
    client.read_exact(&mut [0; 1024]).expect("an answer");
    client.shutdown(Shutdown::Write).expect("FIN");
    assert_eq!(
        lines_until(&mut echo, "active: 0, total: 1"),
        [
            format!("[METRICS] ConnectionOpened {local} | active: 1, total: 1"),
            format!("[METRICS] {local} ↑ 1024 | total up: 1.0KB"),
            format!("[METRICS] {local} ↓ 1024 | total down: 1.0KB"),
            format!("[METRICS] ConnectionClosed {local} (fin) | active: 0, total: 1"),
        ]
    );
    let socket = UdpSocket::bind("127.0.0.1:0").expect("binds");
    socket.send_to(&[1; 76], udp).expect("sent");
    let from = socket.local_addr().expect("an address");
    assert_eq!(echo.line(), format!("[METRICS] {from} ↑ 76 | total up: 1.1KB"));
    assert_eq!(echo.line(), format!("[METRICS] {from} ↓ 76 | total down: 1.1KB"));

    let mut client = UnixStream::connect(&path).expect("connects");
    client.write_all(b"x").expect("sent");
    client.read_exact(&mut [0]).expect("an answer");
    assert_eq!(echo.line(), "[METRICS] ConnectionOpened unix#1 | active: 1, total: 2");
    let ended = echo.stop();
    assert!(
        ended.out.ends_with("ConnectionClosed unix#1 (cancelled) | active: 0, total: 2\n"),
        "{}",
        ended.out
    );
}

#[test]
fn an_echo_prints_totals_as_often_as_it_is_told_and_at_the_end() {
    let mut echo = Server::start(&["echo", "--summary", "20ms", "--grace", "0s"]);
    let addr = echo.ready("squall echo listening on ");
    let mut client = connect(addr);
    client.write_all(&[7; 1500]).expect("sent");
    client.read_exact(&mut [0; 1500]).expect("an answer");
    let totals = "active: 1 | total: 1 | up: 1.5KB | down: 1.5KB";
    assert!(lines_until(&mut echo, totals).iter().all(|line| line.starts_with("[METRICS] active: ")));
    let ended = echo.stop();
    assert!(
        ended.out.ends_with("[METRICS] active: 0 | total: 1 | up: 1.5KB | down: 1.5KB\n"),
        "{}",
        ended.out
    );
}

#[test]
#[cfg(target_os = "linux")]
fn a_server_whose_log_cannot_be_written_goes_on() {
    let program = assert_cmd::cargo::cargo_bin!("squall");
    let full = r#"exec "$0" proxy --upstream 127.0.0.1:1 --fault latency:1ms 2>/dev/full"#;
    let mut sh = std::process::Command::new("sh");
    let mut proxy = Server::of(sh.args(["-c", full]).arg(program).stdin(std::process::Stdio::null()));
    let addr = proxy.ready("squall proxy listening on ");
    for _ in 0..2 {
        read(&mut connect(addr), &mut [0]).expect_err("there is no server");
    }
    let ended = proxy.stop();
    assert_eq!(ended.code, Some(0));
    assert!(ended.out.contains("total: 2"), "{}", ended.out);
}
