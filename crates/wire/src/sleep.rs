//! A precise sleep on whichever clock the environment has.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::Env;

/// Waits until a point of an [`Env`]'s time. Never ready early.
///
/// On a real shard under Linux it is late by some tens of microseconds, elsewhere by about a millisecond; in
/// virtual time it is exact. Dropping it takes its entry out of the timer.
#[must_use = "a sleep does nothing unless awaited"]
pub struct Sleep {
    env: Env,
    at: u64,
    /// Names our entry in the timer, together with `at`.
    seq: Option<u64>,
}

impl Sleep {
    pub(crate) fn new(env: Env, at: u64) -> Self {
        Self { env, at, seq: None }
    }

    /// The time slept for, in nanoseconds of the environment's clock.
    pub fn deadline(&self) -> u64 {
        self.at
    }

    /// Sleeps until `at` instead (nanoseconds), also after it was ready. Must be polled again to take effect.
    pub fn reset(&mut self, at: u64) {
        if at != self.at {
            self.leave();
            self.at = at;
        }
    }

    fn leave(&mut self) {
        if let Some(seq) = self.seq.take() {
            self.env.remove_timer(self.at, seq);
        }
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        if this.env.now() >= this.at {
            this.leave();
            return Poll::Ready(());
        }
        this.seq = Some(this.env.set_timer(this.at, this.seq, cx.waker()));
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        self.leave();
    }
}

impl fmt::Debug for Sleep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sleep").field("deadline", &self.at).finish_non_exhaustive()
    }
}
