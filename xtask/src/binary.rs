//! The squall binary: built, unless `SQUALL_BIN` names one.

use crate::failure::Failure;
use crate::workspace;
use serde_json::Value;
use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Where the binary is. Cargo's words go to stderr; what it made it is asked for, as the target folder may be anywhere.
pub(crate) fn locate(root: &Path, release: bool) -> Result<PathBuf, Failure> {
    if let Some(path) = env::var_os("SQUALL_BIN") {
        let path = PathBuf::from(path);
        return path.canonicalize().map_err(|error| Failure::file("use SQUALL_BIN", &path, &error));
    }
    let cargo = workspace::cargo();
    let mut command = Command::new(&cargo);
    command.args([
        "build",
        "--package",
        "squall-cli",
        "--bin",
        "squall",
        "--message-format=json-render-diagnostics",
    ]);
    if release {
        command.arg("--release");
    }
    command.current_dir(root).stderr(Stdio::inherit());
    let output = command.output().map_err(|error| Failure::program(cargo.display(), &error))?;
    if !output.status.success() {
        return Err(Failure::Found(format!("`cargo build --bin squall`: {}", output.status)));
    }
    let messages = String::from_utf8_lossy(&output.stdout);
    let made = messages.lines().find_map(executable);
    made.ok_or_else(|| Failure::Environment("cargo does not say where it has put squall".into()))
}

/// The path in cargo's message about the binary.
fn executable(message: &str) -> Option<PathBuf> {
    let message: Value = serde_json::from_str(message).ok()?;
    let is_squall = message["target"]["name"] == "squall";
    message["executable"].as_str().filter(|_| is_squall).map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_message_about_the_binary_names_it() {
        let library = r#"{"reason":"compiler-artifact","target":{"name":"squall"},"executable":null}"#;
        let binary =
            r#"{"reason":"compiler-artifact","target":{"name":"squall"},"executable":"target/debug/squall"}"#;
        assert_eq!(executable(library), None);
        assert_eq!(executable(binary), Some(PathBuf::from("target/debug/squall")));
        assert_eq!(executable("not json"), None);
    }
}
