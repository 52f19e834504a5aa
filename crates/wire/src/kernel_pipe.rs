//! Pipes of the kernel through which bytes go from one socket to another without being copied into this process.

use std::cell::RefCell;
use std::io::{self, ErrorKind};
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};

use crate::platform;

/// A pipe with bytes in it, or an empty one. Dropping it forgets what it holds; an empty one is kept for the next who
/// [takes](KernelPipe::take) one on this thread.
#[derive(Debug)]
pub struct KernelPipe(Option<Pipe>);

#[derive(Debug)]
struct Pipe {
    reader: OwnedFd,
    writer: OwnedFd,
    held: usize,
    _place: Place,
}

/// What a pipe should hold: on loopback less costs speed, more gains none.
const WANTED: usize = 1 << 20;
/// With less than that, copying is as fast.
const LEAST: usize = 256 << 10;
/// Pipes of the process at a time: unprivileged users may have 64 MiB in pipes.
const MOST: usize = 60;

/// Empty pipes that a thread keeps; the others are for other threads.
const KEPT: usize = 8;

static PIPES: AtomicUsize = AtomicUsize::new(0);
/// The system has no pipes that would do, and is not asked again.
static UNABLE: AtomicBool = AtomicBool::new(false);

thread_local! {
    static SPARE: RefCell<Vec<Pipe>> = const { RefCell::new(Vec::new()) };
}

/// One of the [`MOST`] pipes.
#[derive(Debug)]
struct Place;

impl Place {
    fn take() -> Option<Place> {
        PIPES.fetch_update(Relaxed, Relaxed, |n| (n < MOST).then_some(n + 1)).ok().map(|_| Place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        PIPES.fetch_sub(1, Relaxed);
    }
}

impl KernelPipe {
    /// An empty pipe; nothing where the system has no such thing, or none that is large enough, or too many are in use.
    pub fn take() -> Option<KernelPipe> {
        if let Some(pipe) = SPARE.with_borrow_mut(Vec::pop) {
            return Some(KernelPipe(Some(pipe)));
        }
        if UNABLE.load(Relaxed) {
            return None;
        }
        let place = Place::take()?;
        match platform::pipe(WANTED) {
            Ok((reader, writer, capacity)) if capacity >= LEAST => {
                Some(KernelPipe(Some(Pipe { reader, writer, held: 0, _place: place })))
            }
            // Small ones are all that this user gets, or there are none at all.
            Ok(_) => {
                UNABLE.store(true, Relaxed);
                None
            }
            Err(error) => {
                UNABLE.store(error.kind() == ErrorKind::Unsupported, Relaxed);
                None
            }
        }
    }

    /// How many bytes it holds.
    pub fn held(&self) -> usize {
        self.0.as_ref().map_or(0, |pipe| pipe.held)
    }

    /// Moves bytes in by `splice`, which is told where to and how many at the most. To be called while it is empty: else one
    /// cannot tell a full pipe from an empty socket.
    pub(crate) fn fill(
        &mut self,
        limit: usize,
        splice: impl Fn(&OwnedFd, usize) -> io::Result<usize>,
    ) -> io::Result<usize> {
        let Some(pipe) = &mut self.0 else { return Err(ErrorKind::Unsupported.into()) };
        let n = splice(&pipe.writer, limit.min(WANTED))?;
        pipe.held += n;
        Ok(n)
    }

    /// Moves at most `limit` bytes out by `splice`, which is told where from and how many at the most.
    pub(crate) fn drain(
        &mut self,
        limit: usize,
        splice: impl Fn(&OwnedFd, usize) -> io::Result<usize>,
    ) -> io::Result<usize> {
        let Some(pipe) = &mut self.0 else { return Err(ErrorKind::Unsupported.into()) };
        let n = splice(&pipe.reader, limit.min(pipe.held))?;
        pipe.held -= n;
        Ok(n)
    }

    /// Takes bytes out into memory, as many as there are and `buf` has room for.
    ///
    /// # Errors
    /// Those of `read`, which has no reason to fail.
    pub fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let room = buf.len();
        let Some(pipe) = &mut self.0 else { return Ok(0) };
        let n = room.min(pipe.held);
        if n == 0 {
            return Ok(0);
        }
        let n = rustix::io::read(&pipe.reader, &mut buf[..n])?;
        pipe.held -= n;
        Ok(n)
    }
}

impl Drop for KernelPipe {
    fn drop(&mut self) {
        if let Some(pipe) = self.0.take().filter(|pipe| pipe.held == 0) {
            // Gone with its thread where that is ending.
            let _ = SPARE.try_with(|spare| {
                let mut spare = spare.borrow_mut();
                if spare.len() < KEPT {
                    spare.push(pipe);
                }
            });
        }
    }
}
