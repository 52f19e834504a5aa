//! Registering a descriptor with tokio's reactor: the one place where that is proven sound.

use std::io;
use std::os::fd::OwnedFd;

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// Has the current runtime's reactor watch `fd` for reading. Must be called inside a runtime.
pub(crate) fn watch(fd: OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    #[expect(unsafe_code, reason = "tokio cannot know which types keep their descriptor")]
    // SAFETY: an `OwnedFd` is open and names the same descriptor from its creation to its drop. `AsyncFd` owns
    // it and lends it only by shared reference, through which it can be neither closed nor replaced.
    let watched = unsafe { AsyncFd::register_with_interest(fd, Interest::READABLE) };
    Ok(watched?)
}
