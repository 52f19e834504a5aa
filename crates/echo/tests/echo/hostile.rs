//! Whatever a client sends, in whatever pieces: the server answers or closes, and serves the next one.

use std::time::Duration;

use proptest::prelude::*;
use squall_echo::EchoBuilder;
use squall_wire::{Frame, FrameKind, run_virtual};

/// Sends `bytes` in pieces and then FIN, reading all along; yields what came back, once the server has closed.
fn talk(builder: EchoBuilder, bytes: Vec<u8>, piece: usize) -> Vec<u8> {
    run_virtual(move |shards| async move {
        let env = shards.env(0).clone();
        let echo = builder.id("one").shards(shards.clone()).start().await.unwrap();
        let client = std::sync::Arc::new(env.dial(echo.addr()).await.unwrap());
        let writer = client.clone();
        let writing = shards.spawn(0, async move {
            for piece in bytes.chunks(piece) {
                // The server may have had enough.
                if writer.write_all(piece).await.is_err() {
                    return;
                }
                // So that the server reads it apart from the next.
                tokio::task::yield_now().await;
            }
            let _ = writer.finish();
        });
        let (mut all, mut buf) = (Vec::new(), [0; 5000]);
        while let Ok(read @ 1..) = client.read(&mut buf).await {
            all.extend_from_slice(&buf[..read]);
        }
        writing.await.unwrap();
        drop(client);
        let counts = echo.stop(Duration::from_secs(100)).await;
        assert_eq!((counts.active, counts.closed), (0, 1));
        assert_eq!(counts.bytes_out, all.len() as u64);
        assert!(env.now() < 90_000_000_000, "it took until {}", env.now());
        all
    })
    .unwrap()
}

/// Pieces of HTTP, some of them broken, in any order.
fn http_like() -> impl Strategy<Value = Vec<u8>> {
    let words = [
        "GET / HTTP/1.1\r\n",
        "POST /raw?delay=1ms&x HTTP/1.1\r\n",
        "HEAD * HTTP/1.0\r\n",
        "Host: x\r\n",
        "Content-Length: 5\r\n",
        "Content-Length: 18446744073709551616\r\n",
        "Transfer-Encoding: chunked\r\n",
        "Expect: 100-continue\r\n",
        "Connection: close, keep-alive\r\n",
        "\r\n",
        "\n",
        "5\r\nhello\r\n",
        "0\r\n\r\n",
        "fffffffffffffffe\r\n",
        "?size=70000&status=204:50",
        "\0",
        ":",
    ];
    let word = prop_oneof![
        8 => prop::sample::select(words.to_vec()).prop_map(|word| word.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..20),
    ];
    prop::collection::vec(word, 0..20).prop_map(|words| words.concat())
}

/// Frames with their payload, some of them damaged or cut short.
fn frame_like() -> impl Strategy<Value = Vec<u8>> {
    let kinds = [FrameKind::Hello, FrameKind::Request, FrameKind::Request, FrameKind::Reply];
    let lengths = prop_oneof![4 => 0..300_u32, 1 => Just(u32::MAX)];
    let frame = (
        prop::sample::select(kinds.to_vec()),
        lengths,
        prop::option::of(0..100_000_u32),
        0..5_000_000_u64,
        0..400_usize,
        prop::option::of(0..128_usize),
    );
    let bytes = frame.prop_map(|(kind, length, reply, delay_ns, payload, damaged)| {
        let (seed, connection, sequence) = (1, 2, 3);
        let frame = Frame { kind, seed, connection, sequence, length, reply, delay_ns, damage: None };
        let mut bytes = frame.to_bytes().to_vec();
        bytes.resize(Frame::HEADER + payload.min(length as usize), 0);
        frame.payload().fill(0, &mut bytes[Frame::HEADER..]);
        if let Some(byte) = damaged.and_then(|at| bytes.get_mut(at)) {
            *byte ^= 4;
        }
        bytes
    });
    prop::collection::vec(bytes, 1..8).prop_map(|frames| frames.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn http_answers_or_closes(bytes in http_like(), piece in 1..100_usize) {
        let whole = talk(squall_echo::http(), bytes.clone(), usize::MAX);
        let cut = talk(squall_echo::http(), bytes, piece);
        prop_assert!(cut.is_empty() || cut.starts_with(b"HTTP/1.1 "));
        // How a request was cut does not change its answer; only whether `100 Continue` was still needed, and the words for
        // what broken off requests lack.
        let statuses = |answer: &[u8]| {
            let text = String::from_utf8_lossy(answer).into_owned();
            let found = text.split("HTTP/1.1 ").skip(1).filter_map(|each| each.get(..3).map(str::to_owned));
            found.filter(|status| status != "100").collect::<Vec<_>>()
        };
        prop_assert_eq!(statuses(&whole), statuses(&cut));
    }

    #[test]
    fn frames_are_answered_the_same_however_they_are_cut(bytes in frame_like(), piece in 1..100_usize) {
        let whole = talk(squall_echo::tcp(), bytes.clone(), usize::MAX);
        prop_assert_eq!(talk(squall_echo::tcp(), bytes, piece), whole);
    }

    #[test]
    fn whatever_is_no_frame_comes_back(bytes in prop::collection::vec(any::<u8>(), 0..2000), piece in 1..100_usize) {
        prop_assume!(!bytes.starts_with(&Frame::MAGIC));
        prop_assert_eq!(talk(squall_echo::tcp(), bytes.clone(), piece), bytes);
    }
}
