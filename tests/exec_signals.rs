//! `squall exec`: signals reach the command, and nothing of it is left behind.

use crate::exec::{exec, text};
use crate::process::*;
use std::process::{Command, Stdio};

/// Starts a shell script under `squall exec` and waits until it says `ready`.
fn ready(options: &[&str], script: &str) -> Server {
    let all = [&["exec", "--link", "db=:1"], options, &["--", "sh", "-c", script]].concat();
    let mut server = Server::start(&all);
    assert_eq!(server.line(), "ready");
    server
}

/// Waits in short pieces: a shell may miss a signal that comes as it starts a program, and hears of it when that has ended.
const WAIT: &str = "while :; do sleep 0.02; done";

/// Whether a process runs. One that has ended may keep its number until its parent notices.
fn lives(pid: &str) -> bool {
    let state = Command::new("ps").args(["-o", "stat=", "-p", pid]).output().expect("ps runs").stdout;
    !matches!(text(&state).trim().chars().next(), None | Some('Z'))
}

#[test]
fn signals_are_passed_on_and_the_answer_is_the_commands() {
    for (signal, code) in [("INT", 3), ("TERM", 4), ("HUP", 5)] {
        let script = format!("trap 'exit 3' INT; trap 'exit 4' TERM; trap 'exit 5' HUP; echo ready; {WAIT}");
        let server = ready(&[], &script);
        server.signal(signal);
        assert_eq!(server.end().code, Some(code), "{signal}");
    }
    let server = ready(&[], &format!("echo ready; {WAIT}"));
    server.signal("INT");
    assert_eq!(server.end().code, Some(130));
}

#[test]
fn the_whole_group_is_told() {
    // The shell goes on when its child has gone.
    let child = format!("trap 'echo told; exit' TERM; echo ready; {WAIT}");
    let mut server = ready(&[], &format!("trap : TERM; sh -c \"{child}\"; exit 6"));
    server.signal("TERM");
    assert_eq!(server.line(), "told");
    assert_eq!(server.end().code, Some(6));
}

#[test]
fn a_second_signal_kills() {
    let server = ready(&["--grace", "1h"], &format!("trap '' INT TERM; echo ready; {WAIT}"));
    server.signal("INT");
    server.signal("TERM");
    assert_eq!(server.end().code, Some(137));
}

#[test]
fn a_command_that_does_not_end_is_killed_after_the_grace() {
    let server = ready(&["--grace", "50ms"], &format!("trap '' TERM; echo ready; {WAIT}"));
    server.signal("TERM");
    assert_eq!(server.end().code, Some(137));
}

#[test]
fn what_the_command_leaves_running_is_ended() {
    // One that goes when it is asked, and one that does not, with a child of its own.
    let stubborn = "(trap '' TERM; sleep 60 & echo $!; sleep 61) >pids & echo $! >>first";
    let script = format!(
        "sleep 62 & echo $! >first; {stubborn}; while ! test -s pids; do :; done; cat first pids; exit 6"
    );
    let folder = tempfile::tempdir().expect("a folder");
    let args = ["exec", "--link", "db=:1", "--grace", "100ms", "--", "sh", "-c", &script];
    let ran = squall().args(args).current_dir(folder.path()).stdin(Stdio::null()).output().expect("runs");
    assert_eq!(ran.status.code(), Some(6));
    assert!(text(&ran.stderr).contains("the command left processes running; they have been ended"));
    let pids: Vec<&str> = text(&ran.stdout).lines().collect();
    assert_eq!(pids.len(), 3);
    assert!(!pids.iter().any(|pid| lives(pid)), "{pids:?}");
}

#[test]
fn nothing_left_running_is_no_warning() {
    let ran = exec(&["--link", "db=:1", "--", "sh", "-c", "true & wait"]);
    assert!(!text(&ran.stderr).contains("left processes"), "{}", text(&ran.stderr));
}

#[test]
#[cfg(target_os = "linux")]
fn what_is_to_be_ignored_goes_on_being_ignored() {
    let program = assert_cmd::cargo::cargo_bin!("squall");
    let line = r#"trap '' HUP; exec "$0" exec --link db=:1 -- sh -c 'kill -HUP $$; echo ready; while :; do sleep 0.02; done'"#;
    let mut server = Server::of(Command::new("sh").args(["-c", line]).arg(program).stdin(Stdio::null()));
    assert_eq!(server.line(), "ready");
    server.signal("HUP");
    server.signal("TERM");
    assert_eq!(server.end().code, Some(143));
}

#[test]
#[cfg(target_os = "linux")]
fn on_a_terminal_the_command_may_read_and_still_leaves_nothing_behind() {
    let typed =
        r#"exec --link db=:1 -- sh -c 'read x </dev/tty; echo "got $x"; sleep 60 & echo "pid $!"; exit 4'"#;
    let program = assert_cmd::cargo::cargo_bin!("squall").display().to_string();
    let mut command = Command::new("script");
    command.args(["-qec", &format!("{program} {typed}"), "/dev/null"]).env("SHELL", "/bin/sh");
    let spawned = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let Ok(mut child) = spawned else {
        eprintln!("skipped: there is no `script` to make a terminal with");
        return;
    };
    let mut input = child.stdin.take().expect("a pipe");
    std::io::Write::write_all(&mut input, b"hello\n").expect("typed");
    let ran = child.wait_with_output().expect("ends");
    drop(input);
    let out = text(&ran.stdout);
    assert!(ran.status.code() == Some(4) && out.contains("got hello"), "{out}");
    assert!(out.contains("the command left processes running"), "{out}");
    let pid = out.lines().find_map(|line| line.strip_prefix("pid ")).expect("a number").trim();
    assert!(!lives(pid), "{pid}");
}
