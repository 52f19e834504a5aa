//! The idle timeout: one lazy timer that asks, when it fires, how long ago bytes last moved.

use squall_wire::{Env, Sleep};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

pub(super) struct Idle {
    limit: u64,
    last: u64,
    sleep: Sleep,
}

impl Idle {
    pub(super) fn new(env: &Env, limit: Duration) -> Idle {
        let (now, limit) = (env.now(), u64::try_from(limit.as_nanos()).unwrap_or(u64::MAX));
        Idle { limit, last: now, sleep: env.sleep_until(now.saturating_add(limit)) }
    }

    /// Bytes moved at `now`. The timer is not touched: that would cost something on every read.
    pub(super) fn touch(&mut self, now: u64) {
        self.last = now;
    }

    /// Ready once nothing has moved for the limit.
    pub(super) fn poll(&mut self, env: &Env, cx: &mut Context<'_>) -> Poll<()> {
        while Pin::new(&mut self.sleep).poll(cx).is_ready() {
            let due = self.last.saturating_add(self.limit);
            if env.now() >= due {
                return Poll::Ready(());
            }
            self.sleep.reset(due);
        }
        Poll::Pending
    }
}
