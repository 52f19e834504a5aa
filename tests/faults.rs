//! Faults on the command line, over real sockets.

use crate::process::*;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr};
use std::time::{Duration, Instant};

fn ping(client: &mut std::net::TcpStream, bytes: &[u8]) -> std::io::Result<()> {
    client.write_all(bytes)?;
    let mut got = vec![0; bytes.len()];
    client.read_exact(&mut got)?;
    assert_eq!(got, bytes);
    Ok(())
}

#[test]
fn latency_both_ways_is_never_short() {
    let (_echo, upstream) = echo();
    let (_proxy, addr) = proxy(upstream, &["--fault", "latency:20ms@both"]);
    let mut client = connect(addr);
    for _ in 0..10 {
        let before = Instant::now();
        ping(&mut client, b"ping").expect("an answer");
        assert!(before.elapsed() >= Duration::from_millis(40));
    }
}

#[test]
fn bandwidth_is_never_exceeded() {
    let (_echo, upstream) = echo();
    let (_proxy, addr) = proxy(upstream, &["--fault", "bandwidth:4MB/s@down"]);
    let mut client = connect(addr);
    let before = Instant::now();
    for piece in pattern(1_000_000).chunks(50_000) {
        ping(&mut client, piece).expect("an answer");
    }
    assert!(before.elapsed() >= Duration::from_millis(250));
}

/// What each of so many sequential connections got, and how it ended.
fn lives(addr: SocketAddr, connections: usize) -> Vec<(usize, Option<ErrorKind>)> {
    (0..connections)
        .map(|_| {
            let mut client = connect(addr);
            let (mut got, mut buf) = (0, [0; 1_000]);
            for _ in 0..18 {
                client.write_all(&[1; 1_000]).expect("sent");
                let mut answered = 0;
                while answered < 1_000 {
                    match read(&mut client, &mut buf[answered..]) {
                        Ok(0) => return (got, None),
                        Ok(n) => (answered, got) = (answered + n, got + n),
                        Err(error) => return (got, Some(error.kind())),
                    }
                }
            }
            client.shutdown(Shutdown::Write).expect("FIN");
            (got, read(&mut client, &mut buf).err().map(|error| error.kind()))
        })
        .collect()
}

#[test]
fn the_same_seed_resets_the_same_connections_at_the_same_bytes() {
    let (_echo, upstream) = echo();
    let run = |seed: &str| {
        let (proxy, addr) = proxy(upstream, &["--fault", "reset:p=30%", "--seed", seed]);
        let lives = lives(addr, 100);
        let reset = lives.iter().filter(|(_, end)| *end == Some(ErrorKind::ConnectionReset)).count();
        let ended = proxy.stop();
        let told = format!("[METRICS] proxy reset | fired: {reset}\n");
        assert!(ended.out.contains(&told), "{reset} of {lives:?}, but {} {}", ended.out, ended.err);
        assert!(
            lives.iter().all(|(got, end)| end.is_some() == (*got < 18_000)),
            "a reset within 16 KiB or none"
        );
        assert!((15..=45).contains(&reset), "{reset} of 100");
        lives
    };
    let first = run("7");
    assert_eq!(first, run("7"));
    assert_ne!(first, run("8"));
}

#[test]
fn the_plan_and_the_seed_are_printed_at_start() {
    let (_echo, upstream) = echo();
    let faults =
        ["--fault", "latency:50ms,jitter=5ms", "--fault", "latency:1s,connections=3@up", "--seed", "42"];
    let (proxy, _) = proxy(upstream, &faults);
    insta::assert_snapshot!(proxy.stop().err, @r"
    seed 42
    link proxy: latency:50ms,jitter=5ms@down
    link proxy: latency:1s,connections=3,name=latency_2@up
    ");
}

#[test]
fn a_random_seed_is_drawn_and_printed() {
    let (_echo, upstream) = echo();
    let seeds: Vec<_> = (0..2).map(|_| proxy(upstream, &["--seed", "random"]).0.stop().err).collect();
    assert!(seeds.iter().all(|line| line.starts_with("seed ")));
    assert_ne!(seeds[0], seeds[1]);
}
