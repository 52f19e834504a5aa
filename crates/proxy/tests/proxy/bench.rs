//! What the tests stand on: a world, a proxy in front of an echo, clients.

use squall_balance::Algorithm;
use squall_echo::Echo;
use squall_proxy::{Balance, Member, Proxy, ProxyBuilder};
use squall_wire::{Env, Shards, Stream, run_virtual};
use std::future::Future;
use std::num::NonZeroUsize;
use std::time::Duration;

/// Long enough never to pass where things work.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Runs in virtual time.
pub(crate) fn virtually<F, Fut>(main: F)
where
    F: FnOnce(Shards) -> Fut + Send + 'static,
    Fut: Future<Output = ()> + Send + 'static,
{
    run_virtual(main).expect("the world does not get stuck");
}

/// Runs on two real shards, within [`PATIENCE`].
pub(crate) fn really<F, Fut>(main: F)
where
    F: FnOnce(Shards) -> Fut,
    Fut: Future<Output = ()> + Send + 'static,
{
    let shards = Shards::start(NonZeroUsize::new(2).expect("two")).expect("shards start");
    let env = shards.env(0).clone();
    let test = main(shards.clone());
    let task =
        shards.spawn(0, async move { env.timeout(PATIENCE, test).await.expect("the test ends in time") });
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    if let Err(error) = runtime.block_on(task) {
        std::panic::resume_unwind(error.into_panic());
    }
}

/// Runs the same in virtual time and on real sockets.
pub(crate) fn both_ways<F, Fut>(main: F)
where
    F: Fn(Shards) -> Fut + Clone + Send + 'static,
    Fut: Future<Output = ()> + Send + 'static,
{
    virtually(main.clone());
    really(main);
}

pub(crate) async fn echo(shards: &Shards) -> Echo {
    squall_echo::tcp().shards(shards.clone()).start().await.expect("the echo starts")
}

pub(crate) fn proxy(echo: &Echo, shards: &Shards) -> ProxyBuilder {
    Proxy::tcp(echo.addr()).shards(shards.clone())
}

pub(crate) async fn start(builder: ProxyBuilder) -> Proxy {
    builder.start().await.expect("the proxy starts")
}

pub(crate) async fn dial(env: &Env, proxy: &Proxy) -> Stream {
    env.dial(proxy.addr()).await.expect("the proxy accepts")
}

pub(crate) fn fault(text: &str) -> squall_faults::FaultSpec {
    text.parse().unwrap_or_else(|e| panic!("{e}"))
}

/// Reads until the end: what came, and whether it was a FIN.
pub(crate) async fn read_out(stream: &Stream) -> (Vec<u8>, std::io::Result<()>) {
    let (mut all, mut buf) = (Vec::new(), [0; 8192]);
    loop {
        match stream.read(&mut buf).await {
            Ok(0) => return (all, Ok(())),
            Ok(n) => all.extend_from_slice(&buf[..n]),
            Err(error) => return (all, Err(error)),
        }
    }
}

/// Reads exactly so many bytes.
pub(crate) async fn read_exact(stream: &Stream, n: usize) -> Vec<u8> {
    let mut all = vec![0; n];
    let mut at = 0;
    while at < n {
        match stream.read(&mut all[at..]).await.expect("bytes") {
            0 => panic!("ended after {at} of {n} bytes"),
            k => at += k,
        }
    }
    all
}

/// Sends and reads back.
pub(crate) async fn ping(stream: &Stream, bytes: &[u8]) {
    stream.write_all(bytes).await.expect("sent");
    assert_eq!(read_exact(stream, bytes.len()).await, bytes);
}

/// Connections to the first member and to the second of a pool that takes turns. One after the other: two that come at once may be
/// picked for in either order.
pub(crate) async fn dial_both(env: &Env, proxy: &Proxy) -> [Stream; 2] {
    let to_a = dial(env, proxy).await;
    ping(&to_a, b"a").await;
    let to_b = dial(env, proxy).await;
    ping(&to_b, b"b").await;
    [to_a, to_b]
}

/// Bytes that differ everywhere.
pub(crate) fn pattern(n: usize) -> Vec<u8> {
    (0..n as u64).map(|i| (i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as u8).collect()
}

/// Waits until what is certain to come has come.
pub(crate) async fn settles(holds: impl Fn() -> bool) {
    while !holds() {
        tokio::task::yield_now().await;
    }
}

/// As [`settles`], while the clock goes on.
pub(crate) async fn settles_in(env: &Env, holds: impl Fn() -> bool) {
    let mut lulls = env.lulls();
    while !holds() {
        lulls.next().await;
    }
}

/// Echo servers as members `a`, `b` and so on.
pub(crate) async fn members(shards: &Shards, n: usize) -> Vec<(Echo, Member)> {
    let mut members = Vec::new();
    for name in ["a", "b", "c", "d"].into_iter().take(n) {
        let echo = echo(shards).await;
        let member = Member::new(echo.addr()).name(name);
        members.push((echo, member));
    }
    members
}

/// A pool of members, chosen in turn.
pub(crate) fn pool<'a>(members: impl IntoIterator<Item = &'a (Echo, Member)>) -> Balance {
    let members = members.into_iter().map(|(_, member)| member.clone());
    members.fold(Balance::new(Algorithm::RoundRobin), Balance::member)
}

/// An address at which nobody listens.
pub(crate) fn nowhere(env: &Env) -> std::net::SocketAddr {
    env.listen("127.0.0.1:0".parse().expect("an address")).expect("listens").local_addr()
}

/// One connection there and back: whether it went well.
pub(crate) async fn round_trip(env: &Env, addr: std::net::SocketAddr) -> std::io::Result<()> {
    let client = env.dial(addr).await?;
    client.write_all(b"ping").await?;
    client.finish()?;
    match read_out(&client).await {
        (bytes, Ok(())) if bytes == b"ping" => Ok(()),
        (_, Ok(())) => Err(std::io::ErrorKind::UnexpectedEof.into()),
        (_, Err(error)) => Err(error),
    }
}
