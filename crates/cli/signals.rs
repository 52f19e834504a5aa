//! SIGINT and SIGTERM: the first asks a server to stop, the second ends the process.

use crate::Failure;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Listens for both signals from the moment it is made.
pub(crate) struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    /// Must be made inside a tokio runtime.
    pub(crate) fn listen() -> Result<Signals, Failure> {
        let listen =
            |kind| signal(kind).map_err(|error| Failure::environment(format!("listen for signals: {error}")));
        Ok(Signals {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
        })
    }

    /// Waits for either; the exit code of a process that it ends.
    pub(crate) async fn next(&mut self) -> i32 {
        tokio::select! {
            _ = self.interrupt.recv() => 130,
            _ = self.terminate.recv() => 143,
        }
    }
}
