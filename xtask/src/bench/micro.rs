//! `cargo xtask bench micro`: the benchmarks of single functions.

use crate::failure::Failure;
use crate::workspace;
use std::path::Path;
use std::process::Command;

/// The crates that have some.
const CRATES: [&str; 2] = ["squall-faults", "squall-load"];

/// Runs them; `words` are handed on, a filter for instance.
pub(crate) fn run(root: &Path, words: &[String]) -> Result<(), Failure> {
    let cargo = workspace::cargo();
    for name in CRATES {
        let mut command = Command::new(&cargo);
        command.args(["bench", "--package", name, "--benches", "--"]).args(words).current_dir(root);
        let status = command.status().map_err(|error| Failure::program(cargo.display(), &error))?;
        if !status.success() {
            return Err(Failure::Found(format!("`cargo bench --package {name}`: {status}")));
        }
    }
    Ok(())
}
