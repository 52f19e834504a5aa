//! What is told on stderr, whether or not somebody reads it there.

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
