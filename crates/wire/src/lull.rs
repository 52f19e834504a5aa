//! Waiting for a lull: the moment to look at a world that is not about to change by itself.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use crate::{Env, Sleep};

/// How often there is a lull in real time.
const REAL: Duration = Duration::from_millis(1);

/// Waits for the next lull, over and over; see [`Env::lulls`].
#[derive(Debug)]
pub struct Lulls {
    env: Env,
    seen: Option<u64>,
}

impl Lulls {
    pub(crate) fn new(env: Env) -> Self {
        Self { env, seen: None }
    }

    /// Ready at the next lull. Dropping the future loses nothing.
    pub async fn next(&mut self) {
        match &self.env {
            Env::Real(_) => Sleep::new(self.env.clone(), self.env.now() + REAL.as_nanos() as u64).await,
            Env::Virtual(_) => {
                Waiting { env: &self.env, seen: self.seen, number: None }.await;
                self.seen = Some(self.env.now());
            }
        }
    }
}

struct Waiting<'a> {
    env: &'a Env,
    seen: Option<u64>,
    number: Option<u64>,
}

impl Future for Waiting<'_> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        let Env::Virtual(world) = this.env else { return Poll::Ready(()) };
        if this.number.is_some_and(|number| !world.clock.awaits_lull(number)) {
            this.number = None;
            return Poll::Ready(());
        }
        this.number = Some(world.clock.await_lull(this.seen, this.number, cx.waker()));
        Poll::Pending
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if let (Env::Virtual(world), Some(number)) = (self.env, self.number) {
            world.clock.forget_lull(number);
        }
    }
}
