//! Datagram links on the command line, over real sockets.

use crate::process::*;
use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

fn client() -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
    socket.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    socket
}

fn udp_echo() -> (Server, SocketAddr) {
    let mut echo = Server::start(&["echo", "--udp", "127.0.0.1:0"]);
    let addr = echo.ready("squall echo listening on udp:");
    (echo, addr)
}

/// One answer, whatever signals this process gets.
fn receive(socket: &UdpSocket, buf: &mut [u8]) -> std::io::Result<usize> {
    loop {
        match socket.recv(buf) {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            answer => return answer,
        }
    }
}

/// A question and its answer, asked again until it is answered; how often it was asked.
fn ask(socket: &UdpSocket, to: SocketAddr, question: &[u8]) -> u32 {
    socket.set_read_timeout(Some(Duration::from_millis(200))).expect("a timeout");
    for asked in 1.. {
        socket.send_to(question, to).expect("sent");
        let mut answer = [0; 2_000];
        while let Ok(n) = receive(socket, &mut answer) {
            if answer[..n] == *question {
                return asked;
            }
        }
    }
    unreachable!("the loop has no end")
}

#[test]
fn a_name_service_survives_loss_by_asking_again_and_every_drop_is_told() {
    let (_echo, upstream) = udp_echo();
    let file = tempfile::tempdir().expect("a folder");
    let runs: Vec<(u64, String)> = ["one", "two"]
        .into_iter()
        .map(|name| {
            let log = file.path().join(name);
            let log = log.to_str().expect("a path");
            let upstream = format!("udp:{upstream}");
            let args = ["proxy", "--upstream", &upstream, "--seed", "7", "--decisions", log, "--grace", "0s"];
            let mut proxy = Server::start(&[args.as_slice(), &["--fault", "loss:5%@both"]].concat());
            let addr = proxy.ready("squall proxy listening on udp:");
            let socket = client();
            let asked: u32 = (0..100u32).map(|i| ask(&socket, addr, &i.to_le_bytes())).sum();
            let ended = proxy.stop();
            assert_eq!(ended.code, Some(0), "{}", ended.err);
            let decisions = std::fs::read_to_string(log).expect("a log");
            let drops = decisions.lines().filter(|line| line.contains("\"action\":\"drop\"")).count() as u64;
            assert!(ended.out.contains(&format!("[METRICS] proxy loss | fired: {drops}\n")), "{}", ended.out);
            assert!(drops > 0 && u64::from(asked) == 100 + drops, "{asked} asked, {drops} dropped");
            (drops, decisions)
        })
        .collect();
    assert_eq!(runs[0], runs[1]);
}

#[test]
fn a_link_may_be_named_and_carry_datagrams() {
    let (_echo, upstream) = udp_echo();
    let mut proxy =
        Server::start(&["proxy", "--link", &format!("dns={upstream}"), "--udp", "--preset", "dns:nlc-3g"]);
    let addr = proxy.ready("squall proxy dns listening on udp:");
    let before = std::time::Instant::now();
    let socket = client();
    socket.send_to(b"hello", addr).expect("sent");
    let mut answer = [0; 100];
    assert_eq!(receive(&socket, &mut answer).expect("an answer"), 5);
    assert!(before.elapsed() >= Duration::from_millis(200), "the preset's round trip");
}
