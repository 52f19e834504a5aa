//! Datagram sockets, over UDP and in memory alike.

use std::future::poll_fn;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use squall_wire::{Datagrams, Env, reason, run_virtual};

use crate::worlds::{in_both_worlds, own_address};

/// What arrives at all arrives long before.
const LONG: Duration = Duration::from_secs(60);

fn any_port() -> SocketAddr {
    "127.0.0.1:0".parse().unwrap()
}

fn two(env: &Env) -> (Datagrams, Datagrams) {
    (env.bind(any_port()).unwrap(), env.bind(any_port()).unwrap())
}

/// The next `count` datagrams.
async fn receive(env: &Env, socket: &Datagrams, count: usize) -> Vec<(SocketAddr, Vec<u8>)> {
    let mut heard = Vec::new();
    let all = async {
        while heard.len() < count {
            let before = heard.len();
            let told = socket.recv(|from, payload| heard.push((from, payload.to_vec()))).await.unwrap();
            assert!(told >= 1);
            assert_eq!(heard.len() - before, told);
        }
    };
    env.timeout(LONG, all).await.expect("a datagram is missing");
    assert_eq!(heard.len(), count);
    heard
}

async fn send_some(socket: &Datagrams, to: SocketAddr, payloads: &[&[u8]]) -> io::Result<usize> {
    poll_fn(|cx| socket.poll_send(cx, to, payloads)).await
}

async fn send_all(socket: &Datagrams, to: SocketAddr, mut payloads: &[&[u8]]) {
    while !payloads.is_empty() {
        let sent = send_some(socket, to, payloads).await.unwrap();
        assert!(sent >= 1);
        payloads = &payloads[sent..];
    }
}

/// A datagram of which each byte depends on its place and on `number`.
fn payload(number: usize, size: usize) -> Vec<u8> {
    (0..size).map(|place| (number * 31 + place * 7) as u8).collect()
}

fn slices(payloads: &[Vec<u8>]) -> Vec<&[u8]> {
    payloads.iter().map(Vec::as_slice).collect()
}

#[test]
fn datagrams_of_every_size_go_there_and_back() {
    in_both_worlds(|shards| async move {
        let env = shards.env(0);
        for host in ["127.0.0.1:0", "[::1]:0"] {
            let host: SocketAddr = host.parse().unwrap();
            let (client, server) = match (env.bind(host), env.bind(host)) {
                (Ok(client), Ok(server)) => (client, server),
                // A machine may have no IPv6.
                _ if host.is_ipv6() && !env.is_virtual() => continue,
                (client, server) => panic!("{client:?} {server:?}"),
            };
            for size in [0, 1, 1200, 20_000, 65_507] {
                let sent = payload(size, size);
                client.send(server.local_addr(), &sent).await.unwrap();
                let heard = receive(env, &server, 1).await.remove(0);
                assert_eq!(heard, (client.local_addr(), sent), "{size} there");
                server.send(heard.0, &heard.1).await.unwrap();
                assert_eq!(receive(env, &client, 1).await, [(server.local_addr(), heard.1)], "{size} back");
            }
        }
    });
}

#[test]
fn order_and_boundaries_are_kept() {
    in_both_worlds(|shards| async move {
        let env = shards.env(0);
        let (client, server) = two(env);
        // Runs of one size, with a smaller or an empty one behind, and single ones.
        let sizes = [900, 900, 900, 40, 0, 0, 5, 5, 5, 5, 1, 1200, 1200, 0, 700, 701, 1400, 300, 300, 2];
        let payloads: Vec<_> = (0..100).map(|number| payload(number, sizes[number % sizes.len()])).collect();
        send_all(&client, server.local_addr(), &slices(&payloads)).await;
        let heard = receive(env, &server, 100).await;
        for (number, (sent, (from, heard))) in payloads.iter().zip(heard).enumerate() {
            assert_eq!(from, client.local_addr());
            assert!(*sent == heard, "datagram {number}: sent {}, heard {}", sent.len(), heard.len());
        }
    });
}

#[test]
fn a_large_burst_arrives_entirely_when_it_is_read_meanwhile() {
    const COUNT: usize = 2_000;
    // What the smallest of receive buffers has room for.
    const AHEAD: usize = 64;
    in_both_worlds(|shards| async move {
        let env = shards.env(0);
        let (client, server) = two(env);
        let payloads: Vec<_> = (0..COUNT).map(|number| payload(number, 1200)).collect();
        let (slices, mut sent, mut heard) = (slices(&payloads), 0, 0);
        let exchange = poll_fn(|cx| {
            loop {
                let next = &slices[sent..COUNT.min(heard + AHEAD)];
                let sending = client.poll_send(cx, server.local_addr(), next);
                let receiving = server.poll_recv(cx, &mut |from, datagram| {
                    assert_eq!(from, client.local_addr());
                    assert!(datagram == slices[heard], "datagram {heard}");
                    heard += 1;
                });
                match (sending, receiving) {
                    _ if heard == COUNT => return Poll::Ready(()),
                    (Poll::Ready(now), _) if !next.is_empty() => sent += now.unwrap(),
                    (_, Poll::Ready(now)) => assert!(now.unwrap() >= 1),
                    (_, Poll::Pending) => return Poll::Pending,
                }
            }
        });
        env.timeout(LONG, exchange).await.expect("a datagram is missing");
    });
}

#[test]
fn datagrams_of_several_senders_tell_where_they_are_from() {
    in_both_worlds(|shards| async move {
        let env = shards.env(0);
        let (first, second) = two(env);
        let server = env.bind("0.0.0.0:0".parse().unwrap()).unwrap();
        let mut to = server.local_addr();
        to.set_ip([127, 0, 0, 1].into());
        for (sender, word) in [(&first, "one"), (&second, "two"), (&second, "three"), (&first, "four")] {
            sender.send(to, word.as_bytes()).await.unwrap();
            let heard = receive(env, &server, 1).await;
            assert_eq!(heard, [(sender.local_addr(), word.as_bytes().to_vec())]);
        }
        server.send(first.local_addr(), b"five").await.unwrap();
        assert_eq!(receive(env, &first, 1).await, [(to, b"five".to_vec())], "not from the wildcard");
    });
}

#[test]
fn a_receiver_that_waits_is_woken() {
    in_both_worlds(|shards| async move {
        let env = shards.env(0);
        let (client, server) = two(env);
        let mut waiting = tokio_test::task::spawn(receive(env, &server, 1));
        tokio_test::assert_pending!(waiting.poll());
        client.send(server.local_addr(), b"").await.unwrap();
        assert_eq!(waiting.await, [(client.local_addr(), vec![])]);
    });
}

#[test]
fn what_is_sent_to_nobody_vanishes_and_hurts_nobody() {
    in_both_worlds(|shards| async move {
        let env = shards.env(0);
        let (client, server) = two(env);
        let nobody = env.bind(own_address(20)).unwrap().local_addr();
        for _ in 0..20 {
            client.send(nobody, b"lost").await.unwrap();
            assert_eq!(send_some(&client, nobody, &[b"lost"]).await.unwrap(), 1);
            client.send(server.local_addr(), b"ping").await.unwrap();
            receive(env, &server, 1).await;
            server.send(client.local_addr(), b"pong").await.unwrap();
            assert_eq!(receive(env, &client, 1).await, [(server.local_addr(), b"pong".to_vec())]);
        }
    });
}

#[test]
fn a_datagram_that_cannot_be_sent_is_told_and_those_before_it_are_sent() {
    in_both_worlds(|shards| async move {
        let env = shards.env(0);
        let (client, server) = two(env);
        let to = server.local_addr();
        let too_long = vec![0; 65_508];
        let error = send_some(&client, to, &[&too_long, b"after"]).await.unwrap_err();
        assert_eq!(reason(&error), "message too long");
        assert_eq!(send_some(&client, to, &[b"before", &too_long]).await.unwrap(), 1);
        assert_eq!(receive(env, &server, 1).await, [(client.local_addr(), b"before".to_vec())]);

        assert_eq!(send_some(&client, to, &[]).await.unwrap(), 0);
        let no_port = SocketAddr::new(to.ip(), 0);
        assert_eq!(client.send(no_port, b"x").await.unwrap_err().kind(), ErrorKind::InvalidInput);
        assert!(client.send("[::1]:9".parse().unwrap(), b"x").await.is_err(), "of another family");
    });
}

#[test]
fn a_port_is_one_sockets_until_that_is_dropped() {
    in_both_worlds(|shards| async move {
        let env = shards.env(0);
        let socket = env.bind(own_address(21)).unwrap();
        let addr = socket.local_addr();
        assert_ne!(addr.port(), 0);
        assert_eq!(env.bind(addr).unwrap_err().kind(), ErrorKind::AddrInUse);
        let any = SocketAddr::new([0, 0, 0, 0].into(), addr.port());
        assert_eq!(env.bind(any).unwrap_err().kind(), ErrorKind::AddrInUse);
        drop(socket);
        assert_eq!(env.bind(addr).unwrap().local_addr(), addr);
    });
}

#[test]
fn a_listener_and_a_datagram_socket_may_have_the_same_port() {
    in_both_worlds(|shards| async move {
        let env = shards.env(0);
        let listener = env.listen(own_address(22)).unwrap();
        assert_eq!(env.bind(listener.local_addr()).unwrap().local_addr(), listener.local_addr());
    });
}

#[test]
fn virtual_ports_rise() {
    run_virtual(|shards| async move {
        let env = shards.env(0);
        let _listener = env.listen(any_port()).unwrap();
        let first = env.bind(any_port()).unwrap();
        let mut addr = first.local_addr();
        assert_eq!(addr.port(), 32768);
        addr.set_port(32769);
        let _explicit = env.bind(addr).unwrap();
        assert_eq!(env.bind(any_port()).unwrap().local_addr().port(), 32770);
        drop(first);
        assert_eq!(env.bind(any_port()).unwrap().local_addr().port(), 32771);
    })
    .unwrap();
}

#[test]
fn a_virtual_socket_at_any_address_hears_what_is_meant_for_each_of_its_family() {
    run_virtual(|shards| async move {
        let env = shards.env(0);
        let (client, specific) =
            (env.bind(any_port()).unwrap(), env.bind("10.0.0.1:54".parse().unwrap()).unwrap());
        let any = env.bind("0.0.0.0:53".parse().unwrap()).unwrap();
        let other_family = env.bind("[::]:53".parse().unwrap()).unwrap();
        client.send("10.1.2.3:53".parse().unwrap(), b"any").await.unwrap();
        client.send("10.0.0.1:54".parse().unwrap(), b"one").await.unwrap();
        client.send("10.0.0.2:54".parse().unwrap(), b"nobody").await.unwrap();
        assert_eq!(receive(env, &any, 1).await, [(client.local_addr(), b"any".to_vec())]);
        assert_eq!(receive(env, &specific, 1).await, [(client.local_addr(), b"one".to_vec())]);
        other_family.send("[::1]:53".parse().unwrap(), b"self").await.unwrap();
        assert_eq!(receive(env, &other_family, 1).await, [("[::1]:53".parse().unwrap(), b"self".to_vec())]);
    })
    .unwrap();
}

/// How many datagrams one call hands out now.
fn receive_now(socket: &Datagrams) -> Poll<usize> {
    socket.poll_recv(&mut Context::from_waker(Waker::noop()), &mut |_, _| {}).map(Result::unwrap)
}

#[test]
fn a_virtual_socket_hands_out_thirty_two_at_a_time() {
    run_virtual(|shards| async move {
        let (client, server) = two(shards.env(0));
        send_all(&client, server.local_addr(), &[b"x".as_slice(); 70]).await;
        let calls = [(); 4].map(|()| receive_now(&server));
        assert_eq!(calls, [Poll::Ready(32), Poll::Ready(32), Poll::Ready(6), Poll::Pending]);
    })
    .unwrap();
}

#[test]
fn what_finds_no_room_in_a_virtual_socket_is_lost_and_counted() {
    run_virtual(|shards| async move {
        let env = shards.env(0);
        for (size, room) in [(0, 16_384), (1_000, 3_339), (65_507, 63)] {
            let (client, server) = two(env);
            let payload = vec![0; size];
            let payloads = vec![payload.as_slice(); room + 9];
            send_all(&client, server.local_addr(), &payloads).await;
            assert_eq!(server.dropped(), 9, "of {size} bytes");
            assert_eq!(receive(env, &server, room).await.len(), room);
            send_all(&client, server.local_addr(), &payloads[..room]).await;
            assert_eq!((server.dropped(), client.dropped()), (9, 0), "there is room again");
        }
    })
    .unwrap();
}
