//! Runs the binary once, with a limit on its time and its stderr in a file.

use crate::e2e::Session;
use crate::failure::Failure;
use std::fmt;
use std::fs::{self, File};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How often a running child is looked at.
const LOOK: Duration = Duration::from_millis(2);

/// How long a child that hangs may take to end what it started.
const GRACE: Duration = Duration::from_secs(3);

/// How the child ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum End {
    Exit(i32),
    Signal,
    /// It was ended after this long.
    Hung(Duration),
}

/// A child that is gone.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) end: End,
    pub(crate) stderr: String,
    pub(crate) time: Duration,
}

impl Session<'_> {
    /// Runs the binary with `arguments` in the root of the workspace. Its words are plain on every machine.
    pub(crate) fn squall(&self, arguments: &[&str]) -> Result<Ended, Failure> {
        let words = self.scratch.join("stderr");
        let file = File::create(&words).map_err(|error| Failure::file("create", &words, &error))?;
        let mut command = Command::new(&self.binary);
        command.args(arguments).current_dir(self.root).env("NO_COLOR", "1");
        for variable in ["CI", "GITHUB_ACTIONS", "RUST_LOG"] {
            command.env_remove(variable);
        }
        if self.options.ci {
            command.env("CI", "true");
        }
        // A file, not a pipe: something that outlives the child could keep a pipe open for ever.
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(file);
        let began = Instant::now();
        let cannot_start = |error| Failure::program(self.binary.display(), &error);
        let mut child = command.spawn().map_err(cannot_start)?;
        let ended = within(&mut child, self.limit).and_then(|status| match status {
            Some(status) => Ok(status.code().map_or(End::Signal, End::Exit)),
            None => end(&mut child).map(|()| End::Hung(self.limit)),
        });
        let end = ended.map_err(|error| Failure::Environment(format!("cannot wait for squall: {error}")))?;
        let time = began.elapsed();
        let stderr = fs::read(&words).map_err(|error| Failure::file("read", &words, &error))?;
        Ok(Ended { end, stderr: String::from_utf8_lossy(&stderr).into_owned(), time })
    }
}

/// Waits, but not longer than `limit`.
fn within(child: &mut Child, limit: Duration) -> std::io::Result<Option<ExitStatus>> {
    let began = Instant::now();
    loop {
        match child.try_wait()? {
            None if began.elapsed() < limit => sleep(LOOK),
            status => return Ok(status),
        }
    }
}

/// Asks the child to end, so that it can end the processes it has started, and then makes it.
fn end(child: &mut Child) -> std::io::Result<()> {
    // Without a `kill` program it is not asked.
    let asked = Command::new("kill").arg("-TERM").arg(child.id().to_string()).status();
    if asked.is_ok_and(|status| status.success()) && within(child, GRACE)?.is_some() {
        return Ok(());
    }
    child.kill()?;
    child.wait().map(drop)
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            End::Exit(code) => write!(f, "exit code {code}"),
            End::Signal => f.write_str("ended by a signal"),
            End::Hung(limit) => write!(f, "still running after {} s", limit.as_secs_f64()),
        }
    }
}
