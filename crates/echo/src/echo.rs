//! The handle of a running echo server.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use squall_wire::{Address, Datagrams, Listener, Shards};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::connections::Connections;
use crate::counts;
use crate::{Counts, EchoBuilder, EchoError};

/// A running echo server. Dropping it closes the port and all connections, as soon as their shards get to it;
/// [`stop`](Self::stop) waits for that.
#[must_use = "dropping the handle stops the server"]
pub struct Echo {
    bound: Bound,
    shards: Shards,
    /// Nothing once the port is closed, or somebody else's.
    serving: Option<Serving>,
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

/// What accepts connections, or echoes datagrams.
pub(crate) struct Serving {
    pub(crate) port: Port,
    pub(crate) task: JoinHandle<()>,
    /// Has the task end when it has done what is left to do, where there may be anything.
    pub(crate) closing: Option<oneshot::Sender<()>>,
}

/// The socket of a server, which stays bound for as long as anybody has it.
pub(crate) enum Port {
    Stream(Arc<Listener>),
    Datagram(Arc<Datagrams>),
}

impl Serving {
    /// Ends the task, and closes the port.
    async fn close(mut self) {
        let told = self.closing.take().is_some_and(|closing| closing.send(()).is_ok());
        if !told {
            self.task.abort();
        }
        // How it ends does not matter; it has let go of the socket then.
        let _ = self.task.await;
    }

    /// Ends the task at once, and leaves the socket to whoever is to have it.
    async fn end(mut self) -> Port {
        self.task.abort();
        // Ends as cancelled; what matters is that it has let go of the socket then.
        let _ = (&mut self.task).await;
        self.port
    }
}

impl Echo {
    pub(crate) fn new(
        bound: Bound,
        shards: Shards,
        serving: Serving,
        connections: Arc<Connections>,
        endless: bool,
    ) -> Self {
        Self { bound, shards, serving: Some(serving), connections, endless }
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

    /// Closes the port and leaves open connections alone, those of clients included that have connected by now; returns once the
    /// port is free. No-op where it is closed already.
    pub async fn close_port(&mut self) {
        if let Some(serving) = self.serving.take() {
            serving.close().await;
        }
    }

    /// Gives the port to another server, which runs on the shards of this one and listens where this one did, whatever `next`
    /// says. The port is never closed: whoever has connected and was not accepted yet is the other's client. This one is then as
    /// after [`close_port`](Self::close_port): connections that it has accepted go on, answers to datagrams that are yet to be
    /// sent are lost. Dropping the future may leave the port to nobody.
    ///
    /// # Errors
    /// Where the settings of `next` do not go together, where only one of the two is for datagrams, and where the port is closed
    /// already. Nothing has changed then.
    pub async fn hand_over(&mut self, next: EchoBuilder) -> Result<Echo, EchoError> {
        next.check()?;
        let refused = |reason: &str| EchoError::Listen {
            addr: self.bound.address.clone(),
            source: io::Error::new(io::ErrorKind::InvalidInput, reason),
        };
        let of_datagrams = |serving: &Serving| matches!(serving.port, Port::Datagram(_));
        match self.serving.take() {
            None => Err(refused("the port that was to be handed over is closed")),
            Some(serving) if of_datagrams(&serving) != next.is_for_datagrams() => {
                self.serving = Some(serving);
                Err(refused("a port of connections is none for datagrams, nor the other way"))
            }
            Some(serving) => Ok(next.start_on(serving.end().await, self.shards.clone())),
        }
    }

    /// Closes the port, lets connections end by themselves for `grace`, then closes those that are left.
    /// Returns the final totals, when everything is closed. Dropping the future stops at once. Connections that the mode never
    /// ends are not waited for.
    pub async fn stop(mut self, grace: Duration) -> Counts {
        self.close_port().await;
        let grace = if self.endless { Duration::ZERO } else { grace };
        let _in_time = self.shards.env(0).timeout(grace, self.connections.ended()).await;
        self.connections.cut();
        self.connections.ended().await;
        self.counts()
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        self.serving.iter().for_each(|serving| serving.task.abort());
        self.connections.cut();
    }
}

impl fmt::Debug for Echo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Echo").field("address", &self.bound.address).field("counts", &self.counts()).finish()
    }
}
