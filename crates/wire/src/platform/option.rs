//! Socket options that no safe wrapper offers.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};

use libc::c_int;

/// Sets an option whose value is a number.
pub(crate) fn set_option(socket: BorrowedFd<'_>, level: c_int, name: c_int, value: c_int) -> io::Result<()> {
    let length = size_of::<c_int>() as libc::socklen_t;
    #[expect(unsafe_code, reason = "no safe wrapper offers these options")]
    // SAFETY: whatever option is named, the kernel only reads, and no more than `length` bytes from the pointer. That
    // is the size of `value`, which outlives the call, as does the borrowed descriptor.
    let answer =
        unsafe { libc::setsockopt(socket.as_raw_fd(), level, name, (&raw const value).cast(), length) };
    if answer == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
