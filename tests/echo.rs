//! `squall echo` as a process.

use crate::process::*;
use std::io::{Read, Write};
use std::net::{Shutdown, UdpSocket};

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
