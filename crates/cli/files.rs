//! Files that faults need: the model reads none itself.

use crate::Failure;
use squall_faults::FaultSpec;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// The largest file that a fault is given, in MiB.
const LARGEST: u64 = 64;

/// The text of a file of at most so many MiB: a device without an end must not fill the memory.
///
/// # Errors
/// In words, where it cannot be read, is no text, or is too large.
pub(crate) fn read(path: &Path, largest: u64) -> Result<String, String> {
    let shown = path.display();
    let mut text = String::new();
    let file = File::open(path).map_err(|error| format!("cannot read {shown}: {error}"))?;
    let read = file.take((largest << 20) + 1).read_to_string(&mut text);
    read.map_err(|error| format!("cannot read {shown}: {error}"))?;
    if text.len() as u64 > largest << 20 {
        return Err(format!("cannot read {shown}: it is larger than {largest} MiB"));
    }
    Ok(text)
}

/// The spec with the contents of the file that it wants, where it wants one. A relative name counts from the current folder.
/// A file that cannot be read, or makes no sense, is wrong usage; the failure names it.
pub(crate) fn supply(spec: FaultSpec) -> Result<FaultSpec, Failure> {
    let Some(file) = spec.wants() else { return Ok(spec) };
    let contents = read(Path::new(file), LARGEST)
        .map_err(|error| Failure::usage(format!("`{}`: {error}", spec.kind().name)))?;
    spec.supply(&contents).map_err(|error| {
        let help = error.help.map(|help| format!("; {help}")).unwrap_or_default();
        Failure::usage(format!("{file}: {}{help}", error.message))
    })
}
