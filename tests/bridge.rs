//! `squall bridge`: ends that are connected to or waited for, and totals.

use crate::process::*;
use std::io::{Read, Write};
use std::net::Shutdown;

#[test]
fn two_ends_are_relayed_and_the_totals_told() {
    let (_echo, upstream) = echo();
    let folder = tempfile::tempdir().expect("a folder");
    let ports = folder.path().join("ports");
    let args =
        ["bridge", "listen:127.0.0.1:0", &upstream.to_string(), "--fault", "truncate:700@up", "--json"];
    let mut bridge = Server::start(&[&args[..], &["--port-file", ports.to_str().expect("a path")]].concat());
    let addr = bridge.ready("squall bridge listening on ");
    assert_eq!(std::fs::read_to_string(ports).expect("a file"), format!("a={addr}\n"));
    let mut client = connect(addr);
    client.write_all(&[7; 1_000]).expect("sent");
    client.shutdown(Shutdown::Write).expect("FIN");
    let mut heard = Vec::new();
    client.read_to_end(&mut heard).expect("ends in order");
    assert_eq!(heard, [7; 700]);
    let ended = bridge.end();
    let told: serde_json::Value = serde_json::from_str(&ended.out).expect("JSON");
    assert_eq!(
        (ended.code, &told["bytes"]["up"], &told["bytes"]["down"]),
        (Some(0), &700.into(), &700.into())
    );
    assert_eq!(told["reason"], "fin");
}

#[test]
fn a_bridge_cut_short_still_tells_its_totals() {
    let mut bridge = Server::start(&["bridge", "listen::0", "listen:127.0.0.1:0"]);
    let [a, b] = [bridge.ready("squall bridge listening on "), bridge.ready("squall bridge listening on ")];
    let (mut a, mut b) = (connect(a), connect(b));
    a.write_all(b"hello").expect("sent");
    b.read_exact(&mut [0; 5]).expect("received");
    let ended = bridge.stop();
    assert_eq!((ended.code, ended.out.as_str()), (Some(130), "up: 5 bytes | down: 0 bytes | cancelled\n"));
}

#[test]
fn an_end_that_makes_no_sense_or_is_not_there_is_told() {
    let gone = std::net::TcpListener::bind("127.0.0.1:0").expect("binds").local_addr().expect("an address");
    for (args, code, told) in [
        (["nowhere", ":1"], 2, "missing port in `nowhere`".to_owned()),
        (["listen:x", ":1"], 2, "missing port in `x`".to_owned()),
        (["listen:127.0.0.1:0", ""], 2, "missing port".to_owned()),
        ([&*gone.to_string(), ":1"], 3, format!("error: {gone}: connection refused")),
    ] {
        let output = squall().arg("bridge").args(args).output().expect("runs");
        let err = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(code) && err.contains(&told), "{args:?}: {err}");
    }
}
