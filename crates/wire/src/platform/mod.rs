//! What differs between operating systems, behind one set of names.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
pub(crate) use linux::*;

#[cfg(not(target_os = "linux"))]
mod other;
#[cfg(not(target_os = "linux"))]
pub(crate) use other::*;

mod option;

mod socket_file;
pub(crate) use socket_file::SocketFile;

mod watch;
pub(crate) use watch::watch;
