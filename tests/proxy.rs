//! `squall proxy` as a process: relaying, limits, console lines.

use crate::process::*;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener};

#[test]
fn bytes_pass_and_the_totals_are_printed_on_sigint() {
    let (_echo, upstream) = echo();
    let (proxy, addr) = proxy(upstream, &[]);
    let mut client = connect(addr);
    client.write_all(&pattern(1_500_000)).expect("sent");
    client.shutdown(Shutdown::Write).expect("FIN");
    let mut got = Vec::new();
    client.read_to_end(&mut got).expect("the end");
    assert!(got == pattern(1_500_000));
    let ended = proxy.stop();
    assert_eq!(ended.code, Some(0));
    assert_eq!(ended.out, "[METRICS] active: 0 | total: 1 | up: 1.5MB | down: 1.5MB\n");
    assert_eq!(ended.err, "seed 0\n");
}

#[test]
fn a_thousand_connections_are_byte_exact_and_leave_no_descriptor() {
    let (echo, upstream) = echo();
    let (proxy, addr) = proxy(upstream, &[]);
    let descriptors =
        |server: &Server| std::fs::read_dir(format!("/proc/{}/fd", server.pid())).map(Iterator::count);
    let before = (descriptors(&proxy), descriptors(&echo));
    let clients: Vec<_> = (0..8)
        .map(|thread| std::thread::spawn(move || (0..125).for_each(|i| round_trip(addr, thread * 125 + i))))
        .collect();
    // All at once, too: what is open is open at the same time.
    let open: Vec<_> = (0..1_000).map(|_| connect(addr)).collect();
    clients.into_iter().for_each(|client| client.join().expect("byte-exact"));
    for (i, mut client) in open.into_iter().enumerate() {
        let byte = [i as u8];
        client.write_all(&byte).expect("sent");
        let mut got = [0];
        client.read_exact(&mut got).expect("an answer");
        assert_eq!(got, byte);
    }
    if let (Ok(proxy_before), Ok(echo_before)) = before {
        // The last closes are on their way through both processes.
        let calm =
            || (descriptors(&proxy).ok(), descriptors(&echo).ok()) == (Some(proxy_before), Some(echo_before));
        let deadline = std::time::Instant::now() + PATIENCE;
        while !calm() {
            assert!(std::time::Instant::now() < deadline, "descriptors stay open");
            std::thread::yield_now();
        }
    }
    let ended = proxy.stop();
    assert!(ended.out.starts_with("[METRICS] active: 0 | total: 2000 | "), "{}", ended.out);
}

/// 64 KiB there and back.
fn round_trip(addr: SocketAddr, salt: usize) {
    let mut client = connect(addr);
    let bytes = pattern(65_536 + salt);
    let mut writer = client.try_clone().expect("a second handle");
    let sent = bytes.clone();
    let writing = std::thread::spawn(move || {
        writer.write_all(&sent).expect("sent");
        writer.shutdown(Shutdown::Write).expect("FIN");
    });
    let mut got = Vec::new();
    client.read_to_end(&mut got).expect("the end");
    writing.join().expect("the writer ends");
    assert!(got == bytes);
}

#[test]
fn events_and_summaries_are_printed_as_they_happen() {
    let (_echo, upstream) = echo();
    let (mut proxy, addr) = proxy(upstream, &["--log-events", "--summary", "50ms"]);
    let mut client = connect(addr);
    let local = client.local_addr().expect("an address");
    client.write_all(&[7; 1024]).expect("sent");
    let mut got = [0; 1024];
    client.read_exact(&mut got).expect("an answer");
    client.shutdown(Shutdown::Write).expect("FIN");
    assert_eq!(read(&mut client, &mut got).expect("the end"), 0);
    let mut seen = Vec::new();
    loop {
        let line = proxy.line();
        let last = line.contains("ConnectionClosed");
        seen.push(line);
        if last {
            break;
        }
    }
    assert!(proxy_summary(&mut proxy).starts_with("[METRICS] active: "));
    for expected in [
        format!("[METRICS] ConnectionOpened {local} | active: 1, total: 1"),
        format!("[METRICS] {local} ↑ 1024 | total up: 1.0KB"),
        format!("[METRICS] {local} ↓ 1024 | total down: 1.0KB"),
        format!("[METRICS] ConnectionClosed {local} (fin) | active: 0, total: 1"),
    ] {
        assert!(seen.contains(&expected), "no `{expected}` in {seen:#?}");
    }
}

fn proxy_summary(proxy: &mut Server) -> String {
    loop {
        let line = proxy.line();
        if line.starts_with("[METRICS] active: ") {
            return line;
        }
    }
}

#[test]
fn an_upstream_that_refuses_is_told_with_its_address_and_resets_the_client() {
    let vacant = TcpListener::bind("127.0.0.1:0").expect("binds").local_addr().expect("an address");
    let (proxy, addr) = proxy(vacant, &[]);
    for _ in 0..3 {
        // The RST may come before the client has seen its connect succeed.
        let connected = std::net::TcpStream::connect(addr);
        let error = connected.and_then(|mut client| read(&mut client, &mut [0])).expect_err("a reset");
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    }
    let ended = proxy.stop();
    let told = format!("link proxy: upstream {vacant}: connection refused");
    assert_eq!(ended.err.matches(&told).count(), 1, "told once: {}", ended.err);
}

#[test]
fn named_links_stand_side_by_side_with_faults_of_their_own() {
    let (_echo, upstream) = echo();
    let (one, two) = (format!("one={upstream}"), format!("two=127.0.0.1:0={upstream}"));
    let mut proxy = Server::start(&["proxy", "--link", &one, "--link", &two, "--fault", "two:reset:0"]);
    let one = proxy.ready("squall proxy one listening on ");
    let two = proxy.ready("squall proxy two listening on ");
    for (addr, works) in [(one, true), (two, false)] {
        let mut client = connect(addr);
        client.write_all(b"x").expect("sent");
        assert_eq!(read(&mut client, &mut [0]).is_ok(), works);
    }
    assert!(proxy.stop().out.contains("[METRICS] two reset | fired: 1"));
}
