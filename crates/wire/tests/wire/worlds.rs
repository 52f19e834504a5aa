//! Running one test in both worlds, and making connected pairs in them.

use std::future::Future;
use std::net::SocketAddr;
use std::num::NonZeroUsize;

use squall_wire::{Env, Shards, Stream, run_virtual};

/// Runs `test` on one real shard and again in a virtual world.
pub(crate) fn in_both_worlds<F, Fut>(test: F)
where
    F: Fn(Shards) -> Fut + Clone + Send + 'static,
    Fut: Future<Output = ()> + Send + 'static,
{
    on_a_real_shard(test.clone());
    run_virtual(test).unwrap();
}

/// Runs `test` on one real shard.
pub(crate) fn on_a_real_shard<F, Fut>(test: F) -> Fut::Output
where
    F: FnOnce(Shards) -> Fut,
    Fut: Future + Send + 'static,
    Fut::Output: Send + 'static,
{
    let shards = Shards::start(NonZeroUsize::MIN).unwrap();
    let test = test(shards.clone());
    tokio_test::block_on(shards.spawn(0, test)).unwrap()
}

/// Both ends of a new connection: first the one that dialed.
pub(crate) async fn pair(env: &Env) -> (Stream, Stream) {
    let listener = env.listen("127.0.0.1:0".parse().unwrap()).unwrap();
    let client = env.dial(listener.local_addr()).await.unwrap();
    let (incoming, peer) = listener.accept().await;
    let server = incoming.attach().unwrap();
    assert_eq!(peer, client.local_addr().unwrap());
    assert_eq!(peer, server.peer_addr().unwrap());
    assert_eq!(client.peer_addr().unwrap(), server.local_addr().unwrap());
    (client, server)
}

/// Reads exactly `length` bytes, or panics.
pub(crate) async fn read_exactly(stream: &Stream, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    let mut filled = 0;
    while filled < length {
        let read = stream.read(&mut bytes[filled..]).await.unwrap();
        assert_ne!(read, 0, "end after {filled} of {length} bytes");
        filled += read;
    }
    bytes
}

/// Any port of a loopback address that no other test uses, for tests that give a port back and expect nobody
/// to take it. (Only Linux has more than one such address.)
pub(crate) fn own_address(number: u8) -> SocketAddr {
    let host = if cfg!(target_os = "linux") { [127, 8, 0, number] } else { [127, 0, 0, 1] };
    (host, 0).into()
}
