//! Files that faults need: the model reads none itself.

use crate::Failure;
use squall_faults::FaultSpec;
use std::fs;

/// The spec with the contents of the file that it wants, where it wants one. A relative name counts from the current folder.
/// A file that cannot be read, or makes no sense, is wrong usage; the failure names it.
pub(crate) fn supply(spec: FaultSpec) -> Result<FaultSpec, Failure> {
    let Some(file) = spec.wants() else { return Ok(spec) };
    let contents = fs::read_to_string(file)
        .map_err(|error| Failure::usage(format!("`{}` cannot read {file}: {error}", spec.kind().name)))?;
    spec.supply(&contents).map_err(|error| {
        let help = error.help.map(|help| format!("; {help}")).unwrap_or_default();
        Failure::usage(format!("{file}: {}{help}", error.message))
    })
}
