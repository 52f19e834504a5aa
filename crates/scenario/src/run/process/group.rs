//! The process groups of all scenarios that run, so that nothing of them is left behind.

use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};
use squall_wire::{Env, lock, nanos};
use std::io;
#[cfg(target_os = "linux")]
use std::path::Path;
use std::sync::Mutex;
use std::time::{Duration, Instant};
use tokio::process::{Child, Command};

/// The groups that are alive. One list for the whole program: whoever ends it must find them all.
static LIVE: Mutex<Live> = Mutex::new(Live { closed: false, groups: Vec::new() });

struct Live {
    /// Nothing is started any more.
    closed: bool,
    groups: Vec<Pid>,
}

/// How long a group that was killed may take to be gone. It is, unless the system keeps a process of it in a system call.
const LAST: Duration = Duration::from_secs(2);

/// How often it is looked whether a group is gone.
const LOOK: Duration = Duration::from_millis(5);

/// A process and all that it starts, unless that leaves the group of its own will. Killed when dropped.
pub(super) struct Group {
    leader: Pid,
    gone: bool,
}

impl Group {
    /// Starts `command` as the first of a group of its own.
    pub(super) fn spawn(command: &mut Command) -> io::Result<(Child, Group)> {
        command.process_group(0);
        // Held while it starts: no process must appear between the last look at the list and the end of the program.
        let mut live = lock(&LIVE);
        if live.closed {
            return Err(io::Error::new(io::ErrorKind::Interrupted, "squall is being ended"));
        }
        let child = command.spawn()?;
        let id = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        let leader = id.ok_or_else(|| io::Error::other("it has no process id"))?;
        live.groups.push(leader);
        Ok((child, Group { leader, gone: false }))
    }

    /// Forgets the group where nothing of it is alive: its number may be given to others from then on.
    pub(super) fn look(&mut self) {
        if !self.gone && !is_alive(self.leader) {
            self.gone = true;
            lock(&LIVE).groups.retain(|leader| *leader != self.leader);
        }
    }

    /// Asks every process of the group to end.
    pub(super) fn ask(&self) {
        if !self.gone {
            signal(self.leader, Signal::TERM);
        }
    }

    /// Waits until the group is gone; at `deadline`, by the clock of `env`, it is killed.
    pub(super) async fn end(&mut self, env: &Env, deadline: u64) {
        if !self.gone_by(env, deadline).await {
            signal(self.leader, Signal::KILL);
            self.gone_by(env, env.now().saturating_add(nanos(LAST))).await;
        }
    }

    async fn gone_by(&mut self, env: &Env, deadline: u64) -> bool {
        loop {
            self.look();
            if self.gone || env.now() >= deadline {
                return self.gone;
            }
            env.sleep(LOOK).await;
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if !self.gone {
            signal(self.leader, Signal::KILL);
            lock(&LIVE).groups.retain(|leader| *leader != self.leader);
        }
    }
}

/// Ends every process that a scenario of this program has started, and lets none start any more: for a program that is about to
/// end, on a signal say. Asks with SIGTERM, kills after `grace`, and returns when all are gone. Blocks; may be called again, with
/// a shorter grace, from another thread.
pub fn end_processes(grace: Duration) {
    let mut groups = {
        let mut live = lock(&LIVE);
        live.closed = true;
        live.groups.clone()
    };
    if !grace.is_zero() {
        groups.iter().for_each(|leader| signal(*leader, Signal::TERM));
        wait(&mut groups, grace);
    }
    groups.iter().for_each(|leader| signal(*leader, Signal::KILL));
    wait(&mut groups, LAST);
}

/// Waits until groups are gone, and leaves those that are not. However long a look takes, the last one is the one that counts.
fn wait(groups: &mut Vec<Pid>, limit: Duration) {
    let began = Instant::now();
    loop {
        groups.retain(|leader| is_alive(*leader));
        if groups.is_empty() || began.elapsed() >= limit {
            return;
        }
        std::thread::sleep(LOOK);
    }
}

fn signal(leader: Pid, signal: Signal) {
    // It may be gone, which is what is wanted.
    let _ = kill_process_group(leader, signal);
}

/// Whether a process of the group is alive. One that has ended and that nobody has waited for is not.
fn is_alive(leader: Pid) -> bool {
    test_kill_process_group(leader).is_ok() && has_living_member(leader)
}

/// A group has its number until the last of its dead was waited for, which somebody else may have to do.
#[cfg(target_os = "linux")]
fn has_living_member(leader: Pid) -> bool {
    let group = leader.as_raw_nonzero().to_string();
    // Mostly it is the leader that is waited for, and then there is no need to look at every process of the system.
    if is_living_member(&Path::new("/proc").join(&group), &group) {
        return true;
    }
    let Ok(entries) = std::fs::read_dir("/proc") else { return true };
    let processes =
        entries.flatten().filter(|entry| entry.file_name().as_encoded_bytes().iter().all(u8::is_ascii_digit));
    processes.map(|entry| entry.path()).any(|process| is_living_member(&process, &group))
}

/// Whether a process, by its folder in /proc, is in the group and has not ended.
#[cfg(target_os = "linux")]
fn is_living_member(process: &Path, group: &str) -> bool {
    let Ok(stat) = std::fs::read_to_string(process.join("stat")) else { return false };
    // The name in parentheses may hold anything; behind it are the state, the parent and the group.
    let Some((_, fields)) = stat.rsplit_once(')') else { return false };
    let fields: Vec<&str> = fields.split_whitespace().take(3).collect();
    matches!(fields.as_slice(), [state, _, theirs] if *theirs == group && !matches!(*state, "Z" | "X"))
}

/// Elsewhere a group of which only the dead are left cannot be signalled.
#[cfg(not(target_os = "linux"))]
fn has_living_member(_leader: Pid) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use squall_wire::Shards;
    use std::num::NonZeroUsize;
    use std::process::Stdio;
    use tokio::io::AsyncReadExt;

    /// Runs `play` on a shard with a group whose processes ignore that they are asked to end; whether it panicked, and the group.
    fn with_stubborn<F>(play: impl FnOnce(Group, Env) -> F + Send + 'static) -> (bool, Pid)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let shards = Shards::start(NonZeroUsize::MIN).expect("a thread");
        let (env, (tell, told)) = (shards.env(0).clone(), std::sync::mpsc::channel());
        let task = shards.spawn(0, async move {
            let mut command = Command::new("sh");
            command.args(["-c", "trap '' TERM; sleep 1000 & echo; wait"]).stdout(Stdio::piped());
            let (mut child, group) = Group::spawn(&mut command).expect("sh starts");
            let mut out = child.stdout.take().expect("a pipe");
            out.read_u8().await.expect("it has begun");
            tokio::spawn(async move { child.wait().await });
            let _ = tell.send(group.leader);
            play(group, env).await;
        });
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let panicked = runtime.block_on(task).is_err_and(|error| error.is_panic());
        (panicked, told.recv().expect("a group"))
    }

    #[test]
    fn a_group_that_does_not_heed_is_killed_after_its_grace() {
        let (panicked, leader) = with_stubborn(async |mut group: Group, env: Env| {
            group.ask();
            let began = env.now();
            group.end(&env, began + 50_000_000).await;
            assert!(group.gone && env.now() - began >= 50_000_000);
        });
        assert!(!panicked && !is_alive(leader) && !lock(&LIVE).groups.contains(&leader));
    }

    #[test]
    fn a_group_is_killed_where_a_panic_drops_it() {
        let (panicked, leader) = with_stubborn(async |group: Group, _| {
            let _held = group;
            panic!("as wanted");
        });
        assert!(panicked && !lock(&LIVE).groups.contains(&leader));
        while is_alive(leader) {
            std::thread::yield_now();
        }
    }
}
