//! Data that a command was asked for: to stdout, or to a file.

use crate::Failure;
use std::fs;
use std::io::{ErrorKind, Write, stdout};
use std::path::Path;

/// Writes `text` to stdout. A reader that has seen enough is no failure.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut out = stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::environment(format!("cannot write to stdout: {error}")))
        }
        _ => Ok(()),
    }
}

/// Writes `text` to the file `target`, or to stdout where that is `-`.
pub(crate) fn write(target: &Path, text: &str) -> Result<(), Failure> {
    if target.as_os_str() == "-" {
        return print(text);
    }
    fs::write(target, text)
        .map_err(|error| Failure::environment(format!("cannot write {}: {error}", target.display())))
}
