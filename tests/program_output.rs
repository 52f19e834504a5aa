//! `output` of programs: shown while they run, or written to a file.

use crate::process::{fifo, squall};
use predicates::prelude::*;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;

fn folder(text: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(folder.path().join("deep")).expect("a folder");
    std::fs::write(folder.path().join("deep/case.toml"), text).expect("written");
    folder
}

fn run(folder: &Path) -> assert_cmd::assert::Assert {
    let mut command = squall();
    command.args(["run", "deep/case.toml"]).current_dir(folder);
    assert_cmd::Command::from_std(command).assert()
}

fn read(file: &Path) -> String {
    std::fs::read_to_string(file).expect("readable")
}

#[test]
fn lines_are_shown_while_the_program_runs_with_the_name_of_who_wrote_them() {
    let dir = folder(
        r#"
scenario = 1
[process.app]
command = ["sh", "-c", 'printf "hello \033[1m\nwor"; printf "ld\n"; printf "to stderr\n" >&2; exec sleep 1000']
output = "inherit"
[process.quiet]
command = ["sh", "-c", "echo nobody hears this; exec sleep 1000"]
[[step]]
name = "wait-for-it"
run = { command = ["sh", "-c", "until test -f go; do sleep 0.01; done; printf open"], output = "inherit", timeout = "20s" }
"#,
    );
    let mut command = squall();
    command.args(["run", "deep/case.toml"]).current_dir(dir.path()).stdin(Stdio::null());
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("starts");
    let mut lines =
        BufReader::new(child.stderr.take().expect("a pipe")).lines().map(|line| line.expect("text"));
    let mut before: Vec<String> = lines.by_ref().take(3).collect();
    // The run goes on only now.
    std::fs::write(dir.path().join("deep/go"), "").expect("written");
    before.sort();
    assert_eq!(before, ["app | hello [1m", "app | to stderr", "app | world"]);
    assert_eq!(lines.next().as_deref(), Some("wait-for-it | open"));
    assert!(lines.next().is_some_and(|line| line.starts_with("pass  deep/case.toml")));
    assert!(child.wait().expect("ends").success());
}

#[test]
fn a_file_gets_everything_until_the_end_and_every_run_begins_it_anew() {
    let dir = folder(
        r#"
scenario = 1
[process.app]
command = ["sh", "-c", 'trap "echo bye; exit" TERM; i=0; while [ $i -lt 3000 ]; do echo line $i; i=$((i+1)); done; echo ready >&2; while :; do sleep 0.01; done']
output = "../app.log"
ready = { stderr = "ready" }
[[step]]
stop = "process.app"
[[step]]
start = "process.app"
[[step]]
run = { command = ["sh", "-c", "echo from a step"], output = "../app.log" }
"#,
    );
    let file = dir.path().join("app.log");
    std::fs::write(&file, "old").expect("written");
    for _ in 0..2 {
        run(dir.path()).success().stderr(predicate::str::contains("line 1").not());
        let text = read(&file);
        let count = |wanted: &str| text.lines().filter(|line| line.starts_with(wanted)).count();
        assert_eq!((count("line "), count("ready"), count("bye"), count("from a step")), (6000, 2, 2, 1));
        assert!(text.starts_with("line 0\n") && text.rfind("bye") > text.find("from a step"));
    }
}

#[test]
fn a_file_that_cannot_be_opened_is_the_environments_fault_before_anything_starts() {
    let dir = folder(
        "scenario = 1\n[process.app]\ncommand = [\"touch\", \"started\"]\noutput = \"no/such/folder.log\"\n",
    );
    run(dir.path())
        .code(3)
        .stderr(predicate::str::contains("error: process.app: write deep/no/such/folder.log: "));
    assert!(!dir.path().join("deep/started").exists());
}

#[cfg(target_os = "linux")]
#[test]
fn a_file_that_takes_no_more_fails_the_scenario() {
    let dir = folder(
        "scenario = 1\n[[step]]\nrun = { command = [\"sh\", \"-c\", \"echo hello; exec sleep 1000\"], output = \"/dev/full\" }\n",
    );
    run(dir.path()).code(1).stderr(predicate::str::contains("failed: run.run: write /dev/full: "));
}

#[test]
fn a_fifo_is_refused_before_anything_starts_also_where_somebody_reads_it() {
    let dir = folder("scenario = 1\n[process.app]\ncommand = [\"touch\", \"started\"]\noutput = \"pipe\"\n");
    fifo(&dir.path().join("deep/pipe"));
    let refused = "error: process.app: write deep/pipe: it is a FIFO, and no file";
    run(dir.path()).code(3).stderr(predicate::str::contains(refused));
    let both = std::fs::File::options().read(true).write(true).open(dir.path().join("deep/pipe"));
    run(dir.path()).code(3).stderr(predicate::str::contains(refused));
    drop(both);
    assert!(!dir.path().join("deep/started").exists());
}

#[test]
fn a_scenario_that_is_a_fifo_is_refused_and_not_waited_for() {
    let dir = folder("scenario = 1\n");
    fifo(&dir.path().join("deep/x.toml"));
    for (command, path) in [("check", "deep/x.toml"), ("check", "deep"), ("run", "deep/x.toml")] {
        let mut squall = squall();
        squall.args([command, path]).current_dir(dir.path());
        let refused = predicate::str::contains("error: cannot read deep/x.toml: it is no plain file");
        assert_cmd::Command::from_std(squall).assert().code(2).stderr(refused);
    }
}

#[test]
fn a_file_with_two_names_loses_nothing() {
    let dir = folder(
        r#"
scenario = 1
[[step]]
run = { command = ["sh", "-c", "echo one"], output = "both.log" }
[[step]]
name = "again"
run = { command = ["sh", "-c", "echo two"], output = "../deep/both.log" }
[[step]]
name = "linked"
run = { command = ["sh", "-c", "echo three"], output = "link.log" }
"#,
    );
    std::os::unix::fs::symlink("both.log", dir.path().join("deep/link.log")).expect("a link");
    run(dir.path()).success();
    assert_eq!(read(&dir.path().join("deep/both.log")), "one\ntwo\nthree\n");
}

#[test]
fn a_scenario_and_its_snapshot_are_no_output() {
    let dir = folder(
        r#"
scenario = 1
[[step]]
run = { command = ["true"], output = "link.toml" }
[[step]]
name = "again"
run = { command = ["true"], output = "../deep/case.snap.json" }
"#,
    );
    std::os::unix::fs::symlink("case.toml", dir.path().join("deep/link.toml")).expect("a link");
    let before = read(&dir.path().join("deep/case.toml"));
    let refused = predicate::str::contains("this is this scenario itself")
        .and(predicate::str::contains("this is the snapshot of this scenario"));
    run(dir.path()).code(2).stderr(refused);
    assert_eq!(read(&dir.path().join("deep/case.toml")), before);
}

#[test]
fn nobody_who_takes_the_lines_holds_up_programs_and_not_the_run() {
    let dir = folder(
        r#"
scenario = 1
[[step]]
run = { command = ["sh", "-c", "while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done"], output = "inherit", timeout = "200ms" }
"#,
    );
    let mut command = squall();
    command.args(["run", "deep/case.toml", "--json=j.json"]).current_dir(dir.path()).stdin(Stdio::null());
    // The pipe is full soon, and never read.
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("starts");
    let unread = child.stderr.take();
    assert_eq!(child.wait().expect("ends").code(), Some(1));
    drop(unread);
    assert!(read(&dir.path().join("j.json")).contains("\"result\": \"fail\""));
}
