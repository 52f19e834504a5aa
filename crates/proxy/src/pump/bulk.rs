//! Bulk without copying: bytes go from socket to socket through a pipe of the kernel.

use super::{End, Flow, Pump};
use crate::options::Relay;
use squall_faults::Direction;
use squall_wire::{KernelPipe, with_scratch};
use std::io;
use std::task::{Context, Poll};

/// Full reads in a row after which a flow is bulk, and small ones after which it is not.
const PATIENCE: u8 = 4;
/// What counts as full.
const FULL: usize = 64 << 10;
/// What counts as small.
const LITTLE: usize = 16 << 10;

/// Whether a flow is bulk, and the pipe that holds its bytes while it does.
#[derive(Default)]
pub(super) struct Bulk {
    is_bulk: bool,
    /// Reads in a row that say otherwise.
    doubts: u8,
    /// Holds bytes that come behind those in memory.
    pipe: Option<KernelPipe>,
    /// The system has said that it cannot.
    refused: bool,
}

impl Bulk {
    /// Learns from a read of so many bytes.
    pub(super) fn learn(&mut self, n: usize) {
        let doubt = if self.is_bulk { n < LITTLE } else { n >= FULL };
        self.doubts = if doubt { self.doubts + 1 } else { 0 };
        if self.doubts >= PATIENCE {
            self.is_bulk = !self.is_bulk;
            self.doubts = 0;
        }
    }

    /// Bytes in the pipe.
    pub(super) fn held(&self) -> u64 {
        self.pipe.as_ref().map_or(0, |pipe| pipe.held() as u64)
    }

    /// Forgets up to `n` bytes; how many.
    pub(super) fn skip(&mut self, n: u64) -> u64 {
        let mut skipped = 0;
        with_scratch(|scratch| {
            while let Some(pipe) = self.pipe.as_mut().filter(|pipe| pipe.held() > 0 && skipped < n) {
                let most = scratch.len().min(usize::try_from(n - skipped).unwrap_or(usize::MAX));
                match pipe.read(&mut scratch[..most]) {
                    Ok(read) => skipped += read as u64,
                    Err(_) => break,
                }
            }
        });
        self.give_back();
        skipped
    }

    /// The pipe is for others as soon as it is empty.
    fn give_back(&mut self) {
        if self.held() == 0 {
            self.pipe = None;
        }
    }
}

impl Flow {
    /// Everything that waits, wherever it does.
    pub(super) fn waiting(&self) -> u64 {
        self.held.len() + self.bulk.held()
    }

    /// Takes the bytes in the pipe into memory, where they can be seen.
    pub(super) fn land(&mut self) {
        let Some(mut pipe) = self.bulk.pipe.take() else { return };
        with_scratch(|scratch| {
            while let Ok(n @ 1..) = pipe.read(scratch) {
                self.held.append(&scratch[..n]);
            }
        });
    }
}

impl Pump {
    /// Whether the next bytes in `direction` are to go through the kernel alone: bulk, and nobody has to see them.
    pub(super) fn splices(&self, direction: Direction) -> bool {
        let flow = &self.flows[direction.index()];
        let wanted = match self.link.options.relay {
            Relay::Auto => flow.bulk.is_bulk,
            Relay::Copy => false,
            Relay::Splice => true,
        };
        wanted
            && self.can_splice
            && !flow.bulk.refused
            && flow.held.is_empty()
            && self.conn.passes_unseen(direction)
    }

    /// Moves what has come into the pipe, once that is empty; `None` where it cannot be done and copying has to do.
    pub(super) fn fetch_unseen(
        &mut self,
        direction: Direction,
        room: usize,
        cx: &mut Context<'_>,
    ) -> Option<Result<bool, End>> {
        let flow = &mut self.flows[direction.index()];
        if flow.bulk.held() > 0 {
            return Some(Ok(false));
        }
        // Others may have them all just now.
        let pipe = flow.bulk.pipe.take().or_else(KernelPipe::take)?;
        let pipe = flow.bulk.pipe.insert(pipe);
        let source = &self.streams[direction.sender().index()];
        let read = match source.poll_splice_from(cx, pipe, room) {
            Poll::Pending => {
                flow.bulk.give_back();
                return Some(Ok(false));
            }
            Poll::Ready(read) => read,
        };
        if read.as_ref().is_err_and(is_unable) {
            flow.bulk = Bulk { refused: true, ..Bulk::default() };
            return None;
        }
        let taken = self.take(direction, read, &[]);
        self.flows[direction.index()].bulk.give_back();
        Some(taken.and_then(|n| {
            if n > 0 {
                self.deliver(direction, &mut [], cx)?;
            }
            Ok(true)
        }))
    }

    /// Writes once out of the pipe, at most `limit` bytes.
    pub(super) fn write_unseen(
        &mut self,
        direction: Direction,
        limit: u64,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        let bulk = &mut self.flows[direction.index()].bulk;
        let Some(pipe) = &mut bulk.pipe else { return Poll::Ready(Ok(0)) };
        let stream = &self.streams[direction.receiver().index()];
        let wrote = stream.poll_splice_into(cx, pipe, usize::try_from(limit).unwrap_or(usize::MAX));
        bulk.give_back();
        wrote
    }
}

/// Errors that say something about splicing, not about the connection.
fn is_unable(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::Unsupported | io::ErrorKind::InvalidInput)
}
