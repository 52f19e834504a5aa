//! `squall exec`: what a command is told of its links, and what is told of both.

use crate::process::*;
use serde_json::Value;
use std::process::{Command, Output, Stdio};

/// Runs a command line of `squall exec` to its end.
pub(crate) fn exec(args: &[&str]) -> Output {
    squall().arg("exec").args(args).stdin(Stdio::null()).output().expect("runs")
}

pub(crate) fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("text")
}

fn program() -> &'static str {
    assert_cmd::cargo::cargo_bin!("squall").to_str().expect("a path")
}

#[test]
fn a_command_talks_through_its_link_and_the_faults_are_counted() {
    let (_echo, upstream) = echo();
    let folder = tempfile::tempdir().expect("a folder");
    let json = format!("--json={}", folder.path().join("json").display());
    let link = format!("db={upstream}");
    let load = ["--", program(), "load", "tcp://{db}", "-n", "5", "--size", "100B"];
    let ran =
        exec(&[&["--link", &link, "--fault", "db:latency:20ms", "--seed", "7", &json], &load[..]].concat());
    assert_eq!(ran.status.code(), Some(0), "{}", text(&ran.stderr));
    assert!(text(&ran.stdout).contains("5 ok, 0 failed of 5"), "{}", text(&ran.stdout));
    let summary =
        format!("squall: link db to {upstream}: 1 connection; 500B up, 500B down; fired: latency 1\n");
    assert!(text(&ran.stderr).contains(&summary), "{}", text(&ran.stderr));
    assert!(text(&ran.stderr).contains(", seed 7\n"));
    let report = std::fs::read_to_string(folder.path().join("json")).expect("a report");
    let report: Value = serde_json::from_str(&report).expect("JSON");
    assert_eq!(
        (&report["schema"], &report["exit"], &report["seed"]),
        (&"squall.exec/1".into(), &0.into(), &7.into())
    );
    let counts = &report["counts"]["link"]["db"];
    assert_eq!((&counts["bytes"]["up"], &counts["closes"]["fin"]), (&500.into(), &1.into()));
    assert_eq!(counts["faults"]["latency"]["fired"], 1);
    assert_eq!(
        (&report["link"]["db"]["upstream"], &report["warnings"]),
        (&upstream.to_string().into(), &Value::Array(vec![]))
    );
}

/// A pipe that nobody reads any more.
fn unread() -> std::io::PipeWriter {
    std::io::pipe().expect("a pipe").1
}

#[test]
fn the_exit_code_is_the_commands_own() {
    let folder = tempfile::tempdir().expect("a folder");
    let plain = folder.path().join("plain");
    std::fs::write(&plain, "no program").expect("written");
    let plain = plain.to_str().expect("a path");
    for (command, code) in [
        (&["true"][..], 0),
        (&["sh", "-c", "exit 7"], 7),
        (&["sh", "-c", "kill -9 $$"], 137),
        (&["sh", "-c", "kill -TERM $$"], 143),
        (&["there-is-no-such-command"], 127),
        (&[plain], 126),
    ] {
        let ran = exec(&[&["--link", "db=:1", "--"], command].concat());
        assert_eq!(ran.status.code(), Some(code), "{command:?}: {}", text(&ran.stderr));
    }
}

#[test]
fn a_script_that_does_not_say_with_what_is_run_as_shells_do() {
    let folder = tempfile::tempdir().expect("a folder");
    // Written by another process: a file that somebody may still write to cannot be run.
    let write = r#"printf 'echo "$1 $DB_HOST"; exit 4' > script; printf '\0no script' > other; chmod +x script other"#;
    let wrote = Command::new("sh").args(["-c", write]).current_dir(&folder).status().expect("runs");
    assert!(wrote.success());
    let run = |words: &[&str]| {
        let mut exec = squall();
        exec.args(["exec", "--link", "db=:1", "--"]).args(words).current_dir(&folder);
        let path = std::env::join_paths([folder.path(), "/bin".as_ref()]).expect("a path");
        exec.env("PATH", path).stdin(Stdio::null()).output().expect("runs")
    };
    for name in ["./script", "script"] {
        let ran = run(&[name, "a b"]);
        assert_eq!((ran.status.code(), text(&ran.stdout)), (Some(4), "a b 127.0.0.1\n"), "{name}");
    }
    assert_eq!(run(&["./other"]).status.code(), Some(126));
}

#[test]
fn a_stderr_that_takes_nothing_changes_no_exit_code() {
    for (command, code) in [
        (&["sh", "-c", "exit 5"][..], 5),
        (&["sh", "-c", "kill -9 $$"], 137),
        (&["there-is-no-such-command"], 127),
    ] {
        let mut exec = squall();
        exec.args(["exec", "--link", "db=:1", "--"]).args(command).stderr(unread());
        assert_eq!(exec.status().expect("runs").code(), Some(code), "{command:?}");
    }
}

#[test]
fn what_squall_cannot_do_is_told_with_125() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("binds");
    let taken = format!("db={}=:1", taken.local_addr().expect("an address"));
    for (args, told) in [
        (&["--", "true"][..], "--link <SPEC>|--any"),
        (&["--link", "db=:1"], "<COMMAND>"),
        (&["--lnk", "db=:1", "--", "true"], "unexpected argument"),
        (&["--link", "db=nowhere", "--", "true"], "missing port"),
        (&["--upstream", ":1", "--any", "--", "true"], "needs a name"),
        (&["--link", "api-db=:1", "--link", "API_DB=:2", "--", "true"], "would both be API_DB_ADDR"),
        (&["--link", "any=:1", "--any", "--", "true"], "two links are named `any`"),
        (&["--link", "db=:1", "--fault", "api:latency:1ms", "--", "true"], "there is no link `api`"),
        (&["--link", "db=:1", "--env", "x", "--", "true"], "NAME=VALUE"),
        (&["--link", &taken, "--", "true"], "address already in use"),
        (&["--link", "db=:1", "--json=/no/such/folder", "--", "true"], "cannot write /no/such/folder"),
    ] {
        let ran = exec(args);
        let err = text(&ran.stderr);
        assert!(ran.status.code() == Some(125) && err.contains(told), "{args:?}: {err}");
    }
    assert_eq!(exec(&["--help"]).status.code(), Some(0));
}

#[test]
fn variables_and_places_name_the_links() {
    let script = r#"echo "$API_DB_ADDR $API_DB_HOST:$API_DB_PORT $0 $1 $URL $DB_HOST""#;
    let ran = exec(&[
        "-q",
        "--link",
        "api-db=:1",
        "--link",
        "db=0.0.0.0:0=:2",
        "--env",
        "URL=x://{api-db}/{other}",
        "sh",
        "-c",
        script,
        "{api-db}",
        "{api-db.host}:{api-db.port}",
    ]);
    let out = text(&ran.stdout).trim_end();
    let mut words: Vec<&str> = out.split(' ').collect();
    assert_eq!(words.pop(), Some("127.0.0.1"), "a link on all addresses is reached on this one");
    let url = words.pop().expect("a word");
    let addr: std::net::SocketAddr = words[0].parse().expect("an address");
    assert!(words.iter().all(|word| *word == addr.to_string()), "{out}");
    assert_eq!(url, format!("x://{addr}/{{other}}"));
    let ran = exec(&["-q", "--link", "db=:1", "--env", "DB_ADDR=mine", "--", "sh", "-c", "echo $DB_ADDR"]);
    assert_eq!(text(&ran.stdout), "mine\n");
}

#[test]
fn the_commands_streams_are_its_own() {
    let mut child = squall();
    child.args(["exec", "-q", "--link", "db=:1", "--", "sh", "-c", "cat; echo mine >&2"]);
    let mut child =
        child.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("starts");
    let mut input = child.stdin.take().expect("a pipe");
    std::io::Write::write_all(&mut input, b"to be seen").expect("sent");
    drop(input);
    let ran = child.wait_with_output().expect("ends");
    assert_eq!(text(&ran.stdout), "to be seen");
    assert!(text(&ran.stderr).starts_with("mine\nsquall: warning: nobody connected to link `db`"));
}

#[test]
fn a_fault_that_never_fired_is_a_warning() {
    let (_echo, upstream) = echo();
    let link = format!("db={upstream}");
    let faults = [
        "--fault",
        "reset:1MiB",
        "--fault",
        "latency:1ms,optional=true,after=1MiB",
        "--preset",
        "wifi-lossy",
    ];
    let load = ["-q", "--", program(), "load", "tcp://{db}", "-n", "1"];
    let ran = exec(&[&["--link", &link], &faults[..], &load].concat());
    assert_eq!(text(&ran.stderr), "squall: warning: fault `reset` on link `db` never fired\n");
    assert_eq!(ran.status.code(), Some(0));
}

#[test]
fn datagrams_are_relayed_too() {
    let mut echo = Server::start(&["echo", "--udp", "127.0.0.1:0"]);
    let upstream = echo.ready("squall echo listening on udp:");
    let link = format!("dns=udp:{upstream}");
    let ran = exec(&["--link", &link, "--", program(), "load", "udp://{dns}", "-n", "3", "--size", "50B"]);
    let saw = "1 client; 150B up, 150B down in 3 and 3 datagrams, 0 dropped";
    assert!(text(&ran.stderr).contains(saw), "{}", text(&ran.stderr));
}

#[test]
fn the_same_seed_decides_the_same() {
    let (_echo, upstream) = echo();
    let (folder, link) = (tempfile::tempdir().expect("a folder"), format!("db={upstream}"));
    let decide = |name: &str, options: &[&str]| {
        let path = folder.path().join(name);
        let log = [
            "--link",
            &link,
            "--decisions",
            path.to_str().expect("a path"),
            "--fault",
            "reset:p=40%,within=3000",
        ];
        let load = ["--", program(), "load", "tcp://{db}", "-n", "30", "--per-conn", "1", "--size", "4KiB"];
        exec(&[&log[..], options, &load].concat());
        std::fs::read_to_string(path).expect("decisions")
    };
    let first = decide("first", &["--seed", "3"]);
    assert!(first.lines().count() > 1, "{first}");
    assert_eq!(decide("second", &["--seed", "3"]), first);
    let log = folder.path().join("first");
    assert_eq!(decide("third", &["--replay", log.to_str().expect("a path")]), first);
}

#[test]
fn events_are_told_apart_from_what_the_command_says() {
    let (_echo, upstream) = echo();
    let link = format!("db={upstream}");
    let ran = exec(&["--link", &link, "--log-events", "--", program(), "load", "tcp://{db}", "-n", "1"]);
    assert!(text(&ran.stderr).contains("[METRICS] ConnectionOpened 127.0.0.1:"), "{}", text(&ran.stderr));
    assert!(!text(&ran.stdout).contains("[METRICS]"));
}

#[test]
fn a_command_has_the_limits_that_it_would_have_had() {
    let line = r#"ulimit -S -n 200; exec "$0" exec -q --link db=:1 -- sh -c 'ulimit -S -n'"#;
    let ran = std::process::Command::new("sh")
        .args(["-c", line, program()])
        .stdin(Stdio::null())
        .output()
        .expect("runs");
    assert_eq!(text(&ran.stdout), "200\n", "{}", text(&ran.stderr));
}
