//! `squall echo` as a process.

use crate::process::*;
use std::io::{Read, Write};
use std::net::{Shutdown, UdpSocket};
use std::os::unix::net::UnixStream;

#[test]
fn tcp_and_udp_on_free_ports_are_announced_and_served() {
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("ports");
    let mut echo = Server::start(&[
        "echo",
        "--tcp",
        "127.0.0.1:0",
        "--tcp",
        "127.0.0.1:0",
        "--udp",
        "127.0.0.1:0",
        "--port-file",
        file.to_str().expect("a path"),
    ]);
    let one = echo.ready("squall echo listening on ");
    let two = echo.ready("squall echo listening on ");
    let udp = echo.ready("squall echo listening on udp:");
    let ports = std::fs::read_to_string(&file).expect("the port file is there before the ready lines");
    assert_eq!(ports, format!("tcp={one}\ntcp_2={two}\nudp={udp}\n"));
    for addr in [one, two] {
        let mut client = connect(addr);
        client.write_all(b"hello").expect("sent");
        client.shutdown(Shutdown::Write).expect("FIN");
        let mut got = Vec::new();
        client.read_to_end(&mut got).expect("the end");
        assert_eq!(got, b"hello");
    }
    let socket = UdpSocket::bind("127.0.0.1:0").expect("binds");
    socket.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    socket.send_to(b"datagram", udp).expect("sent");
    let mut buf = [0; 64];
    // A signal for a child of this process is not an answer.
    let answer = std::iter::repeat_with(|| socket.recv_from(&mut buf)).find(|answer| match answer {
        Err(error) => error.kind() != std::io::ErrorKind::Interrupted,
        Ok(_) => true,
    });
    let (n, from) = answer.expect("endless").expect("an answer");
    assert_eq!((&buf[..n], from), (b"datagram".as_slice(), udp));
    let ended = echo.stop();
    assert_eq!(ended.code, Some(0));
    assert!(ended.err.contains("echo stopped"), "{}", ended.err);
}

#[test]
fn without_addresses_it_takes_a_free_tcp_port() {
    let (echo, addr) = echo();
    assert!(addr.ip().is_loopback() && addr.port() != 0);
    assert_eq!(echo.stop().code, Some(0));
}

/// What comes back to someone who says this and is done.
fn ask(mut client: impl Read + Write, text: &[u8], done: impl FnOnce()) -> Vec<u8> {
    client.write_all(text).expect("sent");
    done();
    let mut got = Vec::new();
    client.read_to_end(&mut got).expect("the end");
    got
}

#[test]
fn modes_and_http_are_served_side_by_side_under_one_name() {
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("ports");
    let mut echo = Server::start(&[
        "echo",
        "--http",
        "127.0.0.1:0",
        "--tcp",
        "127.0.0.1:0",
        "--mode",
        "fixed:5",
        "--id",
        "one",
        "--port-file",
        file.to_str().expect("a path"),
    ]);
    let tcp = echo.ready("squall echo listening on ");
    let http = echo.ready("squall echo listening on http://");
    let ports = std::fs::read_to_string(&file).expect("the port file");
    assert_eq!(ports, format!("tcp={tcp}\nhttp={http}\n"));
    assert_eq!(ask(connect(tcp), b"", || {}), b" !\"#$");
    let answer = ask(connect(http), b"GET /?status=404 HTTP/1.0\r\n\r\n", || {});
    let answer = String::from_utf8(answer).expect("text");
    assert!(answer.starts_with("HTTP/1.1 404 Not Found\r\n"), "{answer}");
    assert!(
        answer.contains(r#"{"id":"one","connection":1,"request":1,"method":"GET","path":"/""#),
        "{answer}"
    );
    assert_eq!(echo.stop().code, Some(0));
}

#[test]
fn unix_sockets_are_announced_served_and_cleaned_up() {
    let dir = tempfile::tempdir().expect("a folder");
    let paths = ["tcp.sock", "http.sock"].map(|name| dir.path().join(name));
    let [tcp, http] = paths.each_ref().map(|path| format!("unix:{}", path.display()));
    let mut echo = Server::start(&["echo", "--tcp", &tcp, "--http", &http]);
    assert_eq!(echo.line(), format!("squall echo listening on {tcp}"));
    assert_eq!(echo.line(), format!("squall echo listening on http+{http}"));
    let client = UnixStream::connect(&paths[0]).expect("connects");
    let done = || client.shutdown(Shutdown::Write).expect("FIN");
    assert_eq!(ask(&client, b"hello", done), b"hello");
    let client = UnixStream::connect(&paths[1]).expect("connects");
    assert!(ask(&client, b"GET /raw HTTP/1.0\r\n\r\n", || {}).starts_with(b"HTTP/1.1 200 OK\r\n"));
    // A second one finds the address taken; the first goes on.
    let second = squall().args(["echo", "--tcp", &tcp]).output().expect("runs");
    assert_eq!(second.status.code(), Some(3));
    let told = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(told.starts_with(&format!("error: listen {tcp}: address")), "{told}");
    assert_eq!(echo.stop().code, Some(0));
    assert!(paths.iter().all(|path| !path.exists()));
}

#[test]
fn what_makes_no_sense_is_wrong_usage() {
    for (args, told) in [
        (["--tcp", ":0", "--mode", "ecko"], "unknown mode `ecko`; did you mean `echo`?"),
        (
            ["--udp", ":0", "--mode", "chargen"],
            "mode `chargen` does not work over UDP; use echo, discard, fixed, delay or never-reply",
        ),
        (
            ["--http", ":0", "--mode", "discard"],
            "--mode is for --tcp and --udp; over HTTP, the query says how to answer",
        ),
        (["--tcp", ":0", "--id", ""], "it has 1 to 255 bytes"),
        (["--tcp", "unix:", "--id", "x"], "bad path in `unix:`; write unix:PATH"),
    ] {
        let output = squall().arg("echo").args(args).output().expect("runs");
        let err = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(2) && err.contains(told), "{err}");
    }
}
