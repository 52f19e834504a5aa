//! `squall run` with programs: processes and commands, and that nothing of them is left behind.

use crate::process::{PATIENCE, squall};
use predicates::prelude::*;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

/// A folder with scenario files.
struct Folder(tempfile::TempDir);

impl Folder {
    fn with(files: &[(&str, &str)]) -> Folder {
        let folder = Folder(tempfile::tempdir().expect("a folder"));
        for (name, text) in files {
            std::fs::write(folder.0.path().join(name), text).expect("written");
        }
        folder
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn run(&self, args: &[&str]) -> assert_cmd::assert::Assert {
        assert_cmd::Command::from_std(squall()).arg("run").arg(self.path()).args(args).assert()
    }
}

/// Runs one scenario.
fn run(text: &str, args: &[&str]) -> assert_cmd::assert::Assert {
    Folder::with(&[("case.toml", text)]).run(args)
}

fn report(text: &str, code: i32) -> serde_json::Value {
    let done = run(text, &["--json"]).code(code);
    serde_json::from_slice(&done.get_output().stdout).expect("a report")
}

/// A server and its children in one group, all of which ignore that they are asked to end. What it is told is written to the file
/// that is named in `INFO`: the number of its group, and the ports of the server and of the link.
fn stubborn(info: &str, ends: &str) -> String {
    let squall = assert_cmd::cargo::cargo_bin!("squall").display().to_string();
    format!(
        r#"
scenario = 1
{ends}
[process.app]
command = ["sh", "-c", '''
trap "" TERM INT HUP
"$SQUALL" echo --grace 1h --tcp 127.0.0.1:$PORT &
(sleep 1000; sleep 1000) &
echo $$ $PORT $LINK >{info}.part
mv {info}.part {info}
wait
''']
env = {{ SQUALL = '{squall}', PORT = "{{port.app}}", LINK = "{{link.api.port}}" }}
ready = {{ tcp = "127.0.0.1:{{port.app}}", within = "30s" }}
grace = "50ms"

[link.api]
upstream = "process.app"

[[step]]
load = {{ target = "link.api", requests = 10 }}

[[step]]
name = "long"
run = {{ command = ["sh", "-c", "trap '' TERM; touch {info}.busy; sleep 1000"] }}
"#
    )
}

/// What a stubborn server has told of itself.
#[derive(Debug)]
struct Told {
    group: String,
    ports: Vec<u16>,
}

impl Told {
    fn read(file: &Path) -> Told {
        let text = std::fs::read_to_string(file).expect("it was told");
        let mut words = text.split_whitespace();
        let group = words.next().expect("a group").to_owned();
        Told { group, ports: words.map(|port| port.parse().expect("a port")).collect() }
    }

    /// Nothing of the group is alive, and its ports can be taken.
    fn assert_gone(&self, after: &str) {
        let listed = Command::new("ps")
            .args(["-A", "-o", "pgid=", "-o", "stat=", "-o", "args="])
            .output()
            .expect("ps runs");
        let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
        let alive = listed.lines().filter(|line| {
            let mut words = line.split_whitespace();
            let (group, state) = (words.next(), words.next().unwrap_or("Z"));
            group == Some(self.group.as_str()) && !state.starts_with('Z')
        });
        assert_eq!(alive.collect::<Vec<_>>(), Vec::<&str>::new(), "{after}");
        assert_eq!(self.ports.len(), 2);
        for port in &self.ports {
            TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).expect("the port is free again");
        }
    }
}

/// `squall run` while it runs. Asked to end when dropped, so that a test that fails leaves nothing behind.
struct Run {
    child: Option<Child>,
}

impl Run {
    fn start(folder: &Folder, args: &[&str]) -> Run {
        let mut command = squall();
        command.arg("run").arg(folder.path()).args(args).stderr(Stdio::piped());
        Run { child: Some(command.spawn().expect("starts")) }
    }

    fn signal(&self, name: &str) {
        let id = self.child.as_ref().expect("it runs").id().to_string();
        assert!(Command::new("kill").args([&format!("-{name}"), &id]).status().expect("kill runs").success());
    }

    /// Waits until files are there.
    fn until(&mut self, files: &[PathBuf]) {
        let began = Instant::now();
        while !files.iter().all(|file| file.exists()) {
            let child = self.child.as_mut().expect("it runs");
            assert!(child.try_wait().expect("asked").is_none(), "it has ended");
            assert!(began.elapsed() < PATIENCE, "nothing happened");
            std::thread::yield_now();
        }
    }

    /// The exit code and stderr.
    fn end(mut self) -> (Option<i32>, String) {
        let ended = self.child.take().expect("it runs").wait_with_output().expect("ends");
        (ended.status.code(), String::from_utf8_lossy(&ended.stderr).into_owned())
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = Command::new("kill").arg(child.id().to_string()).status();
            let _ = child.wait();
        }
    }
}

/// Whether it is said that a run was interrupted, and no verdict on it. The log may tell of links whose server has gone.
fn is_cut_short(words: &str) -> bool {
    words.contains("interrupted\n") && !words.contains("FAIL") && !words.contains("ERROR")
}

/// Whether these tests, and so what they start, are to outlive their terminal.
fn hangup_is_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).unwrap_or("0");
    u64::from_str_radix(mask.trim(), 16).is_ok_and(|mask| mask & 1 != 0)
}

#[test]
fn a_signal_leaves_no_process_and_no_port_behind_whatever_they_ignore() {
    for (signals, code) in [(&["INT"][..], 130), (&["TERM"], 143), (&["HUP"], 129), (&["TERM", "INT"], 130)] {
        if signals == ["HUP"] && hangup_is_ignored() {
            continue;
        }
        let folder = Folder::with(&[]);
        let info = folder.path().join("info");
        std::fs::write(folder.path().join("case.toml"), stubborn(info.to_str().expect("a path"), ""))
            .expect("written");
        let mut run = Run::start(&folder, &[]);
        run.until(&[info.clone(), info.with_extension("busy")]);
        signals.iter().for_each(|signal| run.signal(signal));
        let (ended, words) = run.end();
        assert!(
            ended == Some(code) || (signals.len() == 2 && ended == Some(143)),
            "{signals:?}: {ended:?} {words}"
        );
        assert!(is_cut_short(&words), "{words}");
        Told::read(&info).assert_gone(&format!("{signals:?}: {ended:?} {words}"));
    }
}

#[test]
fn a_signal_ends_the_processes_of_all_jobs() {
    let folder = Folder::with(&[]);
    let infos: Vec<PathBuf> = (0..3).map(|job| folder.path().join(format!("info-{job}"))).collect();
    for (job, info) in infos.iter().enumerate() {
        let text = stubborn(info.to_str().expect("a path"), "");
        std::fs::write(folder.path().join(format!("{job}.toml")), text).expect("written");
    }
    let mut run = Run::start(&folder, &["--jobs", "3"]);
    run.until(&infos);
    run.signal("TERM");
    let (ended, words) = run.end();
    assert!(ended == Some(143) && is_cut_short(&words), "{ended:?} {words}");
    infos.iter().for_each(|info| Told::read(info).assert_gone(&words));
}

#[test]
fn a_scenario_that_times_out_or_fails_leaves_nothing_behind() {
    for (ends, words) in [
        ("timeout = \"3s\"", "failed: timed out after 3s in step `long`"),
        (
            "[[step]]\nrun = { command = [\"sh\", \"-c\", \"exit 1\"] }",
            "failed: run `run` ended with exit code 1, and not 0",
        ),
        ("[[step]]\nrun = { command = [\"./missing\"] }", "error: run.run: start ./missing: "),
    ] {
        let folder = Folder::with(&[]);
        let info = folder.path().join("info");
        let text = stubborn(info.to_str().expect("a path"), ends);
        std::fs::write(folder.path().join("case.toml"), text).expect("written");
        folder.run(&[]).code(predicate::in_iter([1, 3])).stderr(predicate::str::contains(words));
        Told::read(&info).assert_gone(words);
    }
}

#[test]
fn a_process_that_ends_before_it_is_ready_fails_with_its_code_and_its_last_lines() {
    let text = "scenario = 1\n[process.app]\ncommand = [\"sh\", \"-c\", \"echo no license >&2; exit 4\"]\nready = { stdout = \"up\" }\n";
    run(text, &[])
        .code(1)
        .stderr(predicate::str::contains(
            "failed: process `app` ended with exit code 4 before it was ready\n",
        ))
        .stderr(predicate::str::contains("last lines of process.app:\n  no license\n"));
}

#[test]
fn a_process_that_does_not_get_ready_in_time_fails_with_what_was_waited_for() {
    let of = |ready: &str| {
        format!(
            "scenario = 1\n[process.app]\ncommand = [\"sh\", \"-c\", \"echo up; : {{port.app}}; exec sleep 1000\"]\nready = {{ {ready}, within = \"50ms\" }}\n"
        )
    };
    for (ready, words) in [
        ("stderr = \"up\"", "process `app` was not ready within 50ms: no line on stderr with `up`"),
        (
            "tcp = \"127.0.0.1:{port.app}\"",
            "process `app` was not ready within 50ms: no connection to 127.0.0.1:",
        ),
        (
            "http = \"http://127.0.0.1:{port.app}/up\"",
            "within 50ms: no answer with a status of 2xx or 3xx from http://127.0.0.1:",
        ),
    ] {
        run(&of(ready), &[]).code(1).stderr(predicate::str::contains(words));
    }
    let slow = of("stderr = \"up\"")
        .replace("50ms", "1h")
        .replace("scenario = 1", "scenario = 1\ntimeout = \"100ms\"");
    run(&slow, &[])
        .code(1)
        .stderr(predicate::str::contains("timed out after 100ms waiting for process `app` to be ready"));
}

#[test]
fn a_server_is_ready_over_http_when_its_status_says_so() {
    let squall = assert_cmd::cargo::cargo_bin!("squall").display().to_string();
    let of = |status: u16| {
        format!(
            "scenario = 1\n[process.app]\ncommand = ['{squall}', \"echo\", \"--http\", \"127.0.0.1:{{port.app}}\"]\n\
             ready = {{ http = \"http://127.0.0.1:{{port.app}}/?status={status}\", within = \"3s\" }}\n"
        )
    };
    run(&of(204), &[]).success();
    run(&of(503), &[])
        .code(1)
        .stderr(predicate::str::contains("was not ready within 3s: no answer with a status"));
}

#[test]
fn a_load_goes_to_a_process_itself() {
    let squall = assert_cmd::cargo::cargo_bin!("squall").display().to_string();
    let text = format!(
        "scenario = 1\n[process.app]\ncommand = ['{squall}', \"echo\", \"--http\", \"127.0.0.1:{{port.app}}\"]\n\
         ready = {{ http = \"http://localhost:{{port.app}}/\", within = \"30s\" }}\n\
         [[step]]\nname = \"posts\"\n\
         load = {{ target = \"process.app\", connections = 2, requests = 20, http = \"/raw\", size = \"1-900\", expect_echo = true }}\n\
         [[step]]\nstop = \"process.app\"\n\
         [[step]]\nname = \"away\"\n\
         load = {{ target = \"process.app\", requests = 1, http = \"/raw\", timeout = \"10ms\" }}\n"
    );
    let report = report(&text, 0);
    let (posts, away) = (&report["counts"]["load"]["posts"], &report["counts"]["load"]["away"]);
    assert_eq!((&posts["ok"], &posts["integrity"]["corrupt"]), (&20.into(), &0.into()), "{report:#}");
    assert_eq!((&away["failed"], &away["errors"]["refused"]), (&1.into(), &1.into()), "{report:#}");
}

#[test]
fn a_process_that_ends_in_mid_run_fails_the_scenario_unless_a_step_ends_it() {
    let text = r#"
scenario = 1
[process.app]
command = ["sh", "-c", "until test -f go; do sleep 0.01; done; echo oops >&2; kill -9 $$"]
[[step]]
run = { command = ["touch", "go"] }
[[step]]
name = "idle"
sleep = "50s"
"#;
    run(text, &[])
        .code(1)
        .stderr(predicate::str::contains(
            "failed: process `app` was ended by signal 9 while the scenario ran\n",
        ))
        .stderr(predicate::str::contains("last lines of process.app:\n  oops\n"));
    let ended = text
        .replace("sleep = \"50s\"", "sleep = \"1ms\"")
        .replace("run = { command = [\"touch\", \"go\"] }", "stop = \"process.app\"");
    run(&ended, &[]).success();
}

#[test]
fn a_command_is_judged_by_its_exit_code() {
    let of = |script: &str, exit: &str| {
        format!(
            "scenario = 1\n[[step]]\nname = \"it\"\nrun = {{ command = [\"sh\", \"-c\", '{script}'], {exit} }}\n"
        )
    };
    let passed = report(&of("echo out; echo err >&2; exit 22", "exit = 22"), 0);
    assert_eq!(passed["counts"]["run"]["it"]["exit"], 22);
    assert!(passed["timing"]["run"]["it"]["elapsed_ns"].is_u64());
    let lines = passed["output"]["run.it"].as_array().expect("its lines");
    assert!(lines.contains(&"out".into()) && lines.contains(&"err".into()), "{lines:?}");
    let failed = report(&of("exit 3", "exit = [0, 22]"), 1);
    assert_eq!(failed["reason"][0], "run `it` ended with exit code 3, and not 0 or 22");
    assert_eq!(failed["timing"]["run"]["it"]["exit"], 3);
    let late = report(&of("sleep 1000", "timeout = \"50ms\""), 1);
    assert_eq!(late["reason"][0], "run `it` did not end within 50ms");
}

#[test]
fn a_command_in_the_background_can_be_waited_for_and_is_judged_when_it_is_joined() {
    let text = r#"
scenario = 1
[[step]]
name = "it"
run = { command = ["sh", "-c", "until test -f go; do sleep 0.01; done; exit 5"] }
background = true
[[step]]
run = { command = ["touch", "go"] }
[[step]]
wait = { that = "run.it.exit == 5", within = "20s" }
"#;
    run(text, &[])
        .code(1)
        .stderr(predicate::str::contains("failed: run `it` ended with exit code 5, and not 0\n"));
    let joined = text.replace("exit 5\"]", "exit 5\"], exit = 5") + "[[step]]\njoin = \"it\"\n";
    run(&joined, &[]).success();
}

#[test]
fn a_program_that_is_not_installed_is_unsupported_and_a_missing_file_is_not() {
    let process = "scenario = 1\n[process.app]\ncommand = [\"squall-has-no-such-program\"]\n";
    let step = "scenario = 1\n[[step]]\nrun = { command = [\"squall-has-no-such-program\"] }\n";
    let required = "scenario = 1\nrequires = [\"sh\", \"squall-has-no-such-program\"]\n";
    for (text, what) in [(process, "process.app"), (step, "run.run"), (required, "requires")] {
        let words = format!("error: {what}: `squall-has-no-such-program` is not installed\n");
        run(text, &[]).code(3).stderr(predicate::str::contains(words));
        run(text, &["--skip-unsupported"]).success().stderr(predicate::str::starts_with("skip "));
    }
    let file = "scenario = 1\n[process.app]\ncommand = [\"./not-built\"]\n";
    let words = "error: process.app: start ./not-built: ";
    run(file, &["--skip-unsupported"]).code(3).stderr(predicate::str::contains(words));
}

#[test]
fn a_program_runs_in_the_folder_of_the_file_with_what_it_is_told() {
    let text = r#"
scenario = 1
[echo.e]
[link.api]
upstream = "echo.e"
[process.app]
command = ["sleep", "1000"]
port = "{port.app}"
[[step]]
run = { command = ["sh", "-c", 'test -f case.toml && test "$A" = "{link.api.host}:{link.api.port} {echo.e.addr} {process.app.port} {x}" && echo $A >told'], env = { A = "{link.api.addr} {echo.e.addr} {port.app} {x}" } }
[[step]]
run = { command = ["./sub/program"], cwd = "." }
"#;
    let folder = Folder::with(&[("case.toml", text)]);
    std::fs::create_dir(folder.path().join("sub")).expect("made");
    std::fs::copy("/bin/pwd", folder.path().join("sub/program")).expect("copied");
    folder.run(&[]).success();
    let told = std::fs::read_to_string(folder.path().join("told")).expect("it ran");
    assert!(told.starts_with("127.0.0.1:") && told.ends_with(" {x}\n"), "{told}");
}
