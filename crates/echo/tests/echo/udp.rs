//! Echo over UDP.

use std::future::poll_fn;
use std::io::ErrorKind;
use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use squall_echo::{Echo, EchoBuilder};
use squall_wire::{Datagrams, Env, Shards, run_virtual};

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

fn with_mode(shards: &Shards, mode: &str) -> EchoBuilder {
    on(shards).mode(mode.parse().unwrap())
}

#[test]
fn discard_and_never_reply_hear_and_say_nothing() {
    in_both_worlds(|shards| async move {
        for mode in ["discard", "never-reply"] {
            let echo = with_mode(&shards, mode).start().await.unwrap();
            let client = client(shards.env(0));
            client.send(echo.addr(), b"unheard").await.unwrap();
            while echo.counts().bytes_in < 7 {
                tokio::task::yield_now().await;
            }
            let counts = echo.stop(LONG).await;
            assert_eq!((counts.datagrams_in, counts.datagrams_out), (1, 0), "{mode}");
        }
    });
}

#[test]
fn fixed_answers_each_datagram_with_one_of_its_size() {
    in_both_worlds(|shards| async move {
        for size in [0, 5, 65_507] {
            let echo = with_mode(&shards, &format!("fixed:{size}")).start().await.unwrap();
            let (env, client) = (shards.env(0), client(shards.env(0)));
            for text in [b"one", b"two"] {
                client.send(echo.addr(), text).await.unwrap();
                assert_eq!(hear(env, &client, &echo, 1).await[0].len(), size);
            }
        }
    });
}

#[test]
fn delayed_datagrams_keep_their_order_and_their_distance() {
    run_virtual(|shards| async move {
        let env = shards.env(0);
        let echo = with_mode(&shards, "delay:50ms").start().await.unwrap();
        let client = client(env);
        let began = env.now();
        client.send(echo.addr(), b"a").await.unwrap();
        client.send(echo.addr(), b"b").await.unwrap();
        env.sleep(Duration::from_millis(20)).await;
        client.send(echo.addr(), b"c").await.unwrap();
        assert_eq!(hear(env, &client, &echo, 2).await, [b"a", b"b"]);
        assert_eq!(env.now() - began, 50_000_000);
        assert_eq!(hear(env, &client, &echo, 1).await, [b"c"]);
        assert_eq!(env.now() - began, 70_000_000);
    })
    .unwrap();
}

#[test]
fn what_waits_is_bounded_and_what_is_lost_is_counted() {
    run_virtual(|shards| async move {
        let echo = with_mode(&shards, "delay:1h").start().await.unwrap();
        let client = client(shards.env(0));
        for _ in 0..300 {
            client.send(echo.addr(), &[0; 65_000]).await.unwrap();
            shards.env(0).sleep(Duration::from_nanos(1)).await;
        }
        let counts = echo.counts();
        assert_eq!((counts.datagrams_in, counts.datagrams_dropped), (300, 300 - 257));
    })
    .unwrap();
}

#[test]
fn modes_that_make_no_sense_are_refused_with_those_that_do() {
    run_virtual(|shards| async move {
        for (mode, told) in [
            (
                "chargen",
                "mode `chargen` does not work over UDP; use echo, discard, fixed, delay or never-reply",
            ),
            ("fixed:64KiB", "mode `fixed:64KiB` does not work over UDP; a datagram has at most 65507 bytes"),
        ] {
            let error = with_mode(&shards, mode).start().await.unwrap_err();
            assert_eq!((error.kind(), error.to_string().as_str()), (ErrorKind::InvalidInput, told));
        }
    })
    .unwrap();
}

#[test]
fn datagrams_go_to_whoever_the_port_was_handed_over_to() {
    in_both_worlds(|shards| async move {
        let env = shards.env(0);
        let mut before = on(&shards).start().await.unwrap();
        let client = client(env);
        client.send(before.addr(), b"one").await.unwrap();
        assert_eq!(hear(env, &client, &before, 1).await, [b"one"]);
        let after = before.hand_over(on(&shards).buffer(2)).await.unwrap();
        client.send(after.addr(), b"two").await.unwrap();
        assert_eq!(hear(env, &client, &after, 1).await, [b"tw"]);
        let why = before.hand_over(on(&shards)).await.unwrap_err();
        assert!(why.to_string().ends_with("is closed"), "{why}");
        assert_eq!((before.counts().datagrams_in, after.counts().datagrams_in), (1, 1));
    });
}
