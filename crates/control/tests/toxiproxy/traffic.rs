//! What each toxic does to bytes, over sockets.

use crate::api::Api;
use std::io::ErrorKind;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

/// A proxy `web`, and both ends of connections through it.
struct Bench {
    api: Api,
    listener: TcpListener,
    addr: std::net::SocketAddr,
}

impl Bench {
    async fn start() -> Bench {
        let api = Api::start().await;
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let addr = api.web(listener.local_addr().expect("bound")).await;
        Bench { api, listener, addr }
    }

    /// A connection: the client's end and the server's.
    async fn connect(&self) -> (TcpStream, TcpStream) {
        let client = TcpStream::connect(self.addr).await.expect("accepted");
        let (server, _) = self.listener.accept().await.expect("relayed");
        (client, server)
    }

    async fn toxic(&self, kind: &str, attributes: &str) {
        self.api.toxic(&format!(r#"{{"name":"t","type":"{kind}","attributes":{attributes}}}"#)).await;
    }

    async fn update(&self, body: &str) {
        self.api.done("PATCH", "/proxies/web/toxics/t", body).await;
    }

    async fn remove(&self) {
        self.api.done("DELETE", "/proxies/web/toxics/t", "").await;
    }
}

/// A time that is far longer than any test: what it delays does not come by itself.
const NEVER: &str = "3600000";
/// Long enough for what comes at once to have come.
const SOON: Duration = Duration::from_millis(50);

async fn all(stream: &mut TcpStream) -> Vec<u8> {
    let mut got = Vec::new();
    stream.read_to_end(&mut got).await.expect("a FIN");
    got
}

async fn some(stream: &mut TcpStream, n: usize) -> Vec<u8> {
    let mut got = vec![0; n];
    stream.read_exact(&mut got).await.expect("bytes");
    got
}

async fn is_silent(stream: &mut TcpStream) -> bool {
    timeout(SOON, stream.read(&mut [0])).await.is_err()
}

fn pattern(n: usize) -> Vec<u8> {
    (0..n as u64).map(|i| (i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as u8).collect()
}

#[tokio::test]
async fn latencies_add_and_count_from_arrival() {
    let bench = Bench::start().await;
    let (mut client, mut server) = bench.connect().await;
    bench.toxic("latency", r#"{"latency":60}"#).await;
    bench.api.toxic(r#"{"type":"latency","attributes":{"latency":40}}"#).await;
    let began = Instant::now();
    for _ in 0..4 {
        server.write_all(b"x").await.expect("sent");
    }
    some(&mut client, 4).await;
    assert!(began.elapsed() >= Duration::from_millis(100), "{:?}", began.elapsed());
}

#[tokio::test]
async fn latency_delays_neither_the_connection_nor_its_end_and_lets_go_when_removed() {
    let bench = Bench::start().await;
    bench.toxic("latency", &format!(r#"{{"latency":{NEVER}}}"#)).await;
    let (mut client, mut server) = bench.connect().await;
    server.shutdown().await.expect("FIN");
    assert_eq!(all(&mut client).await, b"");
    let (mut client, mut server) = bench.connect().await;
    server.write_all(b"late").await.expect("sent");
    assert!(is_silent(&mut client).await);
    bench.remove().await;
    assert_eq!(some(&mut client, 4).await, b"late");
}

#[tokio::test]
async fn bandwidth_is_exact_and_a_rate_of_zero_blocks_all_data() {
    let bench = Bench::start().await;
    bench.toxic("bandwidth", r#"{"rate":1000}"#).await;
    let (mut client, mut server) = bench.connect().await;
    let began = Instant::now();
    let sent = pattern(240_000);
    let (wrote, got) = tokio::join!(server.write_all(&sent), some(&mut client, 240_000));
    wrote.expect("sent");
    assert_eq!(got, sent);
    assert!(began.elapsed() >= Duration::from_millis(235), "{:?}", began.elapsed());
    bench.update(r#"{"attributes":{"rate":0}}"#).await;
    server.write_all(b"held").await.expect("sent");
    assert!(is_silent(&mut client).await);
    bench.update(r#"{"attributes":{"rate":1000}}"#).await;
    assert_eq!(some(&mut client, 4).await, b"held");
}

#[tokio::test]
async fn at_a_rate_of_zero_an_idle_connection_can_end() {
    let bench = Bench::start().await;
    bench.toxic("bandwidth", r#"{"rate":0}"#).await;
    let (mut client, mut server) = bench.connect().await;
    server.shutdown().await.expect("FIN");
    assert_eq!(all(&mut client).await, b"");
}

#[tokio::test]
async fn slow_close_delays_the_end_alone() {
    let bench = Bench::start().await;
    bench.toxic("slow_close", r#"{"delay":80}"#).await;
    let (mut client, mut server) = bench.connect().await;
    let began = Instant::now();
    server.write_all(b"all").await.expect("sent");
    server.shutdown().await.expect("FIN");
    assert_eq!(all(&mut client).await, b"all");
    assert!(began.elapsed() >= Duration::from_millis(80), "{:?}", began.elapsed());
}

#[tokio::test]
async fn timeout_swallows_and_closes() {
    let bench = Bench::start().await;
    bench.toxic("timeout", r#"{"timeout":60}"#).await;
    let began = Instant::now();
    let (mut client, mut server) = bench.connect().await;
    server.write_all(b"lost").await.expect("sent");
    assert_eq!(all(&mut client).await, b"");
    assert!(began.elapsed() >= Duration::from_millis(60), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_timeout_of_zero_closes_when_it_is_removed() {
    let bench = Bench::start().await;
    bench.toxic("timeout", r#"{"timeout":0}"#).await;
    let (mut client, mut server) = bench.connect().await;
    server.write_all(b"lost").await.expect("sent");
    assert!(is_silent(&mut client).await);
    bench.remove().await;
    assert_eq!(all(&mut client).await, b"");
    // Also a connection on which nothing has come, for its clients rely on that.
    bench.toxic("timeout", r#"{"timeout":0}"#).await;
    let (mut client, _server) = bench.connect().await;
    assert!(is_silent(&mut client).await);
    bench.remove().await;
    assert_eq!(all(&mut client).await, b"");
    // The end of a stream has nothing to be swallowed.
    bench.toxic("timeout", r#"{"timeout":0}"#).await;
    let (mut client, mut server) = bench.connect().await;
    server.shutdown().await.expect("FIN");
    assert_eq!(all(&mut client).await, b"");
}

#[tokio::test]
async fn reset_peer_waits_and_resets_both_sides_of_open_connections_too() {
    let bench = Bench::start().await;
    let (mut client, mut server) = bench.connect().await;
    server.write_all(b"before").await.expect("sent");
    assert_eq!(some(&mut client, 6).await, b"before");
    bench.toxic("reset_peer", r#"{"timeout":60}"#).await;
    assert!(is_silent(&mut client).await);
    let began = Instant::now();
    server.write_all(b"x").await.expect("sent");
    for stream in [&mut client, &mut server] {
        let error = stream.read(&mut [0]).await.expect_err("a RST");
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    }
    assert!(began.elapsed() >= Duration::from_millis(60), "{:?}", began.elapsed());
    // An end without data sets it off as well.
    let (mut client, mut server) = bench.connect().await;
    server.shutdown().await.expect("FIN");
    assert_eq!(client.read(&mut [0]).await.expect_err("a RST").kind(), ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn a_toxicity_of_zero_leaves_the_end_as_it_was() {
    let bench = Bench::start().await;
    bench.api.toxic(r#"{"type":"reset_peer","toxicity":0}"#).await;
    let (mut client, mut server) = bench.connect().await;
    server.write_all(b"all").await.expect("sent");
    server.shutdown().await.expect("FIN");
    assert_eq!(all(&mut client).await, b"all");
}

#[tokio::test]
async fn slicer_pieces_make_up_the_stream() {
    let bench = Bench::start().await;
    bench.toxic("slicer", r#"{"average_size":1024,"size_variation":512,"delay":100}"#).await;
    let (mut client, mut server) = bench.connect().await;
    let (sent, began) = (pattern(100_000), Instant::now());
    let (wrote, got) = tokio::join!(server.write_all(&sent), some(&mut client, 100_000));
    wrote.expect("sent");
    assert_eq!(got, sent);
    // At least 65 pieces of at most 1536 bytes, 100 µs from one to the next.
    assert!(began.elapsed() >= Duration::from_micros(6_400), "{:?}", began.elapsed());
}

#[tokio::test]
async fn limit_data_passes_exactly_so_many_bytes_from_when_it_joined() {
    let bench = Bench::start().await;
    let (mut client, mut server) = bench.connect().await;
    server.write_all(b"before").await.expect("sent");
    assert_eq!(some(&mut client, 6).await, b"before");
    bench.toxic("limit_data", r#"{"bytes":5}"#).await;
    server.write_all(b"12").await.expect("sent");
    assert_eq!(some(&mut client, 2).await, b"12");
    bench.update(r#"{"attributes":{"bytes":4}}"#).await;
    server.write_all(b"345678").await.expect("sent");
    assert_eq!(all(&mut client).await, b"34");
    bench.update(r#"{"attributes":{"bytes":0}}"#).await;
    let (mut client, mut server) = bench.connect().await;
    assert!(is_silent(&mut client).await);
    server.write_all(b"x").await.expect("sent");
    assert_eq!(all(&mut client).await, b"");
}

#[tokio::test]
async fn lost_packets_come_late_and_none_is_missing() {
    let bench = Bench::start().await;
    bench.toxic("packet_loss", r#"{"loss_rate":0.05,"correlation":0.25}"#).await;
    let (mut client, mut server) = bench.connect().await;
    let sent = pattern(60_000);
    let (wrote, got) = tokio::join!(server.write_all(&sent), some(&mut client, 60_000));
    wrote.expect("sent");
    assert_eq!(got, sent);
}

#[tokio::test]
async fn the_end_of_one_direction_leaves_the_other_open() {
    let bench = Bench::start().await;
    bench.toxic("noop", "{}").await;
    let (mut client, mut server) = bench.connect().await;
    client.write_all(b"request").await.expect("sent");
    client.shutdown().await.expect("FIN");
    assert_eq!(all(&mut server).await, b"request");
    server.write_all(b"answer").await.expect("sent");
    drop(server);
    assert_eq!(all(&mut client).await, b"answer");
}

#[tokio::test]
async fn streams_are_told_apart() {
    let bench = Bench::start().await;
    bench.api.toxic(r#"{"type":"limit_data","stream":"upstream","attributes":{"bytes":2}}"#).await;
    let (mut client, mut server) = bench.connect().await;
    server.write_all(b"down").await.expect("sent");
    assert_eq!(some(&mut client, 4).await, b"down");
    client.write_all(b"up!").await.expect("sent");
    assert_eq!(all(&mut server).await, b"up");
}

/// On which of some connections a toxic of this toxicity acted.
async fn acted(toxicity: &str) -> Vec<bool> {
    let bench = Bench::start().await;
    let body = format!(r#"{{"name":"t","type":"limit_data","toxicity":{toxicity}}}"#);
    bench.api.toxic(&body).await;
    let mut acted = Vec::new();
    for _ in 0..24 {
        let (mut client, mut server) = bench.connect().await;
        server.write_all(b"x").await.expect("sent");
        acted.push(client.read(&mut [0]).await.expect("a byte or a FIN") == 0);
    }
    acted
}

#[tokio::test]
async fn toxicity_chooses_the_same_connections_for_the_same_seed() {
    let once = acted("0.5").await;
    assert_eq!(acted("0.5").await, once);
    let chosen = once.iter().filter(|acted| **acted).count();
    assert!((4..=20).contains(&chosen), "{once:?}");
    assert!(acted("2.5").await.into_iter().all(|acted| acted));
    assert!(!acted("-1").await.into_iter().any(|acted| acted));
}
