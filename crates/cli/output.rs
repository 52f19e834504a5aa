//! Data that a command was asked for: to stdout, or to a file.

use crate::Failure;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, ErrorKind, Write, stdout};
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

/// Prints a line now. Nobody may be reading any more; whoever says it goes on all the same.
pub(crate) fn say(line: &str) {
    let mut out = stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

/// Writes `text` to the file `target`, or to stdout where that is `-`.
pub(crate) fn write(target: &Path, text: &str) -> Result<(), Failure> {
    if target.as_os_str() == "-" {
        return print(text);
    }
    fs::write(target, text).map_err(|error| unwritable(target, &error))
}

/// Writes `text` to the file `target`, or to stdout where that is `-`. A file appears as a whole: readers see all of it or what
/// stood there before. What is no plain file is written to as it is.
pub(crate) fn replace(target: &Path, text: &str) -> Result<(), Failure> {
    let special = fs::metadata(target).is_ok_and(|found| !found.is_file());
    if target.as_os_str() == "-" || special {
        return write(target, text);
    }
    // A link goes on pointing where it does.
    let place = fs::canonicalize(target).unwrap_or_else(|_| target.to_owned());
    let mut beside = place.clone().into_os_string();
    beside.push(format!(".{}.tmp", std::process::id()));
    let whole = fs::write(&beside, text).and_then(|()| fs::rename(&beside, &place));
    whole.or_else(|_| {
        // The folder may be closed where the file is not. What is left beside it is of no use either way.
        let _ = fs::remove_file(&beside);
        write(target, text)
    })
}

/// Has `fill` write to the file `target`, or to stdout where that is `-`.
pub(crate) fn stream(
    target: &Path,
    fill: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), Failure> {
    let filled = |out: &mut dyn Write| {
        let mut out = BufWriter::new(out);
        fill(&mut out).and_then(|()| out.flush())
    };
    if target.as_os_str() == "-" {
        return match filled(&mut stdout().lock()) {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => {
                Err(Failure::environment(format!("cannot write to stdout: {error}")))
            }
            _ => Ok(()),
        };
    }
    File::create(target).and_then(|mut file| filled(&mut file)).map_err(|error| unwritable(target, &error))
}

/// Fails where `target` could not be written later. What stands there stays as it is.
pub(crate) fn probe(target: &Path) -> Result<(), Failure> {
    // Opening a FIFO would wait for its reader.
    let special = fs::metadata(target).is_ok_and(|found| !found.is_file() && !found.is_dir());
    if target.as_os_str() == "-" || special {
        return Ok(());
    }
    let opened = OpenOptions::new().append(true).create(true).open(target);
    opened.map(drop).map_err(|error| unwritable(target, &error))
}

/// Takes away what stands in the file `target`. What is no plain file stays as it is.
pub(crate) fn empty(target: &Path) -> Result<(), Failure> {
    if target.as_os_str() == "-" || !fs::metadata(target).is_ok_and(|found| found.is_file()) {
        return Ok(());
    }
    let emptied = OpenOptions::new().write(true).truncate(true).open(target);
    emptied.map(drop).map_err(|error| unwritable(target, &error))
}

fn unwritable(target: &Path, error: &io::Error) -> Failure {
    Failure::environment(format!("cannot write {}: {error}", target.display()))
}
