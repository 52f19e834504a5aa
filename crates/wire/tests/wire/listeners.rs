//! Listening, dialing and what is refused.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::num::NonZeroUsize;

use squall_wire::{Shards, Stream, run_virtual};

use crate::worlds::{in_both_worlds, own_address, read_exactly};

fn any_port() -> SocketAddr {
    "127.0.0.1:0".parse().unwrap()
}

#[test]
fn nobody_listening_is_a_refusal() {
    in_both_worlds(|shards| async move {
        let env = shards.env(0);
        // A dialer's port is taken, but nobody listens there.
        let holder = env.dialer(any_port()).unwrap();
        let addr = holder.local_addr();
        assert_eq!(env.dial(addr).await.unwrap_err().kind(), ErrorKind::ConnectionRefused);
        let dialer = env.dialer(addr).unwrap();
        assert_eq!(dialer.connect().await.unwrap_err().kind(), ErrorKind::ConnectionRefused);
    });
}

#[test]
fn a_port_that_is_taken_is_told() {
    in_both_worlds(|shards| async move {
        let env = shards.env(0);
        let listener = env.listen(own_address(1)).unwrap();
        let addr = listener.local_addr();
        assert_ne!(addr.port(), 0);
        assert_eq!(env.listen(addr).unwrap_err().kind(), ErrorKind::AddrInUse);
        drop(listener);
        assert_eq!(env.listen(addr).unwrap().local_addr(), addr);
    });
}

#[test]
fn a_port_that_refuses_is_kept_for_whoever_listens_there_next() {
    in_both_worlds(|shards| async move {
        let env = shards.env(0);
        let listener = env.listen(own_address(1)).unwrap();
        let address = listener.address();
        drop(listener);
        let refusing = env.refuse_at(&address).unwrap();
        assert_eq!(refusing.is_some(), !env.is_virtual());
        assert_eq!(env.dial_at(&address).await.unwrap_err().kind(), ErrorKind::ConnectionRefused);
        let addr = address.socket_addr().unwrap();
        if refusing.is_some() {
            let other = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
            assert_eq!(other.bind(&addr.into()).unwrap_err().kind(), ErrorKind::AddrInUse);
        }
        drop(refusing);
        env.listen(addr).unwrap();
    });
}

#[test]
fn a_dialer_knows_the_address_the_listener_will_see() {
    in_both_worlds(|shards| async move {
        let env = shards.env(0);
        for host in ["127.0.0.1:0", "0.0.0.0:0"] {
            let listener = env.listen(host.parse().unwrap()).unwrap();
            let mut to = listener.local_addr();
            to.set_ip([127, 0, 0, 1].into());
            let dialer = env.dialer(to).unwrap();
            let told = dialer.local_addr();
            assert_ne!(told.port(), 0);
            let client = dialer.connect().await.unwrap();
            let (_server, seen) = listener.accept().await;
            assert_eq!(told, seen);
            assert_eq!(told, client.local_addr().unwrap());
        }
    });
}

#[test]
fn dialers_never_share_a_port() {
    in_both_worlds(|shards| async move {
        let env = shards.env(0);
        let to = env.listen(any_port()).unwrap().local_addr();
        let dialers: Vec<_> = (0..100).map(|_| env.dialer(to).unwrap()).collect();
        let mut ports: Vec<_> = dialers.iter().map(|dialer| dialer.local_addr().port()).collect();
        ports.sort_unstable();
        ports.dedup();
        assert_eq!(ports.len(), 100);
    });
}

#[test]
fn small_messages_wait_for_nothing_at_either_end() {
    let shards = Shards::start(NonZeroUsize::MIN).unwrap();
    let test = shards.clone();
    tokio_test::block_on(shards.spawn(0, async move {
        let listener = test.env(0).listen(any_port()).unwrap();
        let dialled = test.env(0).dial(listener.local_addr()).await.unwrap();
        let accepted = listener.accept().await.0.attach().unwrap();
        for stream in [&dialled, &accepted] {
            let Stream::Tcp(socket) = stream else { unreachable!("a real socket") };
            assert!(socket.nodelay().unwrap());
        }
    }))
    .unwrap();
}

#[test]
fn an_accepted_connection_may_be_attached_to_another_shard() {
    let shards = Shards::start(NonZeroUsize::new(2).unwrap()).unwrap();
    let test = shards.clone();
    tokio_test::block_on(shards.spawn(0, async move {
        let listener = test.env(0).listen(any_port()).unwrap();
        let client = test.env(0).dial(listener.local_addr()).await.unwrap();
        let (incoming, _) = listener.accept().await;
        let echo = test.spawn(1, async move {
            let server = incoming.attach().unwrap();
            let heard = read_exactly(&server, 4).await;
            server.write_all(&heard).await.unwrap();
        });
        client.write_all(b"ping").await.unwrap();
        assert_eq!(read_exactly(&client, 4).await, b"ping");
        echo.await.unwrap();
    }))
    .unwrap();
}

#[test]
fn dropping_an_incoming_connection_closes_it() {
    in_both_worlds(|shards| async move {
        let env = shards.env(0);
        let listener = env.listen(any_port()).unwrap();
        let client = env.dial(listener.local_addr()).await.unwrap();
        drop(listener.accept().await);
        assert_eq!(client.read(&mut [0]).await.unwrap(), 0);
    });
}

#[test]
fn a_dropped_listener_resets_whom_it_did_not_accept() {
    in_both_worlds(|shards| async move {
        let env = shards.env(0);
        let listener = env.listen(any_port()).unwrap();
        let client = env.dial(listener.local_addr()).await.unwrap();
        drop(listener);
        assert_eq!(client.read(&mut [0]).await.unwrap_err().kind(), ErrorKind::ConnectionReset);
    });
}

#[test]
fn virtual_ports_are_the_same_in_each_run() {
    let ports = || {
        run_virtual(|shards| async move {
            let env = shards.env(0);
            let listener = env.listen(any_port()).unwrap();
            let client = env.dial(listener.local_addr()).await.unwrap();
            [listener.local_addr().port(), client.local_addr().unwrap().port()]
        })
        .unwrap()
    };
    assert_eq!(ports(), [32768, 32769]);
    assert_eq!(ports(), [32768, 32769]);
}

#[test]
fn a_full_virtual_backlog_makes_the_dialer_wait() {
    run_virtual(|shards| async move {
        let env = shards.env(0);
        let listener = env.listen(any_port()).unwrap();
        let to = listener.local_addr();
        let mut waiting = Vec::new();
        for _ in 0..4096 {
            waiting.push(env.dial(to).await.unwrap());
        }
        let mut one_more = tokio_test::task::spawn(env.dial(to));
        tokio_test::assert_pending!(one_more.poll());
        let _accepted = listener.accept().await;
        assert!(one_more.is_woken());
        tokio_test::assert_ready!(one_more.poll()).unwrap();
    })
    .unwrap();
}

#[test]
fn a_virtual_listener_on_any_address_is_found_under_all() {
    run_virtual(|shards| async move {
        let env = shards.env(0);
        let _any = env.listen("0.0.0.0:80".parse().unwrap()).unwrap();
        let to: SocketAddr = "10.1.2.3:80".parse().unwrap();
        let client = env.dial(to).await.unwrap();
        assert_eq!(client.peer_addr().unwrap(), to);
        assert_eq!(env.listen(to).unwrap_err().kind(), ErrorKind::AddrInUse);
        assert_eq!(
            env.dial("[::1]:80".parse().unwrap()).await.unwrap_err().kind(),
            ErrorKind::ConnectionRefused
        );
    })
    .unwrap();
}

#[test]
fn those_who_wait_at_a_hung_listener_come_in_the_order_in_which_they_dialled() {
    let came = run_virtual(|shards| async move {
        let env = shards.env(0).clone();
        let listener = env.listen("127.0.0.1:0".parse().expect("an address")).expect("listens");
        let addr = listener.local_addr();
        let hung = listener.hang(&env).await.expect("it can hang");
        for _ in 0..32 {
            let own = env.clone();
            shards.spawn(0, async move { own.dial(addr).await.map(drop) });
        }
        env.sleep(std::time::Duration::from_secs(1)).await;
        drop(hung);
        let mut came = Vec::new();
        for _ in 0..32 {
            came.push(listener.accept().await.1.port());
        }
        came
    });
    let came = came.expect("the world does not get stuck");
    assert!(came.is_sorted(), "{came:?}");
}
