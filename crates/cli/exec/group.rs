//! The processes of a command: all of them can be told, and waited for.

use rustix::io::Errno;
use rustix::process::{
    Pid, Signal, WaitOptions, getpgrp, getpid, kill_process, kill_process_group, test_kill_process_group,
    waitpid,
};
use std::fs;

/// A command's processes.
///
/// Without a terminal they are a process group of their own. On a terminal the command stays in the group of squall, or the
/// terminal would stop it as soon as it reads; there what is left of it is found among squall's own children, for on Linux
/// squall inherits them.
pub(super) struct Group {
    leader: Pid,
    /// Whether the group is the command's own.
    own: bool,
}

/// Becomes the parent of processes whose own has ended, so that they can be found and waited for. Only on Linux.
pub(super) fn inherit() {
    #[cfg(target_os = "linux")]
    {
        // Any process will do: it stands for yes. Without, what is left is not found, which is no reason not to run.
        let _ = rustix::process::set_child_subreaper(Some(getpid()));
    }
}

impl Group {
    pub(super) fn new(leader: Pid, own: bool) -> Group {
        Group { leader, own }
    }

    /// Whether the group is the command's own.
    pub(super) fn is_own(&self) -> bool {
        self.own
    }

    /// Sends a signal to the running command: to its whole group where it has one. One that is stopped is woken up for it.
    pub(super) fn signal(&self, signal: Signal) {
        // Who is gone needs no signal.
        for signal in [signal, Signal::CONT] {
            let _ = match self.own {
                true => kill_process_group(self.leader, signal),
                false => kill_process(self.leader, signal),
            };
        }
    }

    /// Sends a signal to what an ended command has left running.
    pub(super) fn signal_rest(&self, signal: Signal) {
        if self.own {
            return self.signal(signal);
        }
        for orphan in self.orphans() {
            let _ = kill_process(orphan, signal);
            let _ = kill_process(orphan, Signal::CONT);
        }
    }

    /// Whether an ended command has left something running.
    pub(super) fn has_rest(&self) -> bool {
        if self.own {
            let any = test_kill_process_group(self.leader) != Err(Errno::SRCH);
            return any && self.is_alive();
        }
        let ended = |pid: &Pid| matches!(waitpid(Some(*pid), WaitOptions::NOHANG), Ok(Some(_)));
        // All of them are looked at, so that none stays behind as a zombie.
        self.orphans().iter().filter(|pid| !ended(pid)).count() > 0
    }

    /// Whether anybody in the group still runs. Those that have ended count for the system until their parent has noticed, which
    /// in many a container is never.
    fn is_alive(&self) -> bool {
        let processes = processes();
        let member = |process: &&Process| process.group == self.leader.as_raw_pid();
        // Where the system shows no processes its word has to do.
        processes.is_empty() || processes.iter().filter(member).any(|process| !process.ended)
    }

    /// Children of squall in its own group, other than the command itself: those it has inherited.
    fn orphans(&self) -> Vec<Pid> {
        let (me, group) = (getpid().as_raw_pid(), getpgrp().as_raw_pid());
        let mine = processes().into_iter().filter(|process| process.parent == me && process.group == group);
        mine.filter_map(|process| Pid::from_raw(process.pid)).filter(|pid| *pid != self.leader).collect()
    }
}

/// A process as Linux shows it.
struct Process {
    pid: i32,
    parent: i32,
    group: i32,
    /// It has ended, and its parent has not noticed yet.
    ended: bool,
}

/// All processes; none on systems without /proc.
fn processes() -> Vec<Process> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let numbers = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    numbers.filter_map(process).collect()
}

fn process(pid: i32) -> Option<Process> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // Behind the name, which may hold anything: state, parent, group.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    let ended = matches!(fields.next()?, "Z" | "X");
    Some(Process { pid, parent: fields.next()?.parse().ok()?, group: fields.next()?.parse().ok()?, ended })
}
