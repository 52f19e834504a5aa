//! Processes that end, and settings that are put back, however this process ends.
//!
//! Each is in the care of a shell that waits for the end of its standard input. That comes when the guard is dropped, and also
//! when this process is gone: interrupted, killed, crashed.

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

/// Starts what follows; with the end of its input it ends that, and then the whole group with itself in it.
const KEEP: &str = r#""$@" </dev/null & read -r _; kill -s KILL $!; wait $!; kill -s KILL 0"#;

/// A program that runs as long as this lives, with all the processes it starts.
pub(crate) struct Guarded(Child);

impl Guarded {
    /// Starts `program`; what it says goes to `log`.
    pub(crate) fn start<A: AsRef<OsStr>>(program: &OsStr, args: &[A], log: File) -> io::Result<Guarded> {
        let mut shell = Command::new("sh");
        shell.args(["-c", KEEP, "guard"]).arg(program).args(args);
        // A group of its own: the terminal's Ctrl-C shall not end the shell before its work is done.
        shell.stdin(Stdio::piped()).stdout(log.try_clone()?).stderr(log).process_group(0);
        shell.spawn().map(Guarded)
    }

    /// The group of all its processes.
    pub(crate) fn group(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        finish(&mut self.0);
    }
}

/// A shell command that is run in the end.
pub(crate) struct AtEnd(Child);

impl AtEnd {
    /// `command` finds `args` as `$1` and so on.
    pub(crate) fn run<A: AsRef<OsStr>>(command: &str, args: &[A]) -> io::Result<AtEnd> {
        let mut shell = Command::new("sh");
        shell.arg("-c").arg(format!("read -r _; {command}")).arg("guard").args(args);
        shell.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
        shell.spawn().map(AtEnd)
    }
}

impl Drop for AtEnd {
    fn drop(&mut self) {
        finish(&mut self.0);
    }
}

fn finish(shell: &mut Child) {
    drop(shell.stdin.take());
    // It is a child that nobody else waits for.
    let _ = shell.wait();
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::path::Path;

    #[test]
    fn a_guarded_program_ends_with_all_it_has_started() {
        let folder = tempfile::tempdir().unwrap();
        let (log, told) = (folder.path().join("log"), folder.path().join("told"));
        let script = format!("sleep 600 & echo $! > {0}.new; mv {0}.new {0}; wait", told.display());
        let log = File::create(log).unwrap();
        let guarded = Guarded::start(OsStr::new("sh"), &["-c", &script], log).unwrap();
        let inner = loop {
            match fs::read_to_string(&told) {
                Ok(number) => break number.trim().to_owned(),
                Err(_) => std::thread::yield_now(),
            }
        };
        drop(guarded);
        // Killed it is gone soon, or waits for somebody to notice; otherwise it would sleep for minutes.
        while is_running(&inner) {
            std::thread::yield_now();
        }
    }

    fn is_running(process: &str) -> bool {
        let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
        stat.rsplit_once(')').is_some_and(|(_, rest)| !rest.trim_start().starts_with(['Z', 'X']))
    }

    #[test]
    fn what_is_to_be_done_in_the_end_is_done() {
        let folder = tempfile::tempdir().unwrap();
        let mark = folder.path().join("mark");
        let at_end = AtEnd::run(r#"echo "$1" > "$2""#, &[OsStr::new("done"), mark.as_os_str()]).unwrap();
        assert!(!Path::exists(&mark));
        drop(at_end);
        assert_eq!(fs::read_to_string(mark).unwrap(), "done\n");
    }
}
