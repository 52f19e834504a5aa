//! The handle of a running echo server.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use squall_wire::{Address, Env};
use tokio::task::JoinHandle;

use crate::Counts;
use crate::connections::Connections;
use crate::counts;

/// A running echo server. Dropping it closes the port and all connections, as soon as their shards get to it;
/// [`stop`](Self::stop) waits for that.
#[must_use = "dropping the handle stops the server"]
pub struct Echo {
    bound: Bound,
    env: Env,
    /// Accepts connections, or echoes datagrams; nothing once the port is closed.
    task: Option<JoinHandle<()>>,
    connections: Arc<Connections>,
    /// Whether connections never end by themselves.
    endless: bool,
}

/// The totals of a server, read whenever they are asked for.
#[derive(Clone)]
pub struct Totals(Arc<Connections>);

impl Totals {
    /// As [`Echo::counts`].
    pub fn counts(&self) -> Counts {
        counts::sum(&self.0.meters)
    }

    /// As [`Echo::answers`].
    pub fn answers(&self) -> BTreeMap<u16, u64> {
        counts::answers(&self.0.meters)
    }
}

impl fmt::Debug for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Totals").field(&self.counts()).finish()
    }
}

/// Where a server listens.
pub(crate) struct Bound {
    pub(crate) addr: SocketAddr,
    pub(crate) address: Address,
}

impl Echo {
    pub(crate) fn new(
        bound: Bound,
        env: Env,
        task: JoinHandle<()>,
        connections: Arc<Connections>,
        endless: bool,
    ) -> Self {
        Self { bound, env, task: Some(task), connections, endless }
    }

    /// The address it listens on, with its real port; `0.0.0.0:0` on a unix socket, which has none.
    pub fn addr(&self) -> SocketAddr {
        self.bound.addr
    }

    /// The address it listens on, of whatever kind.
    pub fn address(&self) -> &Address {
        &self.bound.address
    }

    /// The totals so far.
    pub fn counts(&self) -> Counts {
        counts::sum(&self.connections.meters)
    }

    /// How many answers each status had over HTTP, refusals of what was no request included. One counts when it begins to be
    /// written.
    pub fn answers(&self) -> BTreeMap<u16, u64> {
        counts::answers(&self.connections.meters)
    }

    /// A cheap handle that reads the totals, also after the server has stopped.
    pub fn totals(&self) -> Totals {
        Totals(self.connections.clone())
    }

    /// Closes the port and leaves open connections alone; returns once the port is free. No-op where it is closed already.
    pub async fn close_port(&mut self) {
        if let Some(mut task) = self.task.take() {
            task.abort();
            // Ends as cancelled; what matters is that the port is closed then.
            let _ = (&mut task).await;
        }
    }

    /// Closes the port, lets connections end by themselves for `grace`, then closes those that are left.
    /// Returns the final totals, when everything is closed. Dropping the future stops at once. Connections that the mode never
    /// ends are not waited for.
    pub async fn stop(mut self, grace: Duration) -> Counts {
        self.close_port().await;
        let grace = if self.endless { Duration::ZERO } else { grace };
        let _in_time = self.env.timeout(grace, self.connections.ended()).await;
        self.connections.cut();
        self.connections.ended().await;
        self.counts()
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        self.task.iter().for_each(JoinHandle::abort);
        self.connections.cut();
    }
}

impl fmt::Debug for Echo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Echo").field("address", &self.bound.address).field("counts", &self.counts()).finish()
    }
}
