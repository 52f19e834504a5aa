//! Echo over unix sockets.

use std::io::{ErrorKind, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use squall_echo::{Echo, EchoBuilder};
use squall_wire::{Address, Frame, FrameKind};

fn start(builder: EchoBuilder, folder: &tempfile::TempDir) -> (Echo, std::path::PathBuf) {
    let path = folder.path().join("echo.sock");
    let echo = tokio_test::block_on(builder.listen_at(Address::Unix(path.clone())).start()).unwrap();
    (echo, path)
}

/// What is said to someone who says this and no more.
fn ask(path: &std::path::Path, text: &[u8]) -> Vec<u8> {
    let mut client = UnixStream::connect(path).unwrap();
    client.write_all(text).unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    let mut heard = Vec::new();
    client.read_to_end(&mut heard).unwrap();
    heard
}

#[test]
fn bytes_come_back_and_the_file_goes_when_it_stops() {
    let folder = tempfile::tempdir().unwrap();
    let (echo, path) = start(squall_echo::tcp(), &folder);
    assert_eq!(echo.address(), &Address::Unix(path.clone()));
    assert_eq!(ask(&path, &[7; 100_000]), [7; 100_000]);
    let counts = tokio_test::block_on(echo.stop(Duration::ZERO));
    assert_eq!((counts.accepted, counts.bytes_out), (1, 100_000));
    assert!(!path.exists());
}

#[test]
fn modes_frames_and_http_work_there_too() {
    let folder = tempfile::tempdir().unwrap();
    let (echo, path) = start(squall_echo::tcp().mode("reset-after:3".parse().unwrap()), &folder);
    // There is no RST; the connection ends.
    let mut client = UnixStream::connect(&path).unwrap();
    client.write_all(b"abc").unwrap();
    let mut heard = Vec::new();
    client.read_to_end(&mut heard).unwrap();
    assert_eq!(heard, b"abc");
    tokio_test::block_on(echo.stop(Duration::ZERO));

    let (echo, path) = start(squall_echo::http(), &folder);
    let answer = ask(&path, b"GET /raw HTTP/1.1\r\nHost: x\r\n\r\n");
    assert!(answer.starts_with(b"HTTP/1.1 200 OK\r\n"));
    tokio_test::block_on(echo.stop(Duration::ZERO));

    let (_echo, path) = start(squall_echo::tcp(), &folder);
    let (kind, seed, connection, sequence) = (FrameKind::Hello, 1, 2, 3);
    let hello = Frame { kind, seed, connection, sequence, length: 0, reply: None, delay_ns: 0, damage: None };
    let answer = ask(&path, &hello.to_bytes());
    assert_eq!(answer[Frame::HEADER..], *format!("unix:{}", path.display()).as_bytes());
}

#[test]
fn datagrams_have_no_unix_sockets() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("echo.sock");
    let starting = squall_echo::udp().listen_at(Address::Unix(path.clone())).start();
    let error = tokio_test::block_on(starting).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    let told = format!("listen unix:{}: unix sockets carry no datagrams here", path.display());
    assert_eq!(error.to_string(), told);
}
