//! Links that carry datagrams.

use crate::bench::*;
use squall_echo::Echo;
use squall_faults::Decisions;
use squall_proxy::{CloseReason, Event, Proxy, ProxyBuilder};
use squall_wire::{Datagrams, Env, Shards};
use std::net::SocketAddr;
use std::time::Duration;

async fn udp_echo(shards: &Shards) -> Echo {
    squall_echo::udp().shards(shards.clone()).start().await.expect("the echo starts")
}

fn udp(echo: &Echo, shards: &Shards) -> ProxyBuilder {
    Proxy::udp(echo.addr()).shards(shards.clone())
}

fn client(env: &Env) -> Datagrams {
    env.bind("127.0.0.1:0".parse().expect("an address")).expect("a port")
}

async fn receive(socket: &Datagrams) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    socket.recv(|_, payload| all.push(payload.to_vec())).await.expect("receives");
    all
}

async fn exchange(socket: &Datagrams, to: SocketAddr, payload: &[u8]) {
    socket.send(to, payload).await.expect("sent");
    assert_eq!(receive(socket).await, [payload]);
}

/// Datagrams that clients were sent.
fn down(proxy: &Proxy) -> u64 {
    proxy.metrics().datagrams.map_or(0, |counts| counts.down)
}

#[test]
fn clients_have_sessions_of_their_own() {
    both_ways(|shards| async move {
        let (echo, env) = (udp_echo(&shards).await, shards.env(0));
        let proxy = start(udp(&echo, &shards)).await;
        let clients = [client(env), client(env), client(env)];
        for round in 0..3u8 {
            for (i, socket) in clients.iter().enumerate() {
                exchange(socket, proxy.addr(), &vec![i as u8; 1 + 600 * usize::from(round)]).await;
            }
        }
        exchange(&clients[0], proxy.addr(), b"").await;
        // The client may have its answer a moment before it is counted.
        settles(|| down(&proxy) == 10).await;
        let metrics = proxy.metrics();
        assert_eq!((metrics.connections.accepted, metrics.connections.active), (3, 3));
        let counts = metrics.datagrams.expect("a link for datagrams");
        assert_eq!((counts.up, counts.dropped_up, counts.dropped_down), (10, 0, 0));
        assert_eq!(metrics.bytes.up, 3 * (1 + 601 + 1201));
    });
}

#[test]
fn a_session_ends_when_nothing_moves_and_the_next_datagram_begins_another() {
    virtually(|shards| async move {
        let (echo, env) = (udp_echo(&shards).await, shards.env(0));
        let builder = udp(&echo, &shards).idle_timeout(Duration::from_secs(5));
        let proxy = start(builder.fault(fault("blackhole:connections=2@up"))).await;
        let mut events = proxy.events();
        let socket = client(env);
        exchange(&socket, proxy.addr(), b"one").await;
        env.sleep(Duration::from_secs(4)).await;
        exchange(&socket, proxy.addr(), b"still the first").await;
        env.sleep(Duration::from_secs(6)).await;
        assert_eq!(proxy.metrics().closes.timeout, 1);
        socket.send(proxy.addr(), b"the second").await.expect("sent");
        assert_eq!(env.timeout(Duration::from_secs(20), receive(&socket)).await, None);
        exchange(&socket, proxy.addr(), b"the third").await;
        assert_eq!((proxy.metrics().connections.accepted, proxy.metrics().faults[0].fired), (3, 1));
        let mut ends = Vec::new();
        while ends.len() < 2 {
            if let Some(Event::ConnectionClosed { reason, .. }) = events.recv().await {
                ends.push(reason);
            }
        }
        assert_eq!(ends, [Some(CloseReason::Timeout); 2]);
    });
}

#[test]
fn clients_beyond_the_cap_are_not_served() {
    both_ways(|shards| async move {
        let (echo, env) = (udp_echo(&shards).await, shards.env(0));
        let proxy = start(udp(&echo, &shards).max_connections(2)).await;
        let (one, two, three) = (client(env), client(env), client(env));
        exchange(&one, proxy.addr(), b"1").await;
        exchange(&two, proxy.addr(), b"2").await;
        three.send(proxy.addr(), b"3").await.expect("sent");
        settles(|| proxy.metrics().datagrams.is_some_and(|counts| counts.dropped_up == 1)).await;
        exchange(&one, proxy.addr(), b"still here").await;
        let connections = proxy.metrics().connections;
        assert_eq!((connections.active, connections.accepted), (2, 2), "nobody else is a client");
    });
}

#[test]
fn every_datagram_of_a_burst_arrives_in_order() {
    both_ways(|shards| async move {
        let (echo, env) = (udp_echo(&shards).await, shards.env(1));
        let proxy = start(udp(&echo, &shards).fault(fault("latency:1ms@both"))).await;
        let socket = client(env);
        for batch in 0..20u32 {
            let payloads: Vec<Vec<u8>> = (0..50u32)
                .map(|i| [(batch * 50 + i).to_le_bytes().to_vec(), vec![7; 1_000]].concat())
                .collect();
            for payload in &payloads {
                socket.send(proxy.addr(), payload).await.expect("sent");
            }
            let mut got = Vec::new();
            while got.len() < payloads.len() {
                got.extend(receive(&socket).await);
            }
            assert!(got == payloads);
        }
        settles(|| down(&proxy) == 1_000).await;
        let counts = proxy.metrics().datagrams.expect("a link for datagrams");
        assert_eq!((counts.up, counts.dropped_up + counts.dropped_down), (1_000, 0));
    });
}

#[test]
fn loss_and_copies_are_the_same_every_time_and_all_in_the_log() {
    both_ways(|shards| async move {
        let mut logs = Vec::new();
        for _ in 0..2 {
            let (echo, env) = (udp_echo(&shards).await, shards.env(0));
            let log = Decisions::default();
            let faults =
                ["loss:10%,burst=2@both", "duplicate:10%", "corrupt:1%@up", "max_size:140,action=truncate"];
            let builder = faults.iter().fold(udp(&echo, &shards).seed(3), |b, spec| b.fault(fault(spec)));
            let proxy = start(builder.decisions(log.clone())).await;
            let socket = client(env);
            for i in 0..300u64 {
                // Each goes when the one before has gone all the way, so that their order is certain.
                let before = proxy.metrics().datagrams.expect("datagrams");
                socket.send(proxy.addr(), &vec![1; 100 + i as usize % 50]).await.expect("sent");
                settles(|| {
                    let now = proxy.metrics().datagrams.expect("datagrams");
                    let (up, down) = (now.up + now.dropped_up, now.down + now.dropped_down);
                    up == before.up + before.dropped_up + 1
                        && (now.up == before.up || down > before.down + before.dropped_down)
                })
                .await;
            }
            let counts = proxy.metrics().datagrams.expect("datagrams");
            let entries = log.sorted();
            let count = |action: &str| entries.iter().filter(|entry| entry.action == action).count() as u64;
            assert_eq!(counts.dropped_up + counts.dropped_down, count("drop"));
            assert!(count("drop") > 10 && count("copy") > 5 && count("flip") > 5 && count("truncate") > 5);
            logs.push(log.to_json_lines());
        }
        assert_eq!(logs[0], logs[1]);
    });
}

#[test]
fn a_new_port_is_seen_by_the_server() {
    both_ways(|shards| async move {
        let env = shards.env(0);
        let server = client(env);
        let proxy = start(Proxy::udp(server.local_addr()).shards(shards.clone())).await;
        let socket = client(env);
        let mut ports = Vec::new();
        for round in 0..3 {
            if round == 2 {
                proxy.inject(fault("rebind")).keep();
                settles(|| proxy.metrics().faults[0].fired == 1).await;
            }
            socket.send(proxy.addr(), b"hello").await.expect("sent");
            let mut from = None;
            server.recv(|addr, _| from = Some(addr)).await.expect("receives");
            let from = from.expect("somebody");
            ports.push(from.port());
            server.send(from, b"answer").await.expect("sent");
            assert_eq!(receive(&socket).await, [b"answer"]);
        }
        assert!(ports[0] == ports[1] && ports[1] != ports[2], "{ports:?}");
        assert_eq!(proxy.metrics().connections.accepted, 1);
    });
}

#[test]
fn a_stranger_is_not_taken_for_the_server() {
    virtually(|shards| async move {
        let env = shards.env(0);
        let (server, stranger, socket) = (client(env), client(env), client(env));
        let proxy = start(Proxy::udp(server.local_addr()).shards(shards.clone())).await;
        socket.send(proxy.addr(), b"hello").await.expect("sent");
        let mut session = None;
        server.recv(|addr, _| session = Some(addr)).await.expect("receives");
        let session = session.expect("somebody");
        stranger.send(session, b"poison").await.expect("sent");
        env.sleep(Duration::from_secs(1)).await;
        server.send(session, b"answer").await.expect("sent");
        assert_eq!(receive(&socket).await, [b"answer"]);
    });
}

#[test]
fn a_link_that_was_cut_comes_back_on_its_port() {
    both_ways(|shards| async move {
        let (echo, env) = (udp_echo(&shards).await, shards.env(0));
        let proxy = start(udp(&echo, &shards)).await;
        let socket = client(env);
        exchange(&socket, proxy.addr(), b"before").await;
        proxy.cut().await;
        settles(|| proxy.metrics().closes.cancelled == 1).await;
        proxy.restore().await.expect("the port is free");
        exchange(&socket, proxy.addr(), b"after").await;
        proxy.drain(Duration::ZERO).await;
        assert_eq!(proxy.metrics().connections.active, 0);
    });
}

#[test]
fn faults_change_under_way() {
    virtually(|shards| async move {
        let (echo, env) = (udp_echo(&shards).await, shards.env(0));
        let proxy = start(udp(&echo, &shards)).await;
        let socket = client(env);
        exchange(&socket, proxy.addr(), b"clean").await;
        let mut slow = proxy.inject(fault("latency:1h"));
        socket.send(proxy.addr(), b"held").await.expect("sent");
        env.sleep(Duration::from_secs(1)).await;
        assert_eq!(proxy.metrics().held, 4);
        slow.update(fault("latency:5s")).expect("another delay");
        assert_eq!(receive(&socket).await, [b"held"]);
        assert_eq!(env.now(), 5_000_000_000, "as if it had been 5 s from the start");
        drop(slow);
        let before = env.now();
        exchange(&socket, proxy.addr(), b"clean again").await;
        assert_eq!(env.now(), before);
    });
}

#[test]
fn new_ports_and_strangers_keep_no_session_alive() {
    virtually(|shards| async move {
        let (echo, env) = (udp_echo(&shards).await, shards.env(0));
        let builder = udp(&echo, &shards).idle_timeout(Duration::from_secs(2));
        let proxy = start(builder.fault(fault("rebind:for=50ms,every=100ms"))).await;
        let socket = client(env);
        exchange(&socket, proxy.addr(), b"once").await;
        env.sleep(Duration::from_secs(3)).await;
        assert_eq!((proxy.metrics().closes.timeout, proxy.metrics().connections.active), (1, 0));
    });
}
