//! The command: started, told what squall is told, waited for, and not left behind.

use super::environment::shown;
use super::group::{Group, inherit};
use super::orders::Orders;
use super::script::{SHELL, script};
use crate::Failure;
use rustix::process::{Pid, Signal};
use std::ffi::{OsStr, OsString};
use std::io::{ErrorKind, IsTerminal, stderr, stdin, stdout};
use std::path::Path;
use std::process::ExitStatus;
use std::time::Duration;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep, sleep_until};

/// A command that runs. Dropping it kills it, with its whole group.
pub(super) struct Started {
    child: Child,
    group: Group,
    ended: bool,
}

/// Why a command does not run, and the exit code for that, as shells have it.
pub(super) struct Unstarted {
    pub(super) code: u8,
    pub(super) message: String,
}

/// How long to wait before looking again whether everything has ended.
const LOOK: Duration = Duration::from_millis(5);
/// How long killed processes may take to be gone.
const KILLED: Duration = Duration::from_secs(1);

impl Started {
    /// Starts a command with these variables beside squall's own, and with its standard streams.
    pub(super) fn start(words: &[OsString], variables: &[(String, String)]) -> Result<Started, Unstarted> {
        let (program, args) = match words.split_first() {
            Some((program, args)) if !program.is_empty() => (program, args),
            _ => return Err(Unstarted { code: 127, message: "the command has no name".to_owned() }),
        };
        // A group that is not the terminal's would be stopped when it reads from there.
        let own = !(stdin().is_terminal() || stdout().is_terminal() || stderr().is_terminal());
        if !own {
            inherit();
        }
        let spawn = |program: &OsStr, file: Option<&Path>| {
            let mut command = Command::new(program);
            let variables = variables.iter().map(|(name, value)| (name, value));
            command.args(file).args(args).envs(variables).kill_on_drop(true);
            if own {
                command.process_group(0);
            }
            command.spawn()
        };
        let name = shown(std::slice::from_ref(program));
        let spawned = spawn(program, None).or_else(|error| match script(program, &error) {
            Some(file) => spawn(SHELL.as_ref(), Some(&file)),
            None => Err(error),
        });
        let child = spawned.map_err(|error| {
            let code = match error.kind() {
                ErrorKind::NotFound => 127,
                ErrorKind::WouldBlock | ErrorKind::OutOfMemory => super::OWN_FAILURE,
                _ => 126,
            };
            let why = match error.kind() {
                ErrorKind::NotFound => "command not found".to_owned(),
                _ => format!("cannot run it: {}", plain(&error)),
            };
            Unstarted { code, message: format!("{name}: {why}") }
        })?;
        let leader = child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
        let leader = leader.ok_or_else(|| Unstarted {
            code: super::OWN_FAILURE,
            message: format!("{name}: it has no number"),
        })?;
        Ok(Started { child, group: Group::new(leader, own), ended: false })
    }

    /// Waits for the command's end and passes signals on to it. A second signal to end kills it, and so does `grace` after
    /// SIGTERM or SIGHUP. What a key of the terminal sends, the command has already.
    pub(super) async fn wait(&mut self, orders: &mut Orders, grace: Duration) -> Result<ExitStatus, Failure> {
        let mut asked = false;
        let mut limit = None;
        loop {
            let late = async {
                match limit {
                    Some(limit) => sleep_until(limit).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                status = self.child.wait() => {
                    return status.map_err(|error| Failure::environment(format!("wait for the command: {error}")));
                }
                order = orders.next() => match order {
                    Signal::INT | Signal::QUIT if !self.group.is_own() => {}
                    Signal::QUIT => self.group.signal(order),
                    _ if asked => self.group.signal(Signal::KILL),
                    _ => {
                        asked = true;
                        self.group.signal(order);
                        // SIGINT may be answered with a question.
                        limit = (order != Signal::INT).then(|| Instant::now() + grace);
                    }
                },
                () = late => {
                    self.group.signal(Signal::KILL);
                    limit = None;
                }
            }
        }
    }

    /// Ends what the command has left running in its group: with SIGTERM, and SIGKILL after `grace` or at once with the next
    /// signal. Whether there was any.
    pub(super) async fn end_the_rest(mut self, orders: &mut Orders, grace: Duration) -> bool {
        let any = self.group.has_rest();
        if any {
            self.group.signal_rest(Signal::TERM);
            let rest_ends = async {
                while self.group.has_rest() {
                    sleep(LOOK).await;
                }
            };
            let ended = tokio::select! {
                biased;
                () = rest_ends => true,
                () = sleep(grace) => false,
                _ = orders.next() => false,
            };
            let deadline = Instant::now() + KILLED;
            while !ended && self.group.has_rest() && Instant::now() < deadline {
                // Again and again: what the killed ones leave behind comes to light only then.
                self.group.signal_rest(Signal::KILL);
                sleep(LOOK).await;
            }
        }
        self.ended = true;
        any
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        if !self.ended {
            self.group.signal(Signal::KILL);
        }
    }
}

/// What the system says, without its number.
fn plain(error: &std::io::Error) -> String {
    let text = error.to_string().to_lowercase();
    text.split(" (os error").next().unwrap_or_default().to_owned()
}
