//! What is told on stderr, whether or not somebody reads it there.

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, write};

/// As that of the standard library, which panics where stderr is full or its reader has gone: a command's exit code, a report, a
/// server are worth more than what is told beside them.
macro_rules! eprint {
    ($($word:tt)*) => {{
        let _ = std::io::Write::write_fmt(&mut std::io::stderr(), format_args!($($word)*));
    }};
}

/// As `eprint`, with the end of the line.
macro_rules! eprintln {
    ($($word:tt)*) => {
        eprint!("{}\n", format_args!($($word)*))
    };
}

/// As `eprint`, for the words of a run: gives up where nobody takes them, and waits for no other thread that does not.
macro_rules! patiently {
    ($($word:tt)*) => {
        $crate::stderr::patiently(&format!($($word)*))
    };
}

/// Seconds after which nobody is taken to read any more.
const PATIENCE: i64 = 3;
/// So many bytes a pipe takes at once or not at all.
const PIECE: usize = 4096;

/// Writes `text` to stderr piece by piece, each when there is room. The lock of the standard library is held by whoever waits there
/// for a reader, and is not taken.
pub(crate) fn patiently(text: &str) {
    let (stderr, mut left) = (std::io::stderr(), text.as_bytes());
    while !left.is_empty() {
        let limit = Timespec { tv_sec: PATIENCE, tv_nsec: 0 };
        let wrote = match poll(&mut [PollFd::new(&stderr, PollFlags::OUT)], Some(&limit)) {
            Ok(0) => return,
            Ok(_) => write(&stderr, &left[..left.len().min(PIECE)]),
            Err(error) => Err(error),
        };
        match wrote {
            Ok(0) => return,
            Ok(n) => left = &left[n..],
            Err(Errno::INTR | Errno::AGAIN) => {}
            Err(_) => return,
        }
    }
}
