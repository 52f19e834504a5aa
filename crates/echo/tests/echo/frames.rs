//! Framed clients of an echo server.

use std::time::Duration;

use squall_echo::Echo;
use squall_wire::{Env, Frame, FrameKind, Shards, Stream, run_virtual};

use crate::worlds::in_both_worlds;

const MS: u64 = 1_000_000;

async fn start(shards: &Shards) -> Echo {
    squall_echo::tcp().shards(shards.clone()).id("one").start().await.unwrap()
}

async fn dial(shards: &Shards, echo: &Echo) -> Stream {
    shards.env(0).dial(echo.addr()).await.unwrap()
}

fn request(sequence: u64, length: u32) -> Frame {
    Frame {
        kind: FrameKind::Request,
        seed: 7,
        connection: 3,
        sequence,
        length,
        reply: None,
        delay_ns: 0,
        damage: None,
    }
}

/// The bytes of a request: header and payload.
fn written(frame: &Frame) -> Vec<u8> {
    let mut bytes = frame.to_bytes().to_vec();
    bytes.resize(Frame::HEADER + frame.length as usize, 0);
    frame.payload().fill(0, &mut bytes[Frame::HEADER..]);
    bytes
}

async fn read_exactly(stream: &Stream, length: usize) -> Vec<u8> {
    let (mut all, mut filled) = (vec![0; length], 0);
    while filled < length {
        let read = stream.read(&mut all[filled..]).await.unwrap();
        assert!(read > 0, "ended after {filled} of {length}");
        filled += read;
    }
    all
}

async fn read_frame(stream: &Stream) -> (Frame, Vec<u8>) {
    let header = read_exactly(stream, Frame::HEADER).await;
    let frame = Frame::from_bytes(header[..].try_into().unwrap()).unwrap();
    (frame, read_exactly(stream, frame.length as usize).await)
}

async fn read_to_end(stream: &Stream) -> Vec<u8> {
    let (mut all, mut buf) = (Vec::new(), [0; 1000]);
    loop {
        match stream.read(&mut buf).await.unwrap() {
            0 => return all,
            read => all.extend_from_slice(&buf[..read]),
        }
    }
}

/// What a reply to a request has in its header.
fn reply(to: &Frame, length: u32, damage: Option<u32>) -> Frame {
    Frame { kind: FrameKind::Reply, length, reply: None, delay_ns: 0, damage, ..*to }
}

#[test]
fn a_hello_is_answered_with_the_identity() {
    in_both_worlds(|shards| async move {
        let echo = start(&shards).await;
        let client = dial(&shards, &echo).await;
        let hello = Frame { kind: FrameKind::Hello, ..request(0, 0) };
        client.write_all(&hello.to_bytes()).await.unwrap();
        assert_eq!(read_frame(&client).await, (reply(&hello, 3, None), b"one".to_vec()));
    });
}

#[test]
fn without_a_name_the_identity_is_the_address() {
    run_virtual(|shards| async move {
        let echo = squall_echo::tcp().shards(shards.clone()).start().await.unwrap();
        let client = dial(&shards, &echo).await;
        client.write_all(&Frame { kind: FrameKind::Hello, ..request(0, 0) }.to_bytes()).await.unwrap();
        assert_eq!(read_frame(&client).await.1, echo.addr().to_string().as_bytes());
    })
    .unwrap();
}

#[test]
fn requests_are_answered_in_order_however_they_are_cut() {
    for cut in [1, 7, 64, 100, 10_000] {
        in_both_worlds(move |shards| async move {
            let echo = start(&shards).await;
            let client = dial(&shards, &echo).await;
            let requests = [request(1, 0), request(2, 200), request(3, 70_000), request(4, 1)];
            let bytes: Vec<u8> = requests.iter().flat_map(written).collect();
            for piece in bytes.chunks(cut) {
                client.write_all(piece).await.unwrap();
                tokio::task::yield_now().await;
            }
            client.finish().unwrap();
            for request in &requests {
                let (header, payload) = read_frame(&client).await;
                assert_eq!(header, reply(request, request.length, None));
                assert_eq!(request.payload().mismatch(0, &payload), None);
            }
            assert_eq!(read_to_end(&client).await, b"");
        });
    }
}

#[test]
fn a_reply_has_the_length_that_is_wanted() {
    in_both_worlds(|shards| async move {
        let echo = start(&shards).await;
        let client = dial(&shards, &echo).await;
        for wanted in [0, 1, 200_000] {
            let request = Frame { reply: Some(wanted), ..request(5, 10) };
            client.write_all(&written(&request)).await.unwrap();
            let (header, payload) = read_frame(&client).await;
            assert_eq!(header, reply(&request, wanted, None));
            assert_eq!(request.payload().reply().mismatch(0, &payload), None);
        }
    });
}

#[test]
fn damage_on_the_way_there_is_told_apart_from_damage_on_the_way_back() {
    in_both_worlds(|shards| async move {
        let echo = start(&shards).await;
        let client = dial(&shards, &echo).await;
        let request = request(1, 100_000);
        let mut bytes = written(&request);
        bytes[Frame::HEADER + 70_001] ^= 1;
        bytes[Frame::HEADER + 90_000] ^= 1;
        client.write_all(&bytes).await.unwrap();
        let (header, payload) = read_frame(&client).await;
        assert_eq!(header, reply(&request, 100_000, Some(70_001)));
        assert_eq!(request.payload().mismatch(0, &payload), None);
    });
}

#[test]
fn a_delayed_reply_keeps_those_behind_it_waiting() {
    run_virtual(|shards| async move {
        let (env, echo) = (shards.env(0), start(&shards).await);
        let client = dial(&shards, &echo).await;
        let slow = Frame { delay_ns: 50 * MS, ..request(1, 10) };
        let began = env.now();
        for frame in [slow, request(2, 10)] {
            client.write_all(&written(&frame)).await.unwrap();
        }
        for sequence in [1, 2] {
            assert_eq!(read_frame(&client).await.0.sequence, sequence);
            assert_eq!(env.now() - began, 50 * MS);
        }
    })
    .unwrap();
}

#[test]
fn nobody_has_a_server_wait_for_ever() {
    run_virtual(|shards| async move {
        let (env, echo) = (shards.env(0), start(&shards).await);
        let client = dial(&shards, &echo).await;
        client.write_all(&written(&Frame { delay_ns: u64::MAX, ..request(1, 0) })).await.unwrap();
        let began = env.now();
        read_frame(&client).await;
        assert_eq!(env.now() - began, 60_000 * MS);
    })
    .unwrap();
}

#[test]
fn what_is_no_request_is_called_unreadable_and_ends_the_connection() {
    in_both_worlds(|shards| async move {
        let echo = start(&shards).await;
        let mut damaged = written(&request(1, 10));
        damaged[20] ^= 1;
        let reply = reply(&request(1, 0), 0, None).to_bytes().to_vec();
        for bytes in [damaged, reply] {
            let client = dial(&shards, &echo).await;
            client.write_all(&written(&request(0, 5))).await.unwrap();
            client.write_all(&bytes).await.unwrap();
            assert_eq!(read_frame(&client).await.0.sequence, 0);
            assert_eq!(read_frame(&client).await.0.kind, FrameKind::Unreadable);
            assert_eq!(read_to_end(&client).await, b"");
        }
    });
}

#[test]
fn a_length_that_never_comes_costs_nothing() {
    run_virtual(|shards| async move {
        let echo = start(&shards).await;
        let client = dial(&shards, &echo).await;
        client.write_all(&request(1, u32::MAX).to_bytes()).await.unwrap();
        client.write_all(b"and no more").await.unwrap();
        client.finish().unwrap();
        assert_eq!(read_to_end(&client).await, b"");
    })
    .unwrap();
}

#[test]
fn what_only_begins_like_a_frame_comes_back() {
    in_both_worlds(|shards| async move {
        let echo = start(&shards).await;
        for length in 0..8 {
            let client = dial(&shards, &echo).await;
            for byte in &Frame::MAGIC[..length] {
                client.write_all(&[*byte]).await.unwrap();
            }
            // It is clear here, and the client is not done.
            client.write_all(b"!").await.unwrap();
            let expected = [&Frame::MAGIC[..length], b"!"].concat();
            assert_eq!(read_exactly(&client, length + 1).await, expected);

            let client = dial(&shards, &echo).await;
            client.write_all(&Frame::MAGIC[..length]).await.unwrap();
            client.finish().unwrap();
            assert_eq!(read_to_end(&client).await, Frame::MAGIC[..length]);
        }
    });
}

#[test]
fn a_client_that_happens_to_begin_like_a_frame_and_waits_is_served() {
    run_virtual(|shards| async move {
        let (env, echo) = (shards.env(0), start(&shards).await);
        let client = dial(&shards, &echo).await;
        for piece in [&Frame::MAGIC[..1], b"more", &Frame::MAGIC] {
            client.write_all(piece).await.unwrap();
            assert_eq!(read_exactly(&client, piece.len()).await, piece);
        }
        assert_eq!(env.now(), 500 * MS);
    })
    .unwrap();
}

#[test]
fn a_frame_may_dribble_in() {
    run_virtual(|shards| async move {
        let echo = start(&shards).await;
        let client = dial(&shards, &echo).await;
        for byte in written(&request(1, 3)) {
            client.write_all(&[byte]).await.unwrap();
            shards.env(0).sleep(Duration::from_millis(499)).await;
        }
        assert_eq!(read_frame(&client).await.0, reply(&request(1, 3), 3, None));
    })
    .unwrap();
}

#[test]
fn other_modes_know_nothing_of_frames() {
    run_virtual(|shards| async move {
        let builder = squall_echo::tcp().shards(shards.clone()).mode("delay:0s".parse().unwrap());
        let echo = builder.start().await.unwrap();
        let client = dial(&shards, &echo).await;
        let bytes = written(&request(1, 10));
        client.write_all(&bytes).await.unwrap();
        client.finish().unwrap();
        assert_eq!(read_to_end(&client).await, bytes);
    })
    .unwrap();
}

/// Sends a datagram and hears the next one, which comes `after` milliseconds at the earliest.
async fn exchange(env: &Env, echo: &Echo, datagram: &[u8], after: u64) -> Vec<u8> {
    let socket = env.bind(([127, 0, 0, 1], 0).into()).unwrap();
    let began = env.now();
    socket.send(echo.addr(), datagram).await.unwrap();
    let mut heard = Vec::new();
    socket.recv(|_, payload| heard.extend_from_slice(payload)).await.unwrap();
    assert!(env.now() - began >= after * MS);
    heard
}

#[test]
fn a_datagram_that_is_a_frame_is_answered_framed() {
    in_both_worlds(|shards| async move {
        let env = shards.env(0);
        let echo = squall_echo::udp().shards(shards.clone()).id("two").start().await.unwrap();
        let read = |heard: Vec<u8>| {
            let (header, payload) = heard.split_first_chunk().unwrap();
            (Frame::from_bytes(header).unwrap(), payload.to_vec())
        };
        let hello = Frame { kind: FrameKind::Hello, ..request(0, 0) };
        let heard = read(exchange(env, &echo, &hello.to_bytes(), 0).await);
        assert_eq!(heard, (reply(&hello, 3, None), b"two".to_vec()));

        let slow = Frame { reply: Some(20), delay_ns: 3 * MS, ..request(1, 1000) };
        let mut bytes = written(&slow);
        bytes[100] ^= 1;
        let (header, payload) = read(exchange(env, &echo, &bytes, 3).await);
        assert_eq!(header, reply(&slow, 20, Some(36)));
        assert_eq!(slow.payload().reply().mismatch(0, &payload), None);

        let greedy = Frame { reply: Some(u32::MAX), ..request(1, 0) };
        let (header, payload) = read(exchange(env, &echo, &written(&greedy), 0).await);
        assert_eq!((header.length, payload.len()), (65_443, 65_443));

        let mut damaged = written(&slow);
        damaged[30] ^= 1;
        assert_eq!(read(exchange(env, &echo, &damaged, 0).await).0.kind, FrameKind::Unreadable);
        for text in [&bytes[..1063], &bytes[..63], b"text"] {
            assert_eq!(exchange(env, &echo, text, 0).await, text);
        }
    });
}

#[test]
fn two_servers_do_not_answer_each_other() {
    in_both_worlds(|shards| async move {
        let env = shards.env(0);
        let echo = squall_echo::udp().shards(shards.clone()).start().await.unwrap();
        let socket = env.bind(([127, 0, 0, 1], 0).into()).unwrap();
        for kind in [FrameKind::Reply, FrameKind::Unreadable] {
            socket.send(echo.addr(), &Frame { kind, ..request(1, 0) }.to_bytes()).await.unwrap();
        }
        socket.send(echo.addr(), b"last").await.unwrap();
        let mut heard = Vec::new();
        socket.recv(|_, payload| heard.push(payload.to_vec())).await.unwrap();
        assert_eq!(heard, [b"last"]);
        assert_eq!(echo.stop(Duration::ZERO).await.datagrams_out, 1);
    });
}
