//! Why a command did not succeed, and the exit code that says so.

use std::fmt;
use std::io;
use std::path::Path;

/// Why a command did not succeed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// A check found something. Exit code 1.
    Found(String),
    /// The command line asks for what there is not. Exit code 2.
    Usage(String),
    /// A program or a file could not be used. Exit code 3.
    Environment(String),
}

impl Failure {
    /// The exit code.
    pub(crate) fn code(&self) -> u8 {
        match self {
            Failure::Found(_) => 1,
            Failure::Usage(_) => 2,
            Failure::Environment(_) => 3,
        }
    }

    /// A file or folder that could not be used: `doing` it to `path`.
    pub(crate) fn file(doing: &str, path: &Path, error: &io::Error) -> Failure {
        Failure::Environment(format!("cannot {doing} {}: {error}", path.display()))
    }

    /// A program that could not be started.
    pub(crate) fn program(name: impl fmt::Display, error: &io::Error) -> Failure {
        Failure::Environment(format!("cannot start {name}: {error}"))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Found(what) | Failure::Usage(what) | Failure::Environment(what) => f.write_str(what),
        }
    }
}
