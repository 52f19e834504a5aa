//! What each mode does over TCP.

use std::io::ErrorKind;
use std::time::Duration;

use squall_echo::{Echo, Mode};
use squall_wire::{Env, Shards, Stream, run_virtual};

use crate::worlds::in_both_worlds;

const LONG: Duration = Duration::from_secs(3600);
const MS: u64 = 1_000_000;

async fn start(shards: &Shards, mode: &str) -> Echo {
    squall_echo::tcp().shards(shards.clone()).mode(mode.parse().unwrap()).start().await.unwrap()
}

async fn dial(shards: &Shards, echo: &Echo) -> Stream {
    shards.env(0).dial(echo.addr()).await.unwrap()
}

/// Everything up to the end, and how that came.
async fn hear(stream: &Stream) -> (Vec<u8>, Result<(), ErrorKind>) {
    let (mut all, mut buf) = (Vec::new(), vec![0; 65_536]);
    loop {
        match stream.read(&mut buf).await {
            Ok(0) => return (all, Ok(())),
            Ok(length) => all.extend_from_slice(&buf[..length]),
            Err(error) => return (all, Err(error.kind())),
        }
    }
}

async fn hear_exactly(stream: &Stream, length: usize) -> Vec<u8> {
    let (mut all, mut filled) = (vec![0; length], 0);
    while filled < length {
        let read = stream.read(&mut all[filled..]).await.unwrap();
        assert!(read > 0, "ended after {filled}");
        filled += read;
    }
    all
}

async fn until(happened: impl Fn() -> bool) {
    while !happened() {
        tokio::task::yield_now().await;
    }
}

#[test]
fn discard_says_nothing_and_answers_fin_with_fin() {
    in_both_worlds(|shards| async move {
        let echo = start(&shards, "discard").await;
        let client = dial(&shards, &echo).await;
        client.write_all(&[7; 300_000]).await.unwrap();
        client.finish().unwrap();
        assert_eq!(hear(&client).await, (Vec::new(), Ok(())));
        let counts = echo.stop(LONG).await;
        assert_eq!((counts.bytes_in, counts.bytes_out), (300_000, 0));
    });
}

#[test]
fn chargen_speaks_at_once_and_does_not_mind_what_it_is_told() {
    in_both_worlds(|shards| async move {
        let echo = start(&shards, "chargen").await;
        let client = dial(&shards, &echo).await;
        client.write_all(&[7; 1000]).await.unwrap();
        client.finish().unwrap();
        let heard = hear_exactly(&client, 200_000).await;
        assert!(heard.starts_with(b" !\"#$%&'()*+,-./0123"));
        for (number, line) in heard.chunks_exact(74).enumerate() {
            assert_eq!(usize::from(line[0] - b' '), number % 95);
            assert!(line.ends_with(b"\r\n"));
        }
        drop(client);
        until(|| echo.counts().closed == 1).await;
    });
}

#[test]
fn fixed_sends_its_bytes_and_fin() {
    in_both_worlds(|shards| async move {
        for size in [0, 1, 100_000] {
            let echo = start(&shards, &format!("fixed:{size}")).await;
            let client = dial(&shards, &echo).await;
            client.write_all(b"unasked for").await.unwrap();
            let (heard, end) = hear(&client).await;
            assert_eq!((heard.len(), end), (size, Ok(())));
            client.finish().unwrap();
            let counts = echo.stop(LONG).await;
            assert_eq!((counts.bytes_in, counts.bytes_out), (11, size as u64));
        }
    });
}

#[test]
fn a_banner_comes_before_the_echo() {
    in_both_worlds(|shards| async move {
        let echo = start(&shards, r"banner:220 ready\r\n").await;
        let client = dial(&shards, &echo).await;
        assert_eq!(hear_exactly(&client, 11).await, b"220 ready\r\n");
        client.write_all(b"HELO").await.unwrap();
        client.finish().unwrap();
        assert_eq!(hear(&client).await, (b"HELO".to_vec(), Ok(())));
    });
}

/// Sends pieces some milliseconds apart, and says when which byte came back.
async fn timed(env: &Env, client: &Stream, pieces: &[(u64, &[u8])]) -> Vec<(u64, u8)> {
    let began = env.now();
    for (pause, piece) in pieces {
        env.sleep(Duration::from_millis(*pause)).await;
        client.write_all(piece).await.unwrap();
    }
    client.finish().unwrap();
    let (mut heard, mut byte) = (Vec::new(), [0]);
    while client.read(&mut byte).await.unwrap() > 0 {
        heard.push(((env.now() - began) / MS, byte[0]));
    }
    heard
}

#[test]
fn a_delay_holds_every_byte_equally_long_and_keeps_reading() {
    run_virtual(|shards| async move {
        let echo = start(&shards, "delay:50ms").await;
        let client = dial(&shards, &echo).await;
        let heard = timed(shards.env(0), &client, &[(0, b"a"), (20, b"bc"), (20, b"d")]).await;
        assert_eq!(heard, [(50, b'a'), (70, b'b'), (70, b'c'), (90, b'd')]);
    })
    .unwrap();
}

#[test]
fn what_a_delay_holds_is_bounded_and_comes_back_whole() {
    in_both_worlds(|shards| async move {
        const TOTAL: usize = 3 << 20;
        let echo = start(&shards, "delay:5ms").await;
        let client = std::sync::Arc::new(dial(&shards, &echo).await);
        let writer = client.clone();
        let writing = shards.spawn(0, async move {
            for number in 0..TOTAL / 4 {
                writer.write_all(&(number as u32).to_le_bytes()).await.unwrap();
            }
            writer.finish().unwrap();
        });
        let (heard, end) = hear(&client).await;
        assert_eq!((heard.len(), end), (TOTAL, Ok(())));
        assert!(heard.chunks(4).enumerate().all(|(number, word)| word == (number as u32).to_le_bytes()));
        writing.await.unwrap();
    });
}

#[test]
fn a_drip_echoes_at_its_rate() {
    run_virtual(|shards| async move {
        let echo = start(&shards, "drip:1KB/s").await;
        let client = dial(&shards, &echo).await;
        // Ten bytes at a time; after a pause the rate makes up for nothing.
        let heard = timed(shards.env(0), &client, &[(0, &[1; 20]), (100, &[2; 25])]).await;
        let expected: Vec<_> = [(10, 1, 10), (20, 1, 10), (110, 2, 10), (120, 2, 10), (125, 2, 5)]
            .into_iter()
            .flat_map(|(at, byte, count)| vec![(at, byte); count])
            .map(|(at, byte)| (at.max(100), byte))
            .collect();
        assert_eq!(heard, expected);
    })
    .unwrap();
}

#[test]
fn a_drip_slower_than_a_byte_at_a_time_is_exact() {
    run_virtual(|shards| async move {
        let echo = start(&shards, "drip:24bit/s").await;
        let client = dial(&shards, &echo).await;
        let heard = timed(shards.env(0), &client, &[(0, b"abcdef")]).await;
        let times: Vec<u64> = heard.iter().map(|(at, _)| *at).collect();
        assert_eq!(times, [333, 666, 1000, 1333, 1666, 2000]);
    })
    .unwrap();
}

#[test]
fn never_read_stalls_who_writes() {
    run_virtual(|shards| async move {
        let echo = start(&shards, "never-read").await;
        let client = dial(&shards, &echo).await;
        let writing = client.write_all(&[0; 1 << 20]);
        assert!(shards.env(0).timeout(LONG, writing).await.is_none());
        assert_eq!(echo.counts().bytes_in, 0);
        // Nobody waits for a connection that will not end.
        let before = shards.env(0).now();
        assert_eq!(echo.stop(LONG).await.closed, 1);
        assert_eq!(shards.env(0).now(), before);
    })
    .unwrap();
}

#[test]
fn never_read_and_never_reply_end_when_idle() {
    run_virtual(|shards| async move {
        for mode in [Mode::NeverRead, Mode::NeverReply] {
            let builder = squall_echo::tcp().shards(shards.clone()).mode(mode);
            let echo = builder.idle_timeout(Duration::from_millis(30)).start().await.unwrap();
            let client = dial(&shards, &echo).await;
            let before = shards.env(0).now();
            assert_eq!(hear(&client).await, (Vec::new(), Ok(())));
            assert_eq!(shards.env(0).now() - before, 30 * MS);
        }
    })
    .unwrap();
}

#[test]
fn never_reply_reads_on_and_keeps_its_fin_to_itself() {
    run_virtual(|shards| async move {
        let echo = start(&shards, "never-reply").await;
        let client = dial(&shards, &echo).await;
        client.write_all(&[0; 1 << 20]).await.unwrap();
        client.finish().unwrap();
        assert!(shards.env(0).timeout(LONG, hear(&client)).await.is_none());
        assert_eq!(echo.counts().bytes_in, 1 << 20);
        assert_eq!(echo.stop(LONG).await.bytes_out, 0);
    })
    .unwrap();
}

#[test]
fn close_after_echoes_so_many_bytes_and_sends_fin() {
    in_both_worlds(|shards| async move {
        let echo = start(&shards, "close-after:1000").await;
        let client = dial(&shards, &echo).await;
        client.write_all(&[1; 999]).await.unwrap();
        assert_eq!(hear_exactly(&client, 999).await, [1; 999]);
        client.write_all(&[2; 5000]).await.unwrap();
        assert_eq!(hear(&client).await, (vec![2], Ok(())));
        client.finish().unwrap();
        let counts = echo.stop(LONG).await;
        assert_eq!((counts.bytes_in, counts.bytes_out), (5999, 1000));
    });
}

#[test]
fn close_after_nothing_sends_fin_at_once() {
    in_both_worlds(|shards| async move {
        let echo = start(&shards, "close-after:0").await;
        let client = dial(&shards, &echo).await;
        assert_eq!(hear(&client).await, (Vec::new(), Ok(())));
    });
}

#[test]
fn reset_after_echoes_so_many_bytes_before_the_reset() {
    in_both_worlds(|shards| async move {
        let echo = start(&shards, "reset-after:1000").await;
        let client = dial(&shards, &echo).await;
        client.write_all(&[1; 1000]).await.unwrap();
        assert_eq!(hear(&client).await, (vec![1; 1000], Err(ErrorKind::ConnectionReset)));
        until(|| echo.counts().closed == 1).await;
        assert_eq!(echo.counts().bytes_out, 1000);
    });
}

#[test]
fn who_is_done_before_the_reset_gets_fin() {
    in_both_worlds(|shards| async move {
        let echo = start(&shards, "reset-after:1000").await;
        let client = dial(&shards, &echo).await;
        client.write_all(&[1; 10]).await.unwrap();
        client.finish().unwrap();
        assert_eq!(hear(&client).await, (vec![1; 10], Ok(())));
    });
}

#[test]
fn time_that_the_server_lets_pass_is_not_idle() {
    run_virtual(|shards| async move {
        for mode in ["delay:1s", "drip:1B/s"] {
            let builder = squall_echo::tcp().shards(shards.clone()).mode(mode.parse().unwrap());
            let echo = builder.idle_timeout(Duration::from_millis(30)).start().await.unwrap();
            let client = dial(&shards, &echo).await;
            client.write_all(b"x").await.unwrap();
            assert_eq!(hear(&client).await, (b"x".to_vec(), Ok(())), "{mode}");
        }
    })
    .unwrap();
}
