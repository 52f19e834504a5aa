//! A kernel listener whose accept loop nothing kills, not even running out of descriptors.

use std::collections::BTreeSet;
use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpStream as StdStream};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use rustix::io::Errno;
use socket2::{Domain, SockRef, Socket, Type};
use tokio::io::unix::AsyncFd;

use crate::backlog::Fillers;
use crate::lock::lock;
use crate::platform::{self, watch};
use crate::tuning::Tuning;

/// What the kernel is asked for; it takes less if `net.core.somaxconn` says so.
pub(crate) const BACKLOG: i32 = 4096;

/// How long accepting rests after trouble, doubled up to the second while it lasts.
const REST: [Duration; 2] = [Duration::from_millis(10), Duration::from_millis(100)];

/// A listening TCP socket.
#[derive(Debug)]
pub struct TcpListener {
    socket: AsyncFd<OwnedFd>,
    addr: SocketAddr,
    /// A descriptor to give up when none is left, so that a caller can be accepted and sent away instead of
    /// hanging in the backlog.
    reserve: Mutex<Option<OwnedFd>>,
    troubles: AtomicU64,
    refused: AtomicU64,
    /// Error numbers that were logged.
    known: Mutex<BTreeSet<i32>>,
    /// Our own connections that keep the backlog full.
    fillers: Fillers,
}

impl AsFd for TcpListener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.get_ref().as_fd()
    }
}

impl TcpListener {
    /// Must be called inside the runtime whose reactor shall watch the socket.
    pub(crate) fn bind(addr: SocketAddr, tuning: &Tuning) -> io::Result<Self> {
        let socket = Socket::new(Domain::for_address(addr), Type::STREAM, None)?;
        // Lets a restarted program have its port back while old connections linger.
        socket.set_reuse_address(true)?;
        socket.set_nonblocking(true)?;
        tuning.apply(SockRef::from(&socket))?;
        // What is accepted takes after it: one call less for each connection.
        socket.set_tcp_nodelay(true)?;
        socket.bind(&addr.into())?;
        socket.listen(BACKLOG)?;
        // Only another family than IP's has an address that is none.
        let addr = socket.local_addr()?.as_socket().ok_or(ErrorKind::Unsupported)?;
        let socket = watch(socket.into())?;
        let reserve = Mutex::new(open_reserve(&socket));
        Ok(Self {
            socket,
            addr,
            reserve,
            troubles: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            known: Mutex::default(),
            fillers: Fillers::default(),
        })
    }

    pub(crate) fn local_addr(&self) -> SocketAddr {
        self.addr
    }

    pub(crate) fn fillers(&self) -> &Fillers {
        &self.fillers
    }

    pub(crate) fn troubles(&self) -> u64 {
        self.troubles.load(Relaxed)
    }

    pub(crate) fn refused(&self) -> u64 {
        self.refused.load(Relaxed)
    }

    pub(crate) async fn accept(&self) -> (StdStream, SocketAddr) {
        let [mut rest, longest] = REST;
        loop {
            // Lets the shard's connections run, however many more are queued here.
            tokio::task::coop::consume_budget().await;
            let Ok(mut ready) = self.socket.readable().await else {
                // The runtime is going away, and this task with it.
                return std::future::pending().await;
            };
            let error = match ready.try_io(|socket| platform::accept(socket.get_ref())) {
                Ok(Ok((_, peer))) if self.fillers.claim(peer) => continue,
                Ok(Ok(accepted)) => return accepted,
                Ok(Err(error)) if error.kind() == ErrorKind::Interrupted => continue,
                Ok(Err(error)) => error,
                Err(_would_block) => continue,
            };
            self.note(&error);
            match error.raw_os_error().map(Errno::from_raw_os_error) {
                // The caller hung up while it waited: the next one may be served at once.
                _ if error.kind() == ErrorKind::ConnectionAborted => continue,
                Some(Errno::MFILE | Errno::NFILE) => self.refuse_one(),
                _ => {}
            }
            tokio::time::sleep(rest).await;
            rest = (rest * 2).min(longest);
        }
    }

    fn note(&self, error: &io::Error) {
        self.troubles.fetch_add(1, Relaxed);
        if lock(&self.known).insert(error.raw_os_error().unwrap_or(0)) {
            tracing::warn!(listener = %self.addr, %error, "cannot accept; going on (told once)");
        }
    }

    /// Accepts one caller with the reserved descriptor and closes on it.
    fn refuse_one(&self) {
        let mut reserve = lock(&self.reserve);
        if reserve.take().is_some()
            && let Ok((caller, _)) = platform::accept(self.socket.get_ref())
        {
            self.refused.fetch_add(1, Relaxed);
            drop(caller);
        }
        *reserve = open_reserve(&self.socket);
    }
}

/// Any descriptor will do. Without one, callers wait in the backlog instead of being turned away.
fn open_reserve(socket: &AsyncFd<OwnedFd>) -> Option<OwnedFd> {
    socket.get_ref().try_clone().ok()
}
