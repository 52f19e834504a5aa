//! TCP and memory seen alike: one table of scripts, run in both worlds.

use std::future::poll_fn;
use std::io::{ErrorKind, IoSlice};
use std::task::Poll;
use std::time::Duration;

use squall_wire::{Env, Stream};

use crate::worlds::{in_both_worlds, pair, read_exactly};

#[derive(Debug, Clone, Copy)]
enum Side {
    Client,
    Server,
}
use Side::{Client, Server};

#[derive(Debug, Clone, Copy)]
enum Step {
    Write(Side, usize),
    Finish(Side),
    Abort(Side),
    Drop(Side),
    /// Exactly so many bytes can be read.
    Reads(Side, usize),
    /// The next read says FIN.
    ReadsEnd(Side),
    /// The next read says that the connection was reset.
    ReadsReset(Side),
    /// The next write fails, and so.
    WriteFails(Side, ErrorKind),
    /// Writes fail, if not the first then a later one, in one of the ways a dead connection may.
    WritesFailSoon(Side),
}
use Step::{Abort, Drop, Finish, Reads, ReadsEnd, ReadsReset, Write, WriteFails, WritesFailSoon};

const SCRIPTS: &[(&str, &[Step])] = &[
    ("bytes arrive both ways", &[Write(Client, 5), Reads(Server, 5), Write(Server, 7), Reads(Client, 7)]),
    (
        "half-close leaves the other way open",
        &[
            Write(Client, 5),
            Finish(Client),
            Reads(Server, 5),
            ReadsEnd(Server),
            Write(Server, 60_000),
            Reads(Client, 60_000),
            Finish(Server),
            ReadsEnd(Client),
            ReadsEnd(Server),
        ],
    ),
    (
        "finishing twice is fine, and also after the peer is gone",
        &[Finish(Client), Finish(Client), ReadsEnd(Server), Drop(Server), ReadsEnd(Client), Finish(Client)],
    ),
    ("writing after finishing fails", &[Finish(Client), WriteFails(Client, ErrorKind::BrokenPipe)]),
    ("a dropped stream ends with FIN", &[Write(Client, 5), Drop(Client), Reads(Server, 5), ReadsEnd(Server)]),
    ("dropping what was not read resets", &[Write(Client, 5), Drop(Server), ReadsReset(Client)]),
    ("an abort is a reset for the peer", &[Abort(Client), ReadsReset(Server)]),
    ("an abort is a reset for the one who aborts", &[Abort(Client), ReadsReset(Client)]),
    ("an abort ends one's own writes", &[Abort(Client), WritesFailSoon(Client)]),
    (
        "what was delivered before a reset can be read",
        &[Write(Client, 5), Abort(Client), Reads(Server, 5), ReadsReset(Server)],
    ),
    ("an abort throws away what was not read", &[Write(Server, 5), Abort(Client), ReadsReset(Client)]),
    ("writing after a reset fails", &[Abort(Server), WriteFails(Client, ErrorKind::ConnectionReset)]),
    ("writing to a closed peer fails", &[Drop(Server), WritesFailSoon(Client)]),
    (
        "a reset after FIN is not seen by reads",
        &[Finish(Client), ReadsEnd(Server), Abort(Client), ReadsEnd(Server), WritesFailSoon(Server)],
    ),
];

#[test]
fn connections_end_alike_in_both_worlds() {
    in_both_worlds(|shards| async move {
        for (name, script) in SCRIPTS {
            play(shards.env(0), name, script).await;
        }
    });
}

async fn play(env: &Env, name: &str, script: &[Step]) {
    let (client, server) = pair(env).await;
    let mut ends = [Some(client), Some(server)];
    for (number, &step) in script.iter().enumerate() {
        let at = format!("{name}, step {number}: {step:?}");
        match step {
            Drop(side) => drop(ends[side as usize].take()),
            Write(side, _)
            | Finish(side)
            | Abort(side)
            | Reads(side, _)
            | ReadsEnd(side)
            | ReadsReset(side)
            | WriteFails(side, _)
            | WritesFailSoon(side) => take_step(env, step, ends[side as usize].as_ref().unwrap(), &at).await,
        }
    }
}

async fn take_step(env: &Env, step: Step, stream: &Stream, at: &str) {
    let mut byte = [0];
    match step {
        Write(_, length) => {
            // Nobody reads meanwhile, so it has to fit into a pipe in memory.
            let written = stream.write_all(&vec![7; length]).await;
            assert!(written.is_ok(), "{at}: {written:?}");
            // Over TCP a later reset would overtake bytes that have not arrived.
            if !env.is_virtual() {
                assert!(stream.drained(env, Duration::from_secs(10)).await, "{at}");
            }
        }
        Finish(_) => stream.finish().unwrap(),
        Abort(_) => stream.abort().unwrap(),
        Reads(_, length) => {
            assert_eq!(read_exactly(stream, length).await, vec![7; length], "{at}");
        }
        ReadsEnd(_) => assert_eq!(stream.read(&mut byte).await.unwrap(), 0, "{at}"),
        ReadsReset(_) => {
            assert_eq!(stream.read(&mut byte).await.unwrap_err().kind(), ErrorKind::ConnectionReset, "{at}");
        }
        WriteFails(_, kind) => assert_eq!(stream.write_all(&byte).await.unwrap_err().kind(), kind, "{at}"),
        WritesFailSoon(_) => {
            let error = loop {
                match stream.write_all(&byte).await {
                    Ok(()) => tokio::task::yield_now().await,
                    Err(error) => break error.kind(),
                }
            };
            assert!(matches!(error, ErrorKind::BrokenPipe | ErrorKind::ConnectionReset), "{at}: {error:?}");
        }
        Drop(_) => unreachable!("taken before"),
    }
}

#[test]
fn a_full_connection_makes_the_writer_wait_until_it_is_read() {
    const TOTAL: usize = 16 << 20;
    in_both_worlds(|shards| async move {
        let env = shards.env(0).clone();
        let (client, server) = pair(&env).await;
        let (full, was_full) = tokio::sync::oneshot::channel();
        let writer = shards.spawn(0, async move {
            let data: Vec<u8> = (0..TOTAL).map(|i| (i / 3) as u8).collect();
            let (mut written, mut full) = (0, Some(full));
            poll_fn(|cx| {
                while written < TOTAL {
                    match client.poll_write(cx, &data[written..]) {
                        Poll::Ready(n) => written += n.unwrap(),
                        Poll::Pending => {
                            full.take().map(|full| full.send(written));
                            return Poll::Pending;
                        }
                    }
                }
                Poll::Ready(())
            })
            .await;
            client.finish().unwrap();
        });
        assert!(was_full.await.unwrap() < TOTAL);
        let received = read_exactly(&server, TOTAL).await;
        assert!(received.iter().enumerate().all(|(i, &byte)| byte == (i / 3) as u8));
        assert_eq!(server.read(&mut [0]).await.unwrap(), 0);
        writer.await.unwrap();
    });
}

#[test]
fn several_buffers_are_written_in_order() {
    in_both_worlds(|shards| async move {
        let (client, server) = pair(shards.env(0)).await;
        let parts = [IoSlice::new(b"one "), IoSlice::new(b""), IoSlice::new(b"two "), IoSlice::new(b"three")];
        let written = poll_fn(|cx| client.poll_write_vectored(cx, &parts)).await.unwrap();
        assert_eq!(written, 13);
        assert_eq!(read_exactly(&server, 13).await, b"one two three");
    });
}

#[test]
fn a_reader_that_waits_is_woken_by_data_by_fin_and_by_reset() {
    in_both_worlds(|shards| async move {
        for (act, expected) in [
            ((|peer: &Stream| drop(peer.finish())) as fn(&Stream), Ok(0)),
            (|peer| drop(peer.abort()), Err(ErrorKind::ConnectionReset)),
        ] {
            let (client, server) = pair(shards.env(0)).await;
            let mut buf = [0; 8];
            let mut read = tokio_test::task::spawn(server.read(&mut buf));
            tokio_test::assert_pending!(read.poll());
            client.write_all(b"x").await.unwrap();
            assert_eq!(read.await.unwrap(), 1);

            let mut read = tokio_test::task::spawn(server.read(&mut buf));
            tokio_test::assert_pending!(read.poll());
            act(&client);
            assert_eq!(read.await.map_err(|error| error.kind()), expected);
        }
    });
}

/// Writes, while nobody reads, until every buffer on the way is full; returns how much that was.
async fn fill(env: &Env, stream: &Stream) -> usize {
    let chunk = vec![1; 1 << 20];
    let mut written = 0;
    loop {
        poll_fn(|cx| {
            while let Poll::Ready(n) = stream.poll_write(cx, &chunk) {
                written += n.unwrap();
            }
            Poll::Ready(())
        })
        .await;
        // A kernel that was only slow would have made room by then, and is asked again.
        if !stream.drained(env, Duration::from_millis(2)).await {
            return written;
        }
    }
}

#[test]
fn drained_tells_whether_everything_arrived() {
    in_both_worlds(|shards| async move {
        let env = shards.env(0);
        let (client, server) = pair(env).await;
        assert_eq!(client.unsent().unwrap(), 0);
        assert!(client.drained(env, Duration::ZERO).await);

        let written = fill(env, &client).await;
        assert!(client.unsent().unwrap() > 0);

        read_exactly(&server, written).await;
        assert!(client.drained(env, Duration::from_secs(10)).await);
    });
}

#[test]
fn nothing_drains_after_a_reset() {
    in_both_worlds(|shards| async move {
        let env = shards.env(0);
        let (client, server) = pair(env).await;
        fill(env, &client).await;
        server.abort().unwrap();
        assert_eq!(client.read(&mut [0]).await.unwrap_err().kind(), ErrorKind::ConnectionReset);
        // The limit is far beyond what the test may take: it has to know.
        assert!(!client.drained(env, Duration::from_secs(3600)).await);
        assert_eq!(client.unsent().unwrap_err().kind(), ErrorKind::NotConnected);
    });
}

#[test]
fn a_connection_comes_from_the_address_that_was_chosen() {
    in_both_worlds(|shards| async move {
        let env = shards.env(0);
        let listener = env.listen("127.0.0.1:0".parse().unwrap()).unwrap();
        let from = if cfg!(target_os = "linux") { [127, 0, 0, 77] } else { [127, 0, 0, 1] };
        let dialer = env.dialer_from(from.into(), listener.local_addr()).unwrap();
        let local = dialer.local_addr();
        assert_eq!(local.ip(), std::net::IpAddr::from(from));
        let _client = dialer.connect().await.unwrap();
        assert_eq!(listener.accept().await.1, local);
    });
}
