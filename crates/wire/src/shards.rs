//! Shards: operating system threads, each with a runtime of its own, where a task stays where it was put.

use std::future::Future;
use std::io;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, mpsc};
use std::{fmt, thread};

use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::Env;
use crate::lock::lock;
use crate::platform::tighten_timer_slack;
use crate::timer::{self, Timer};

/// A set of shards; clones share it.
///
/// The threads end when the last clone is dropped, and every task on them is dropped then, at its next await.
/// So a task that owns a clone keeps its own shard alive until it ends or is aborted.
#[derive(Clone)]
pub struct Shards(Arc<[Shard]>);

struct Shard {
    env: Env,
    handle: Handle,
    /// Dropped with the shard, which tells the thread to end.
    _running: Option<oneshot::Sender<()>>,
}

/// What an [`Env`] needs of its real shard: the runtime and the timer. Cheap to clone.
#[derive(Clone)]
pub struct RealShard {
    handle: Handle,
    timer: Arc<Timer>,
}

impl RealShard {
    pub(crate) fn handle(&self) -> &Handle {
        &self.handle
    }

    pub(crate) fn timer(&self) -> &Timer {
        &self.timer
    }
}

impl Shards {
    /// Starts `count` threads named `squall-shard-N`.
    ///
    /// # Errors
    /// When the system has no threads or descriptors left; shards already started end again.
    pub fn start(count: NonZeroUsize) -> io::Result<Self> {
        let shards = (0..count.get()).map(start_thread).collect::<io::Result<Vec<_>>>()?;
        Ok(Self(shards.into()))
    }

    /// The one shard that serves whoever did not start any: begun on first use, alive until the process ends.
    /// A caller that blocks its own thread does not stop it.
    ///
    /// # Errors
    /// As [`start`](Self::start); the next call tries again.
    pub fn background() -> io::Result<Self> {
        static BACKGROUND: Mutex<Option<Shards>> = Mutex::new(None);
        let mut background = lock(&BACKGROUND);
        match &*background {
            Some(shards) => Ok(shards.clone()),
            None => Ok(background.insert(Self::start(NonZeroUsize::MIN)?).clone()),
        }
    }

    /// The one shard of a virtual world, which is the runtime behind `handle`.
    pub(crate) fn single(env: Env, handle: Handle) -> Self {
        Self(Arc::new([Shard { env, handle, _running: None }]))
    }

    /// How many shards there are, at least one.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// The environment of a shard. Any number will do: it is taken modulo [`count`](Self::count).
    pub fn env(&self, shard: usize) -> &Env {
        &self.shard(shard).env
    }

    /// Runs `task` on a shard (modulo [`count`](Self::count)). Dropping the handle leaves the task running.
    pub fn spawn<F>(&self, shard: usize, task: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.shard(shard).handle.spawn(task)
    }

    fn shard(&self, shard: usize) -> &Shard {
        &self.0[shard % self.0.len()]
    }
}

impl fmt::Debug for Shards {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shards").field("count", &self.count()).field("env", self.env(0)).finish()
    }
}

impl fmt::Debug for RealShard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RealShard").finish_non_exhaustive()
    }
}

fn start_thread(number: usize) -> io::Result<Shard> {
    let (started, result) = mpsc::sync_channel(1);
    let (running, stopped) = oneshot::channel();
    thread::Builder::new().name(format!("squall-shard-{number}")).spawn(move || run(&started, stopped))?;
    let real = result.recv().map_err(|_| io::Error::other("shard thread ended while starting"))??;
    let handle = real.handle.clone();
    Ok(Shard { env: Env::Real(real), handle, _running: Some(running) })
}

/// After so many turns of its tasks a shard looks for what other threads want of it: with tokio's 31, closing a port would
/// wait for 31 turns of connections that move megabytes each.
const OUTSIDE: u32 = 4;

/// The whole life of a shard's thread.
fn run(started: &mpsc::SyncSender<io::Result<RealShard>>, stopped: oneshot::Receiver<()>) {
    tighten_timer_slack();
    let mut builder = Builder::new_current_thread();
    let runtime = match builder.enable_all().global_queue_interval(OUTSIDE).build() {
        Ok(runtime) => runtime,
        Err(error) => return drop(started.send(Err(error))),
    };
    runtime.block_on(async {
        let shard = Timer::new().map(|timer| RealShard { handle: Handle::current(), timer: Arc::new(timer) });
        if let Ok(shard) = &shard {
            tokio::spawn(timer::drive(shard.timer.clone()));
        }
        if started.send(shard).is_ok() {
            // Ends with an error when the sender is dropped, which is the signal.
            let _ = stopped.await;
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::poll_fn;
    use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
    use std::task::Poll;
    use std::time::Duration;

    #[test]
    fn busy_tasks_keep_nobody_outside_waiting_for_long() {
        let shards = Shards::start(NonZeroUsize::MIN).expect("a thread");
        let turns = Arc::new(AtomicU32::new(0));
        let counted = turns.clone();
        let busy = shards.spawn(
            0,
            poll_fn(move |cx| {
                counted.fetch_add(1, Relaxed);
                // Work, not waiting: the thread is kept.
                thread::sleep(Duration::from_millis(1));
                cx.waker().wake_by_ref();
                Poll::<()>::Pending
            }),
        );
        for _ in 0..16 {
            let (turns, (say, hear)) = (turns.clone(), mpsc::channel());
            let before = turns.clone();
            let task = shards.spawn(0, async move { say.send(turns.load(Relaxed)) });
            // A late look only makes the difference smaller.
            let before = before.load(Relaxed);
            let after = hear.recv().expect("its turn");
            assert!(after.saturating_sub(before) <= OUTSIDE, "after {} turns", after.saturating_sub(before));
            drop(task);
        }
        busy.abort();
    }
}
