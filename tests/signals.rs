//! Stopping: gracefully, and then not.

use crate::process::*;
use std::io::{Read, Write};
use std::net::Shutdown;

#[test]
fn sigterm_lets_open_connections_end() {
    let (_echo, upstream) = echo();
    let (proxy, addr) = proxy(upstream, &["--grace", "30s", "--log-events"]);
    let mut client = connect(addr);
    client.write_all(b"before").expect("sent");
    client.read_exact(&mut [0; 6]).expect("an answer");
    proxy.signal("TERM");
    // The port closes, the connection goes on.
    while std::net::TcpStream::connect(addr).is_ok() {}
    client.write_all(b"after").expect("sent");
    client.read_exact(&mut [0; 5]).expect("an answer");
    client.shutdown(Shutdown::Write).expect("FIN");
    assert_eq!(read(&mut client, &mut [0]).expect("the end"), 0);
    assert_eq!(proxy.end().code, Some(0));
}

#[test]
fn the_grace_ends_and_the_rest_is_reset() {
    let (_echo, upstream) = echo();
    let (proxy, addr) = proxy(upstream, &["--grace", "50ms"]);
    let mut client = connect(addr);
    client.write_all(b"x").expect("sent");
    client.read_exact(&mut [0]).expect("an answer");
    let ended = proxy.stop();
    assert_eq!(ended.code, Some(0));
    assert!(read(&mut client, &mut [0]).is_err());
}

#[test]
fn a_second_signal_ends_at_once_with_its_code() {
    let (_echo, upstream) = echo();
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let (proxy, addr) = proxy(upstream, &["--grace", "1h"]);
        let mut client = connect(addr);
        client.write_all(b"x").expect("sent");
        client.read_exact(&mut [0]).expect("an answer");
        proxy.signal("INT");
        while std::net::TcpStream::connect(addr).is_ok() {}
        proxy.signal(signal);
        assert_eq!(proxy.end().code, Some(code));
    }
}
