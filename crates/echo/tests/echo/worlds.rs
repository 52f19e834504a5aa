//! Running one test in both worlds.

use std::future::Future;
use std::net::SocketAddr;
use std::num::NonZeroUsize;

use squall_wire::{Shards, run_virtual};

/// Runs `test` on two real shards and again in a virtual world.
pub(crate) fn in_both_worlds<F, Fut>(test: F)
where
    F: Fn(Shards) -> Fut + Clone + Send + 'static,
    Fut: Future<Output = ()> + Send + 'static,
{
    let shards = Shards::start(NonZeroUsize::new(2).unwrap()).unwrap();
    tokio_test::block_on(shards.spawn(0, test(shards.clone()))).unwrap();
    run_virtual(test).unwrap();
}

/// Any port of a loopback address that no other test uses, for tests that give a port back and expect nobody
/// to take it. (Only Linux has more than one such address.)
pub(crate) fn own_address(number: u8) -> SocketAddr {
    let host = if cfg!(target_os = "linux") { [127, 8, 1, number] } else { [127, 0, 0, 1] };
    (host, 0).into()
}
