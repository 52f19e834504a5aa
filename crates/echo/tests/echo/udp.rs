//! Echo over UDP.

use std::io::ErrorKind;
use std::net::UdpSocket;
use std::time::Duration;

use squall_wire::run_virtual;

fn client() -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    socket
}

#[test]
fn each_datagram_comes_back_to_its_sender() {
    let echo = tokio_test::block_on(squall_echo::udp().start()).unwrap();
    let clients = [client(), client()];
    let mut buf = [0; 65_536];
    for size in [0, 1, 1200, 60_000] {
        for (number, client) in clients.iter().enumerate() {
            client.send_to(&vec![number as u8; size], echo.addr()).unwrap();
        }
        for (number, client) in clients.iter().enumerate() {
            let (length, from) = client.recv_from(&mut buf).unwrap();
            assert_eq!(&buf[..length], vec![number as u8; size]);
            assert_eq!(from, echo.addr());
        }
    }
    let counts = tokio_test::block_on(echo.stop(Duration::ZERO));
    assert_eq!((counts.datagrams_in, counts.datagrams_out), (8, 8));
    assert_eq!((counts.bytes_in, counts.bytes_out), (2 * 61_201, 2 * 61_201));
}

#[test]
fn a_client_that_went_away_does_not_end_the_service() {
    let echo = tokio_test::block_on(squall_echo::udp().start()).unwrap();
    for _ in 0..20 {
        // Gone before its echo comes, so the kernel answers that the port is unreachable.
        client().send_to(b"gone", echo.addr()).unwrap();
    }
    let client = client();
    client.send_to(b"here", echo.addr()).unwrap();
    let mut buf = [0; 4];
    // Its port may have been that of one who went away.
    while &buf != b"here" {
        assert_eq!(client.recv(&mut buf).unwrap(), 4);
    }
}

#[test]
fn stopping_frees_the_port() {
    // An address no other test uses, so that nobody takes the port meanwhile. (Only Linux has several.)
    let host = if cfg!(target_os = "linux") { [127, 8, 1, 9] } else { [127, 0, 0, 1] };
    let echo = tokio_test::block_on(squall_echo::udp().listen((host, 0).into()).start()).unwrap();
    let addr = echo.addr();
    let error = tokio_test::block_on(squall_echo::udp().listen(addr).start()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AddrInUse);
    tokio_test::block_on(echo.stop(Duration::ZERO));
    drop(UdpSocket::bind(addr).unwrap());
}

#[test]
fn a_virtual_world_has_no_datagrams() {
    let error = run_virtual(|shards| squall_echo::udp().shards(shards).start()).unwrap().unwrap_err();
    assert_eq!(error.to_string(), "udp echo needs real sockets");
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}
