//! Whether the programs of a scenario are installed, before anything of it starts.

use crate::model::{Program, Scenario};
use crate::run::RunError;
use std::env;
use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// The first program that is looked for in the search path and is not there. One with a slash in its name is a file of the
/// project: that it is missing is a mistake, and told when it is started.
pub(super) fn check(scenario: &Scenario) -> Result<(), RunError> {
    let own = env::var_os("PATH").unwrap_or_default();
    let missing = |what: &str, program: &str| RunError::NotInstalled {
        what: what.to_owned(),
        program: program.to_owned(),
    };
    for (what, program) in scenario.programs() {
        let name = name(program);
        if !is_found(&name, &path_of(program, &own)) {
            return Err(missing(&what, &name));
        }
    }
    match scenario.requires.iter().find(|name| !is_found(name, &own)) {
        Some(name) => Err(missing("requires", name)),
        None => Ok(()),
    }
}

/// The program without its arguments.
pub(super) fn name(program: &Program) -> String {
    program.command.first().map(ToString::to_string).unwrap_or_default()
}

/// A program is looked for where its own environment says.
fn path_of(program: &Program, own: &OsString) -> OsString {
    let given = program.env.iter().rev().find(|(key, _)| key == "PATH");
    given.map_or_else(|| own.clone(), |(_, value)| value.to_string().into())
}

fn is_found(name: &str, path: &OsString) -> bool {
    if name.contains(['/', '{']) {
        return true;
    }
    env::split_paths(path).any(|folder| is_program(&folder.join(name)))
}

fn is_program(path: &Path) -> bool {
    path.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_found_in_the_search_path_and_a_file_is_not_looked_for() {
        let path = env::var_os("PATH").unwrap_or_default();
        assert!(is_found("sh", &path) && is_found("./not-built-yet", &path));
        assert!(!is_found("squall-has-no-such-program", &path) && !is_found("sh", &OsString::new()));
    }
}
