//! Exit codes, the same for every command.

use std::process::ExitCode;

/// How a command ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Exit {
    /// All went well, also for a server that was stopped.
    Ok,
    /// An expectation, a snapshot or a timeout did not hold.
    Failed,
    /// Wrong usage, or an invalid file.
    Usage,
    /// The environment does not allow it.
    Environment,
    /// A signal cut it short: 130 or 143.
    Signal(u8),
    /// What `squall exec` ends with: its command's own code, or why there is none.
    Command(u8),
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(match exit {
            Exit::Ok => 0,
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::Environment => 3,
            Exit::Signal(code) | Exit::Command(code) => code,
        })
    }
}

impl Exit {
    /// The code of several: an invalid file before a failure before the environment.
    pub(crate) fn and(self, other: Exit) -> Exit {
        let weight = |exit| match exit {
            Exit::Signal(_) | Exit::Command(_) => 4,
            Exit::Usage => 3,
            Exit::Failed => 2,
            Exit::Environment => 1,
            Exit::Ok => 0,
        };
        if weight(other) > weight(self) { other } else { self }
    }
}
