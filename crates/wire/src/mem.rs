//! A connection in memory that ends as TCP connections do: FIN per direction, reset of both.

use std::io::{self, ErrorKind, IoSlice};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use crate::lock::lock;
use crate::net::Port;
use crate::pipe::{End, Pipe};

/// One end of a connection in memory. Each direction holds up to 64 KiB.
///
/// Dropping an end sends FIN, or resets the connection if there was something left to read, as the kernel does.
/// Other than with TCP, a writer learns at once that the other end is gone, not by the answer to its first
/// write.
#[derive(Debug)]
pub struct MemStream {
    /// `pipes[side]` is written by us, the other one read.
    pipes: Arc<Mutex<[Pipe; 2]>>,
    side: usize,
    local: SocketAddr,
    peer: SocketAddr,
    /// Given back to the network when the connecting end goes.
    _port: Option<Port>,
}

/// Both ends of a new connection from `port` at `near` to `far`: first the connecting one.
pub(crate) fn pair(port: Port, near: SocketAddr, far: SocketAddr) -> (MemStream, MemStream) {
    let pipes = Arc::<Mutex<[Pipe; 2]>>::default();
    let connecting = MemStream { pipes: pipes.clone(), side: 0, local: near, peer: far, _port: Some(port) };
    let accepted = MemStream { pipes, side: 1, local: far, peer: near, _port: None };
    (connecting, accepted)
}

impl MemStream {
    pub(crate) fn poll_read(&self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        let mut writer = None;
        let polled = lock(&self.pipes)[1 - self.side].poll_read(cx, buf, &mut writer);
        writer.into_iter().for_each(Waker::wake);
        polled
    }

    pub(crate) fn poll_write(&self, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let mut reader = None;
        let polled = lock(&self.pipes)[self.side].poll_write(cx, buf, &mut reader);
        reader.into_iter().for_each(Waker::wake);
        polled
    }

    pub(crate) fn poll_write_vectored(
        &self,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut total = 0;
        for buf in bufs.iter().filter(|buf| !buf.is_empty()) {
            match self.poll_write(cx, buf) {
                Poll::Ready(Ok(written)) => {
                    total += written;
                    if written < buf.len() {
                        break;
                    }
                }
                // What is written is written; the obstacle is met again by the next call.
                _ if total > 0 => break,
                obstacle => return obstacle,
            }
        }
        Poll::Ready(Ok(total))
    }

    pub(crate) fn finish(&self) {
        let wake = lock(&self.pipes)[self.side].close(End::Fin, ErrorKind::BrokenPipe);
        wake.into_iter().flatten().for_each(Waker::wake);
    }

    pub(crate) fn abort(&self) {
        let mut pipes = lock(&self.pipes);
        pipes[1 - self.side].clear();
        let wake = pipes.each_mut().map(|pipe| pipe.close(End::Reset, ErrorKind::ConnectionReset));
        drop(pipes);
        wake.into_iter().flatten().flatten().for_each(Waker::wake);
    }

    pub(crate) fn unread(&self) -> io::Result<usize> {
        lock(&self.pipes)[self.side].unread()
    }

    pub(crate) fn is_gone(&self) -> bool {
        lock(&self.pipes).iter().any(Pipe::is_reset)
    }

    pub(crate) fn local_addr(&self) -> SocketAddr {
        self.local
    }

    pub(crate) fn peer_addr(&self) -> SocketAddr {
        self.peer
    }
}

impl Drop for MemStream {
    fn drop(&mut self) {
        let mut pipes = lock(&self.pipes);
        let (end, closed) = match pipes[1 - self.side].clear() {
            true => (End::Reset, ErrorKind::ConnectionReset),
            false => (End::Fin, ErrorKind::BrokenPipe),
        };
        let wake = pipes.each_mut().map(|pipe| pipe.close(end, closed));
        drop(pipes);
        wake.into_iter().flatten().flatten().for_each(Waker::wake);
    }
}
