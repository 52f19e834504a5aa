//! `squall exec --any`: programs that take a proxy from their variables.

use crate::exec::text;
use crate::process::*;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::SocketAddr;
use std::process::{Command, Stdio};

#[test]
fn the_variables_lead_to_a_relay_that_goes_wherever_it_is_asked_to() {
    let (_echo, upstream) = echo();
    let mut command = squall();
    command.args(["exec", "--any", "--fault", "any:truncate:3", "--", "sh", "-c"]);
    command.arg("echo $HTTP_PROXY $http_proxy $HTTPS_PROXY $https_proxy; echo $ALL_PROXY $all_proxy; echo $ANY_ADDR; echo \"[$NO_PROXY$no_proxy]\"; cat");
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("starts");
    let mut out = BufReader::new(child.stdout.take().expect("a pipe"));
    let mut line = || {
        let mut line = String::new();
        out.read_line(&mut line).expect("a line");
        line.trim_end().to_owned()
    };
    let [http, socks, addr, none] = [line(), line(), line(), line()];
    assert_eq!(http, [&*format!("http://{addr}"); 4].join(" "));
    assert_eq!(socks, [&*format!("socks5h://{addr}"); 2].join(" "));
    assert_eq!(none, "[]");
    let mut client = connect(addr.parse::<SocketAddr>().expect("an address"));
    client.write_all(format!("CONNECT {upstream} HTTP/1.1\r\n\r\nhello").as_bytes()).expect("sent");
    client.shutdown(std::net::Shutdown::Write).expect("FIN");
    let mut got = String::new();
    client.read_to_string(&mut got).expect("the end");
    assert_eq!(got, "HTTP/1.1 200 Connection established\r\n\r\nhel");
    drop(child.stdin.take());
    let ran = child.wait_with_output().expect("ends");
    assert!(
        text(&ran.stderr).contains("squall: link any: 1 connection; 5B up, 3B down; fired: truncate 1\n"),
        "{}",
        text(&ran.stderr)
    );
}

#[test]
fn curl_finds_its_way_by_request_by_tunnel_and_by_socks() {
    if Command::new("curl").arg("--version").stdout(Stdio::null()).status().is_err() {
        eprintln!("skipped: there is no curl");
        return;
    }
    let mut echo = Server::start(&["echo", "--http", "127.0.0.1:0"]);
    let upstream = echo.ready("squall echo listening on http://");
    let script = r#"
        curl -sS -o /dev/null -w '%{http_code}\n' "$0"
        curl -sS -o /dev/null -o /dev/null -w '%{http_code}\n' -d body "$0" "$0"
        curl -sS -p -o /dev/null -w '%{http_code}\n' "$0"
        curl -sS -x "$ALL_PROXY" -o /dev/null -w '%{http_code}\n' "$0"
        curl -sS --noproxy '' -o /dev/null -w '%{http_code}\n' http://127.0.0.1:1/
    "#;
    let url = format!("http://{upstream}/");
    let ran = squall()
        .args(["exec", "--any", "--fault", "latency:1ms", "--", "sh", "-c", script, &url])
        .stdin(Stdio::null())
        .output()
        .expect("runs");
    assert_eq!(text(&ran.stdout), "200\n200\n200\n200\n200\n502\n", "{}", text(&ran.stderr));
    assert!(text(&ran.stderr).contains("6 connections, 1 not connected; "), "{}", text(&ran.stderr));
}

#[test]
fn a_proxy_for_everything_stands_by_itself_too() {
    let (_echo, upstream) = echo();
    let mut proxy = Server::start(&["proxy", "--any", "--fault", "any:truncate:2"]);
    let mut client = connect(proxy.ready("squall proxy listening on "));
    let port = upstream.port().to_be_bytes();
    client.write_all(&[&[5, 1, 0, 5, 1, 0, 1, 127, 0, 0, 1], &port[..], b"hello"].concat()).expect("sent");
    client.shutdown(std::net::Shutdown::Write).expect("FIN");
    let mut got = Vec::new();
    client.read_to_end(&mut got).expect("the end");
    assert_eq!(got, b"\x05\0\x05\0\0\x01\0\0\0\0\0\0he");
    assert!(proxy.stop().out.contains("[METRICS] any truncate | fired: 1"));
}
