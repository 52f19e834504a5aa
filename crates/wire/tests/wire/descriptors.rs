//! A process out of descriptors: its listeners live through it.

use std::fs::File;
use std::io::Read;
use std::net::TcpStream;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use squall_wire::Shards;

/// Tells the child process, which may have no descriptors left, from the test that starts it.
const CHILD: &str = "SQUALL_WIRE_OUT_OF_DESCRIPTORS";

#[test]
fn accepting_survives_running_out_of_descriptors() {
    if std::env::var_os(CHILD).is_some() {
        return exhaust();
    }
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "descriptors::accepting_survives_running_out_of_descriptors", "--nocapture"])
        .env(CHILD, "1")
        .output()
        .unwrap();
    assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stderr));
}

fn exhaust() {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: Some(64), ..limit }).unwrap();
    let shards = Shards::background().unwrap();
    let listener = Arc::new(shards.env(0).listen("127.0.0.1:0".parse().unwrap()).unwrap());

    // The kernel completes the handshake whether or not anybody accepts.
    let mut first = TcpStream::connect(listener.local_addr()).unwrap();
    first.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let hoard: Vec<File> = std::iter::from_fn(|| File::open("/dev/null").ok()).collect();
    assert!(hoard.len() > 10);

    let acceptor = listener.clone();
    shards.spawn(0, async move {
        loop {
            let server = acceptor.accept().await.0.attach().unwrap();
            server.write_all(b"served").await.unwrap();
        }
    });
    let mut answer = String::new();
    first.read_to_string(&mut answer).unwrap();
    assert_eq!(answer, "", "turned away, not left hanging");
    assert_eq!(listener.refused(), 1);
    assert!(listener.troubles() >= 1);

    drop(hoard);
    // The listener may notice only after it has turned away one more.
    while answer.is_empty() {
        TcpStream::connect(listener.local_addr()).unwrap().read_to_string(&mut answer).unwrap();
    }
    assert_eq!(answer, "served");
}
