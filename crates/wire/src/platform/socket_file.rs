//! The file of a unix socket: put there, taken over from the dead, removed at the end.

use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use socket2::{Domain, SockAddr, Socket, Type};

/// A socket's file, ours as long as this lives. Dropping it removes the file, unless somebody put another in its place.
#[derive(Debug)]
pub(crate) struct SocketFile {
    given: PathBuf,
    /// The same from the root on, whatever becomes of the working folder.
    absolute: PathBuf,
    /// Device and number of the file.
    identity: (u64, u64),
}

impl SocketFile {
    /// Binds a socket to a path. A socket's file on which nobody answers is left over from somebody who ended without cleaning
    /// up, and is replaced. (Two who replace it at the same moment both believe to have it; the later one does.)
    ///
    /// # Errors
    /// [`AddrInUse`](ErrorKind::AddrInUse) where somebody answers, or where there is something else than a socket; those of
    /// `bind`.
    pub(crate) fn bind(socket: &Socket, path: &Path) -> io::Result<SocketFile> {
        let addr = SockAddr::unix(path)?;
        match socket.bind(&addr) {
            Err(error) if error.kind() == ErrorKind::AddrInUse && is_left_over(path, &addr) => {
                fs::remove_file(path)?;
                socket.bind(&addr)?;
            }
            bound => bound?,
        }
        let (given, absolute) = (path.to_owned(), std::path::absolute(path)?);
        let identity = identity(&absolute)?;
        Ok(SocketFile { given, absolute, identity })
    }

    /// The path as it was given.
    pub(crate) fn path(&self) -> &Path {
        &self.given
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if identity(&self.absolute).is_ok_and(|identity| identity == self.identity) {
            // Nobody is left to be told.
            let _ = fs::remove_file(&self.absolute);
        }
    }
}

fn identity(path: &Path) -> io::Result<(u64, u64)> {
    fs::symlink_metadata(path).map(|file| (file.dev(), file.ino()))
}

/// Whether there is a socket that nobody listens on. Whoever listens sees a connection that ends at once.
fn is_left_over(path: &Path, addr: &SockAddr) -> bool {
    let is_socket = fs::symlink_metadata(path).is_ok_and(|file| file.file_type().is_socket());
    let refused = || {
        let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
        // A listener whose backlog is full would keep us waiting.
        socket.set_nonblocking(true)?;
        socket.connect(addr)
    };
    is_socket && refused().is_err_and(|error| error.kind() == ErrorKind::ConnectionRefused)
}
