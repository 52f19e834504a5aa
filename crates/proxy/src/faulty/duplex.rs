//! A connection within the process, both ends of it.

use super::core::Core;
use super::faults::Faults;
use squall_faults::{Direction, Peer};
use squall_wire::lock;
use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep_until};

/// A connection with these faults: the client's end and the server's. Up is from the client to the server.
///
/// The ends are moved by whoever polls them, there is no task behind; one that waits wakes when something comes for it. A
/// dropped end is closed. Made outside of a runtime it works, too, but polling needs one with time.
pub fn duplex(faults: &Faults) -> (DuplexEnd, DuplexEnd) {
    let shared = Arc::new(Mutex::new(Shared { core: faults.open(), wakers: Default::default() }));
    let end = |peer| DuplexEnd { peer, shared: shared.clone(), sleep: None };
    (end(Peer::Client), end(Peer::Server))
}

/// One end of a [`duplex`].
pub struct DuplexEnd {
    peer: Peer,
    shared: Arc<Mutex<Shared>>,
    sleep: Option<Pin<Box<Sleep>>>,
}

struct Shared {
    core: Core,
    /// Of each peer, its reader and its writer.
    wakers: [[Option<Waker>; 2]; 2],
}

/// Places of a peer's wakers.
const READER: usize = 0;
const WRITER: usize = 1;

impl Shared {
    /// Something has changed for the other end.
    fn wake_other(&mut self, peer: Peer) {
        let other = 1 - peer.index();
        self.wakers[other].iter_mut().filter_map(Option::take).for_each(Waker::wake);
    }
}

impl DuplexEnd {
    /// The direction in which this end sends.
    fn sends(&self) -> Direction {
        if self.peer == Peer::Client { Direction::Up } else { Direction::Down }
    }

    /// Tries until there is an answer, now or when time or the other end brings one.
    fn attempt<T>(
        &mut self,
        cx: &mut Context<'_>,
        role: usize,
        attempt: impl Fn(&mut Core) -> Option<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        loop {
            let due = {
                let mut shared = lock(&self.shared);
                shared.core.advance();
                if let Some(answer) = attempt(&mut shared.core) {
                    shared.wake_other(self.peer);
                    return Poll::Ready(answer);
                }
                shared.wakers[self.peer.index()][role] = Some(cx.waker().clone());
                shared.core.listen(cx.waker());
                shared.core.next()
            };
            let Some(due) = due else { return Poll::Pending };
            let sleep = self.sleep.get_or_insert_with(|| Box::pin(sleep_until(due)));
            if sleep.deadline() != due {
                sleep.as_mut().reset(due);
            }
            if sleep.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
        }
    }
}

impl AsyncRead for DuplexEnd {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let direction = self.sends().reverse();
        let room = buf.remaining();
        let read = self.attempt(cx, READER, |core| match core.readable(direction) {
            Err(error) => Some(Err(error)),
            Ok(None) => Some(Ok(Vec::new())),
            Ok(Some([])) if room > 0 => None,
            Ok(Some(bytes)) => {
                let bytes = bytes[..bytes.len().min(room)].to_vec();
                core.consume(direction, bytes.len());
                Some(Ok(bytes))
            }
        });
        read.map_ok(|bytes| buf.put_slice(&bytes))
    }
}

impl AsyncWrite for DuplexEnd {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let direction = self.sends();
        self.attempt(cx, WRITER, |core| match core.room(direction) {
            Err(error) => Some(Err(error)),
            Ok(None) => None,
            Ok(Some(room)) => {
                let n = room.min(buf.len());
                core.write(direction, &buf[..n]);
                Some(Ok(n))
            }
        })
    }

    /// What was written is on its way already.
    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut shared = lock(&self.shared);
        shared.core.finish(self.sends());
        shared.wake_other(self.peer);
        Poll::Ready(Ok(()))
    }
}

impl Drop for DuplexEnd {
    fn drop(&mut self) {
        let mut shared = lock(&self.shared);
        shared.core.finish(self.sends());
        shared.core.close(self.sends().reverse());
        shared.wake_other(self.peer);
    }
}

impl fmt::Debug for DuplexEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DuplexEnd").field("peer", &self.peer).finish_non_exhaustive()
    }
}
