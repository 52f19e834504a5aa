//! A listener on a unix socket, whose accept loop nothing kills.

use std::collections::BTreeSet;
use std::io::{self, ErrorKind};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream as StdStream;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use socket2::{Domain, SockRef, Socket, Type};
use tokio::io::unix::AsyncFd;

use crate::lock::lock;
use crate::platform::{SocketFile, watch};
use crate::tcp_listener::BACKLOG;

/// How long accepting rests after trouble, doubled up to the second while it lasts.
const REST: [Duration; 2] = [Duration::from_millis(10), Duration::from_millis(100)];

/// A listening unix socket. Its file is removed when it is dropped.
#[derive(Debug)]
pub struct UnixListener {
    socket: AsyncFd<OwnedFd>,
    file: SocketFile,
    troubles: AtomicU64,
    /// Error numbers that were logged.
    known: Mutex<BTreeSet<i32>>,
}

impl UnixListener {
    /// Must be called inside the runtime whose reactor shall watch the socket.
    pub(crate) fn bind(path: &Path) -> io::Result<Self> {
        let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
        socket.set_nonblocking(true)?;
        let file = SocketFile::bind(&socket, path)?;
        socket.listen(BACKLOG)?;
        let socket = watch(socket.into())?;
        Ok(Self { socket, file, troubles: AtomicU64::new(0), known: Mutex::default() })
    }

    /// The path that was bound, as it was given.
    pub(crate) fn path(&self) -> &Path {
        self.file.path()
    }

    pub(crate) fn troubles(&self) -> u64 {
        self.troubles.load(Relaxed)
    }

    pub(crate) async fn accept(&self) -> StdStream {
        let [mut rest, longest] = REST;
        loop {
            // Lets the shard's connections run, however many more are queued here.
            tokio::task::coop::consume_budget().await;
            let Ok(mut ready) = self.socket.readable().await else {
                // The runtime is going away, and this task with it.
                return std::future::pending().await;
            };
            let error = match ready.try_io(|socket| accept(socket.get_ref())) {
                Ok(Ok(accepted)) => return accepted,
                Ok(Err(error)) => error,
                Err(_would_block) => continue,
            };
            if matches!(error.kind(), ErrorKind::Interrupted | ErrorKind::ConnectionAborted) {
                continue;
            }
            self.note(&error);
            // Without descriptors, callers wait in the backlog.
            tokio::time::sleep(rest).await;
            rest = (rest * 2).min(longest);
        }
    }

    fn note(&self, error: &io::Error) {
        self.troubles.fetch_add(1, Relaxed);
        if lock(&self.known).insert(error.raw_os_error().unwrap_or(0)) {
            let listener = self.path().display();
            tracing::warn!(%listener, %error, "cannot accept; going on (told once)");
        }
    }
}

fn accept(listener: &OwnedFd) -> io::Result<StdStream> {
    let (socket, _unnamed) = SockRef::from(listener).accept()?;
    socket.set_nonblocking(true)?;
    Ok(OwnedFd::from(socket).into())
}
