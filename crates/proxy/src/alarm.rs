//! Wakes a pump when its connection's next event is due.

use squall_faults::Tick;
use squall_wire::{Env, Sleep};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

pub(crate) struct Alarm {
    env: Env,
    /// Made when first needed: a connection without faults never sleeps.
    sleep: Option<Sleep>,
}

impl Alarm {
    pub(crate) fn new(env: &Env) -> Alarm {
        Alarm { env: env.clone(), sleep: None }
    }

    /// Ready once `due` has come; pending for ever where nothing is due.
    pub(crate) fn poll(&mut self, due: Option<Tick>, cx: &mut Context<'_>) -> Poll<()> {
        let Some(due) = due else {
            self.sleep = None;
            return Poll::Pending;
        };
        let sleep = self.sleep.get_or_insert_with(|| self.env.sleep_until(due.as_nanos()));
        sleep.reset(due.as_nanos());
        Pin::new(sleep).poll(cx)
    }
}
