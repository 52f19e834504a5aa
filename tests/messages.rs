//! What commands say where something is not as it should be: the cause first, and what to do.

use crate::process::*;
use crate::run::{PASSING, run, scenario};
use predicates::prelude::*;
use std::fs;
use std::net::SocketAddr;
use std::process::Output;

/// A scenario whose faults wait for a server that is not there.
const DEAD: &str = r#"
scenario = 1
[link.far]
upstream = "link.api"
[[link.far.fault]]
name = "slow"
latency = "5ms"
[link.api]
upstream = "127.0.0.1:1"
[[link.api.fault]]
reset = "1KiB"
[[step]]
load = { target = "link.far", connections = 1, requests = 3, size = "100B" }
"#;

fn words(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_server_that_is_not_there_is_the_cause_and_its_faults_are_not() {
    let (_dir, path) = scenario(DEAD);
    let told = words(run(&path, &[]).code(1).get_output());
    let first = told.lines().nth(1).unwrap_or_default();
    let cause = "failed: link `api`: upstream 127.0.0.1:1 could not be reached (";
    assert!(first.starts_with(cause) && first.ends_with("connection refused"), "{told}");
    assert!(!told.contains("never fired"), "{told}");
}

/// The same, where the faults need not fire.
fn lenient() -> String {
    DEAD.replace("latency =", "optional = true\nlatency =").replace("reset =", "optional = true\nreset =")
}

#[test]
fn a_server_that_is_not_there_comes_before_what_was_expected() {
    for that in ["load.load.ok == 3", "link.far.bytes.down > 1B"] {
        let (_dir, path) = scenario(&format!("{}\n[[expect]]\nthat = \"{that}\"\n", lenient()));
        let told = words(run(&path, &[]).code(1).get_output());
        let at = |part: &str| told.find(part).unwrap_or_else(|| panic!("no `{part}`: {told}"));
        assert!(at("could not be reached") < at(&format!("expected `{that}`, found 0")), "{told}");
    }
}

#[test]
fn a_server_that_may_be_away_is_no_failure() {
    let (_dir, path) = scenario(&lenient());
    run(&path, &[]).success();
}

#[test]
fn a_server_that_may_be_away_is_no_reason_for_what_goes_wrong_elsewhere() {
    let other =
        "[echo.backend]\n[link.good]\nupstream = \"echo.backend\"\n[[link.good.fault]]\nreset = \"1GiB\"\n";
    let (_dir, path) = scenario(&format!("{}\n{other}", lenient()));
    let told = words(run(&path, &[]).code(1).get_output());
    assert!(
        told.contains("fault `reset` on link `good` never fired") && !told.contains("reached ("),
        "{told}"
    );
}

#[test]
fn a_load_that_did_not_come_to_its_end_is_named() {
    let stuck = PASSING
        .replace("clock", "timeout = \"2s\"\nclock")
        .replace("latency = \"5ms\"", "bandwidth = \"0B/s\"");
    let (_dir, path) = scenario(&format!(
        "{stuck}\n[[expect]]\nthat = \"load.later.ok == 1\"\n[[expect]]\nthat = \"step.load.elapsed < 1s\"\n"
    ).replace("[[expect]]\nthat = \"load.load", "[[step]]\nname = \"later\"\nload = { target = \"link.api\", requests = 1, size = \"1B\" }\n[[expect]]\nthat = \"load.load"));
    run(&path, &[])
        .code(1)
        .stderr(predicate::str::contains(
            "`load.load.latency.max == 5ms`, found nothing: `load` did not finish",
        ))
        .stderr(predicate::str::contains("`step.load.elapsed < 1s`, found nothing: `load` did not finish"))
        .stderr(predicate::str::contains("`load.later.ok == 1`, found nothing: `later` did not begin"));
}

#[test]
fn an_annotation_is_at_the_expectation_and_says_once_how_to_see_it_again() {
    let failing = PASSING.replace("max == 5ms", "max == 6ms");
    let (dir, path) = scenario(&failing);
    let line = 1 + failing.lines().position(|line| line.starts_with("that =")).expect("an expectation");
    let mut command = squall();
    command
        .args(["run", &path])
        .env("GITHUB_ACTIONS", "true")
        .env("GITHUB_STEP_SUMMARY", dir.path().join("s.md"));
    let told = words(&command.output().expect("runs"));
    let annotation = told.lines().find(|line| line.starts_with("::error")).expect("an annotation");
    assert!(
        annotation.starts_with(&format!("::error file={path},line={line},title=case::failed: ")),
        "{annotation}"
    );
    assert_eq!(annotation.matches("squall run ").count(), 1, "{annotation}");
}

#[test]
fn files_of_one_name_are_told_apart_in_the_summary() {
    let dir = tempfile::tempdir().expect("a folder");
    for (file, name) in [("a.toml", "twin"), ("b.toml", "twin"), ("c.toml", "single")] {
        fs::write(dir.path().join(file), format!("name = \"{name}\"\n{}", PASSING)).expect("written");
    }
    let mut command = squall();
    command.args(["run", "."]).current_dir(dir.path());
    command.env("GITHUB_ACTIONS", "true").env("GITHUB_STEP_SUMMARY", dir.path().join("s.md"));
    command.output().expect("runs");
    let summary = fs::read_to_string(dir.path().join("s.md")).expect("a summary");
    for row in ["| twin (./a.toml) |", "| twin (./b.toml) |", "| single |"] {
        assert!(summary.contains(row), "{summary}");
    }
}

#[test]
fn without_scenarios_one_is_told_how_to_get_some() {
    let dir = tempfile::tempdir().expect("a folder");
    for command in ["run", "check"] {
        let output = squall().arg(command).current_dir(dir.path()).output().expect("runs");
        let told = "error: there is no folder `scenarios` here; `squall init` writes a first one\n";
        assert_eq!((output.status.code(), words(&output).as_str()), (Some(2), told));
    }
}

#[test]
fn a_check_without_mistakes_says_so() {
    let (dir, path) = scenario(PASSING);
    let checked = |path: &str| words(&squall().args(["check", path]).output().expect("runs"));
    assert_eq!(checked(&path), "1 file, no mistakes\n");
    fs::write(dir.path().join("other.toml"), PASSING).expect("written");
    assert_eq!(checked(dir.path().to_str().expect("a path")), "2 files, no mistakes\n");
    fs::write(dir.path().join("wrong.toml"), "scenario = 2").expect("written");
    assert!(!checked(dir.path().to_str().expect("a path")).contains("no mistakes"));
}

#[test]
fn a_load_without_an_answer_has_no_bytes_that_are_right() {
    let output =
        squall().args(["load", "127.0.0.1:1", "-n", "2", "--timeout", "200ms"]).output().expect("runs");
    let page = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(page.contains("nothing came back") && !page.contains("every byte right"), "{page}");
    let (_echo, addr) = echo();
    let output = squall().args(["load", &addr.to_string(), "-n", "2"]).output().expect("runs");
    assert!(String::from_utf8_lossy(&output.stdout).contains("every byte right"));
}

#[test]
fn a_threshold_with_a_baseline_says_what_its_limit_was() {
    let (_echo, addr) = echo();
    let dir = tempfile::tempdir().expect("a folder");
    let before = dir.path().join("before.json").display().to_string();
    let target = addr.to_string();
    squall().args(["load", &target, "-n", "10", &format!("--json={before}")]).output().expect("runs");
    let threshold = |that: &str| {
        let args = ["load", &target, "-n", "10", "--baseline", &before, "--threshold", that];
        String::from_utf8_lossy(&squall().args(args).output().expect("runs").stdout).into_owned()
    };
    let page = threshold("ok > baseline * 2");
    assert!(page.contains("`ok > baseline * 2` does not hold: found 10, limit 20 (baseline 10)"), "{page}");
    // A limit that is written there need not be said again.
    assert!(threshold("ok > 20").contains("`ok > 20` does not hold: found 10\n"));
}

/// A control server with a proxy `web`, and what one of its commands says.
fn control() -> (Server, impl Fn(&[&str]) -> (Option<i32>, String)) {
    let mut server = Server::start(&["serve", "-port", "0"]);
    let addr: SocketAddr = server.ready("squall control listening on ");
    let ctl = move |args: &[&str]| {
        let mut command = squall();
        let output = command.arg("ctl").args(args).env("TOXIPROXY_URL", format!("http://{addr}")).output();
        let output = output.expect("runs");
        let said = if output.status.success() { output.stdout } else { output.stderr };
        (output.status.code(), String::from_utf8(said).expect("text"))
    };
    assert_eq!(ctl(&["create", "web", "-l", "127.0.0.1:0", "-u", "127.0.0.1:1"]).0, Some(0));
    (server, ctl)
}

#[test]
fn a_second_toxic_is_told_how_to_get_a_name() {
    let (_server, ctl) = control();
    assert_eq!(ctl(&["add", "web", "reset:1KiB"]).0, Some(0));
    let (code, told) = ctl(&["add", "web", "reset:2KiB"]);
    let expected =
        "error: HTTP 409: toxic already exists; another one needs a name of its own: `name=` in the fault\n";
    assert_eq!((code, told.as_str()), (Some(1), expected));
    assert_eq!(ctl(&["add", "web", "reset:2KiB,name=later"]).0, Some(0));
    let noop = ["toxic", "add", "web", "-t", "noop"];
    assert_eq!(ctl(&noop).0, Some(0));
    let (_, told) = ctl(&noop);
    assert!(told.ends_with("; another one needs a name of its own: --name (-n)\n"), "{told}");
}

#[test]
fn a_toxic_for_both_directions_is_added_whole_or_not_at_all() {
    let (_server, ctl) = control();
    assert_eq!(ctl(&["toxic", "add", "web", "-t", "noop", "-n", "x_downstream"]).0, Some(0));
    let (code, told) = ctl(&["toxic", "add", "web", "-t", "noop", "-n", "x", "--both"]);
    assert_eq!(code, Some(1), "{told}");
    let (_, left) = ctl(&["--json", "inspect", "web"]);
    let left: serde_json::Value = serde_json::from_str(&left).expect("a proxy");
    let names: Vec<_> =
        left["toxics"].as_array().expect("toxics").iter().map(|toxic| &toxic["name"]).collect();
    assert_eq!(names, ["x_downstream"]);
}

#[test]
fn logging_comes_last_in_the_help_of_every_command() {
    for command in ["proxy", "exec", "balance", "load", "echo", "serve", "up", "run", "check", "bridge"] {
        let help = squall().args([command, "-h"]).output().expect("runs").stdout;
        let help = String::from_utf8(help).expect("text");
        let options: Vec<&str> = help
            .lines()
            .filter_map(|line| {
                line.split_whitespace().find(|word| word.starts_with("--")).filter(|_| line.starts_with("  "))
            })
            .collect();
        let logging = options.iter().position(|option| *option == "--log-format").expect("--log-format");
        let general = |option: &&str| !matches!(*option, "--help" | "--version");
        let behind: Vec<&str> = options[logging..].iter().copied().filter(general).collect();
        assert_eq!(behind, ["--log-format", "--log"], "{command}: {help}");
    }
}

#[test]
fn the_help_of_check_speaks_of_no_snapshots() {
    let help = squall().args(["check", "--help"]).output().expect("runs").stdout;
    assert!(!String::from_utf8_lossy(&help).contains("napshot"));
}

#[test]
fn the_last_events_name_the_fault_that_ended_a_connection() {
    let ending = |fault: &str| {
        let text = PASSING.replace("latency = \"5ms\"", &format!("name = \"bad-luck\"\n{fault}"));
        let (_dir, path) = scenario(&text);
        words(run(&path, &[]).code(1).get_output())
    };
    for reset in ["reset = \"1KiB\"", "reset = { at = \"1KiB\", flush = false }"] {
        let told = ending(reset);
        assert!(told.contains(" closed: reset by fault `bad-luck`"), "{told}");
    }
    let told = ending("timeout = \"50ms\"");
    assert!(told.contains(" closed: ended by fault `bad-luck`"), "{told}");
}
