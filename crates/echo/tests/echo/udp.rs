//! Echo over UDP.

use std::future::poll_fn;
use std::io::ErrorKind;
use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use squall_echo::{Echo, EchoBuilder};
use squall_wire::{Datagrams, Env, Shards};

use crate::worlds::{in_both_worlds, own_address};

/// What arrives at all arrives long before.
const LONG: Duration = Duration::from_secs(60);

fn on(shards: &Shards) -> EchoBuilder {
    squall_echo::udp().shards(shards.clone())
}

fn client(env: &Env) -> Datagrams {
    env.bind("127.0.0.1:0".parse().unwrap()).unwrap()
}

/// The next `count` datagrams, which come from `echo`.
async fn hear(env: &Env, client: &Datagrams, echo: &Echo, count: usize) -> Vec<Vec<u8>> {
    let mut heard = Vec::new();
    let all = async {
        while heard.len() < count {
            let each = |from: SocketAddr, payload: &[u8]| {
                assert_eq!(from, echo.addr());
                heard.push(payload.to_vec());
            };
            client.recv(each).await.unwrap();
        }
    };
    env.timeout(LONG, all).await.expect("an echo is missing");
    heard
}

#[test]
fn each_datagram_comes_back_to_its_sender() {
    in_both_worlds(|shards| async move {
        let env = shards.env(0);
        let echo = on(&shards).start().await.unwrap();
        let clients = [client(env), client(env)];
        for size in [0, 1, 1200, 65_507] {
            for (number, client) in clients.iter().enumerate() {
                client.send(echo.addr(), &vec![number as u8; size]).await.unwrap();
            }
            for (number, client) in clients.iter().enumerate() {
                assert_eq!(hear(env, client, &echo, 1).await, [vec![number as u8; size]]);
            }
        }
        let counts = echo.stop(Duration::ZERO).await;
        assert_eq!((counts.datagrams_in, counts.datagrams_out), (8, 8));
        assert_eq!((counts.bytes_in, counts.bytes_out), (2 * 66_708, 2 * 66_708));
    });
}

#[test]
fn what_is_received_together_comes_back_in_order_and_in_one_piece_each() {
    in_both_worlds(|shards| async move {
        let env = shards.env(0);
        let echo = on(&shards).start().await.unwrap();
        let clients = [client(env), client(env)];
        // The clients take turns with runs of one size, a smaller one and an empty one.
        let words: Vec<Vec<u8>> =
            [500, 500, 500, 20, 0, 0, 7, 7, 800].iter().map(|size| vec![*size as u8; *size]).collect();
        for _ in 0..3 {
            for client in &clients {
                let mut unsent: Vec<&[u8]> = words.iter().map(Vec::as_slice).collect();
                while !unsent.is_empty() {
                    let sent = poll_fn(|cx| client.poll_send(cx, echo.addr(), &unsent)).await.unwrap();
                    unsent.drain(..sent);
                }
            }
        }
        for client in &clients {
            let heard = hear(env, client, &echo, 3 * words.len()).await;
            assert!(heard.chunks(words.len()).all(|chunk| chunk == words), "{heard:?}");
        }
    });
}

#[test]
fn of_a_datagram_larger_than_the_buffer_the_beginning_comes_back() {
    in_both_worlds(|shards| async move {
        let env = shards.env(0);
        let echo = on(&shards).buffer(4).start().await.unwrap();
        let client = client(env);
        client.send(echo.addr(), b"beginning and end").await.unwrap();
        assert_eq!(hear(env, &client, &echo, 1).await, [b"begi"]);
        assert_eq!(echo.stop(LONG).await.bytes_in, 4);
    });
}

#[test]
fn a_client_that_went_away_does_not_end_the_service() {
    in_both_worlds(|shards| async move {
        let env = shards.env(0);
        let echo = on(&shards).start().await.unwrap();
        for _ in 0..20 {
            // Gone before its echo comes, so the kernel answers that the port is unreachable.
            client(env).send(echo.addr(), b"gone").await.unwrap();
        }
        let client = client(env);
        client.send(echo.addr(), b"here").await.unwrap();
        // Its port may have been that of one who went away.
        while hear(env, &client, &echo, 1).await != [b"here"] {}
    });
}

#[test]
fn stopping_frees_the_port() {
    in_both_worlds(|shards| async move {
        let echo = on(&shards).listen(own_address(9)).start().await.unwrap();
        let addr = echo.addr();
        let error = on(&shards).listen(addr).start().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AddrInUse);
        assert!(error.to_string().starts_with(&format!("listen {addr}: address")), "{error}");
        echo.stop(Duration::ZERO).await;
        drop(shards.env(0).bind(addr).unwrap());
    });
}

#[test]
fn a_blocking_test_on_a_current_thread_runtime_is_served() {
    let echo = tokio_test::block_on(squall_echo::udp().start()).unwrap();
    let client = UdpSocket::bind("127.0.0.1:0").unwrap();
    client.set_read_timeout(Some(LONG)).unwrap();
    client.send_to(b"blocking", echo.addr()).unwrap();
    let mut heard = [0; 9];
    assert_eq!(client.recv_from(&mut heard).unwrap(), (8, echo.addr()));
    assert_eq!(&heard[..8], b"blocking");
}
