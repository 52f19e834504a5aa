//! A virtual world: one shard, a clock that moves when everything waits, a network in memory.

use std::fmt;
use std::future::Future;
use std::io;
use std::panic::resume_unwind;
use std::pin::pin;
use std::sync::{Arc, Weak};
use std::task::Poll;
use std::thread;

use tokio::runtime::{Builder, Handle};

use crate::clock::Clock;
use crate::net::Net;
use crate::{Env, Shards};

/// The clock and the network of a virtual world.
pub struct World {
    pub(crate) clock: Clock,
    pub(crate) net: Arc<Net>,
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World").field("now", &self.clock.now()).finish_non_exhaustive()
    }
}

/// Runs `main` in a virtual world of its own and returns what it yields. Tasks still running then are dropped.
///
/// The world lives on a thread of its own, so this may be called from anywhere; it blocks its caller, and a
/// panic in `main` comes out of it. Time begins at 0 and moves only while all tasks wait: a run takes as long
/// as its computing does, and two runs of the same program are the same to the nanosecond. Tokio's timers work
/// too and fire in order among [`Env`]'s, in whole milliseconds. Real sockets do not: the runtime has no
/// reactor, so that nothing from outside can arrive.
///
/// # Errors
/// When no thread can be started; or, of kind [`TimedOut`](io::ErrorKind::TimedOut), when the world is stuck:
/// every task waits and no timer is due within a virtual year.
pub fn run_virtual<F, Fut>(main: F) -> io::Result<Fut::Output>
where
    F: FnOnce(Shards) -> Fut + Send + 'static,
    Fut: Future + Send + 'static,
    Fut::Output: Send + 'static,
{
    let thread = thread::Builder::new().name("squall-virtual".into()).spawn(move || inhabit(main))?;
    thread.join().unwrap_or_else(|panic| resume_unwind(panic))
}

fn inhabit<F, Fut>(main: F) -> io::Result<Fut::Output>
where
    F: FnOnce(Shards) -> Fut,
    Fut: Future,
{
    let world = Arc::new(World { clock: Clock::new(), net: Arc::new(Net::default()) });
    // Weak, because the clock holds a timer and with it the runtime, which holds these hooks.
    let hook = |look: fn(&Clock)| {
        let world: Weak<World> = Arc::downgrade(&world);
        move || world.upgrade().iter().for_each(|world| look(&world.clock))
    };
    let runtime = Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .on_thread_park(hook(Clock::parking))
        .on_thread_unpark(hook(Clock::unparked))
        .build()?;
    runtime.block_on(async {
        world.clock.start();
        let shards = Shards::single(Env::Virtual(world.clone()), Handle::current());
        let mut main = pin!(main(shards));
        std::future::poll_fn(|cx| {
            if let Poll::Ready(output) = main.as_mut().poll(cx) {
                return Poll::Ready(Ok(output));
            }
            world.clock.poll_stuck(cx).map(|()| Err(stuck()))
        })
        .await
    })
}

fn stuck() -> io::Error {
    let what = "virtual world is stuck: everything waits and no timer is due";
    io::Error::new(io::ErrorKind::TimedOut, what)
}
