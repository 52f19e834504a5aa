//! The idle timeout of a connection: one lazy timer that asks, when it rings, how long ago anything last happened.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use crate::nanos::nanos;
use crate::{Env, Sleep};

/// Rings once nothing was touched for its limit. The timer is set again only when it rings, so that touching costs a store.
pub struct Idle {
    env: Env,
    limit: u64,
    since: u64,
    /// Nanoseconds between looks; a look at the very moment where there are none.
    every: Option<u64>,
    sleep: Sleep,
}

impl Idle {
    /// Begins now.
    pub fn new(env: &Env, limit: Duration) -> Self {
        Self { env: env.clone(), limit: nanos(limit), since: env.now(), every: None, sleep: env.sleep(limit) }
    }

    /// Begins now, and looks once in a `period`: it rings at the first look at which nothing was touched for the limit.
    pub fn checked(env: &Env, limit: Duration, period: Duration) -> Self {
        let every = Some(nanos(period).max(1));
        Self { every, sleep: env.sleep(period), ..Self::new(env, limit) }
    }

    /// Something happened, at `now` nanoseconds of the environment's clock.
    pub fn touch(&mut self, now: u64) {
        self.since = now;
    }

    /// Ready once nothing was touched for the limit.
    pub fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            ready!(Pin::new(&mut self.sleep).poll(cx));
            let (now, end) = (self.env.now(), self.since.saturating_add(self.limit));
            if now >= end {
                return Poll::Ready(());
            }
            self.sleep.reset(self.every.map_or(end, |every| now.saturating_add(every)));
        }
    }
}

impl fmt::Debug for Idle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Idle").field("limit", &self.limit).finish_non_exhaustive()
    }
}
