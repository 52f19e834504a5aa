//! `squall run`: every scenario that a file names has a report with its result, also where it did not run.

use crate::json_schema::mistakes;
use crate::process::squall;
use crate::run::PASSING;
use assert_cmd::assert::Assert;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};

const MISSING: &str =
    "scenario = 1\nname = \"wants a program\"\nseed = 5\nrequires = \"squall-has-no-such-program\"\n";
const WHY: &str = "requires: `squall-has-no-such-program` is not installed";

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).expect("written");
    }
    folder
}

fn run(folder: &Path, arguments: &[&str]) -> Assert {
    let mut command = squall();
    command.arg("run").args(arguments).current_dir(folder);
    assert_cmd::Command::from_std(command).assert()
}

/// What went to stdout; every report in it is as the schema says.
fn reports(done: &Assert) -> Value {
    let schema = squall().args(["run", "--schema"]).output().expect("runs");
    let schema: Value = serde_json::from_slice(&schema.stdout).expect("a schema");
    let all: Value = serde_json::from_slice(&done.get_output().stdout).expect("JSON");
    let each = all.as_array().cloned().unwrap_or_else(|| vec![all.clone()]);
    for report in each.iter().filter(|report| !report.is_null()) {
        assert_eq!(mistakes(&schema, report), Vec::<String>::new());
    }
    all
}

#[test]
fn what_this_machine_cannot_do_is_reported_as_unsupported_also_where_it_is_passed_over() {
    let dir = folder(&[("case.toml", MISSING)]);
    let failing = run(dir.path(), &["case.toml", "--json", "--junit", "j.xml", "--html", "p.html"]).code(3);
    let report = reports(&failing);
    assert_eq!(report["result"], "unsupported");
    assert_eq!(report["reason"], json!([WHY]));
    assert_eq!((&report["scenario"], &report["seed"]), (&"wants a program".into(), &5.into()));
    assert_eq!((&report["counts"], &report["timing"]), (&json!({}), &json!({})));
    assert_eq!(report["expectations"], json!([]));
    let junit = std::fs::read_to_string(dir.path().join("j.xml")).expect("a report");
    for part in ["testcase name=\"wants a program\"", "<property name=\"seed\" value=\"5\"/>"] {
        assert!(junit.contains(part), "{part}: {junit}");
    }
    assert!(junit.contains(&format!("<error message=\"error: {WHY}\">")), "{junit}");
    let page = std::fs::read_to_string(dir.path().join("p.html")).expect("a page");
    assert!(page.contains("<h2>Why it did not run</h2>") && page.contains("<bdi>wants a program</bdi></h1>"));
    let over = run(dir.path(), &["case.toml", "--skip-unsupported", "--json", "--junit", "j.xml"]).success();
    assert_eq!(reports(&over), report);
    let junit = std::fs::read_to_string(dir.path().join("j.xml")).expect("a report");
    assert!(junit.contains(&format!("<skipped message=\"error: {WHY}\">")), "{junit}");
}

#[test]
fn a_scenario_that_could_not_run_is_reported_as_an_error() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("binds");
    let listen = format!("listen = \"{}\"\nupstream", taken.local_addr().expect("an address"));
    let text = PASSING.replace("virtual", "real").replace("upstream", &listen).replace("max ==", "max >=");
    let dir = folder(&[("case.toml", &text)]);
    let done = run(dir.path(), &["case.toml", "--json", "--skip-unsupported"]).code(3);
    let report = reports(&done);
    assert_eq!((&report["result"], &report["clock"]), (&"error".into(), &"real".into()));
    let reason = report["reason"][0].as_str().expect("a reason");
    assert!(reason.starts_with("link.api: listen 127.0.0.1:"), "{reason}");
}

#[test]
fn what_should_be_a_snapshot_and_is_none_is_an_error_with_the_counts_of_the_run() {
    let text = format!("{PASSING}[snapshot]\n");
    let dir = folder(&[("case.toml", &text), ("case.snap.json", "{")]);
    let report = reports(&run(dir.path(), &["case.toml", "--json"]).code(2));
    assert_eq!(report["result"], "error");
    assert_eq!(report["counts"]["link"]["api"]["bytes"]["up"], 30 * 2048);
    assert!(report["reason"][0].as_str().is_some_and(|why| why.contains("is not a snapshot")), "{report}");
}

#[test]
fn a_file_that_is_no_scenario_has_no_report() {
    let dir = folder(&[("a.toml", "scenario = 2\n"), ("b.toml", MISSING), ("c.toml", PASSING)]);
    let all = reports(&run(dir.path(), &[".", "--json"]).code(2));
    let results: Vec<&Value> = all.as_array().expect("a list").iter().map(|each| &each["result"]).collect();
    assert_eq!(results, ["unsupported", "pass"]);
    assert_eq!(reports(&run(dir.path(), &["a.toml", "--json"]).code(2)), Value::Null);
    // What a run before this one has left must not be taken for its report.
    std::fs::write(dir.path().join("r.json"), "{ \"result\": \"pass\" }").expect("written");
    run(dir.path(), &["a.toml", "--json=r.json"]).code(2);
    assert_eq!(std::fs::read_to_string(dir.path().join("r.json")).expect("written"), "null\n");
}

/// Its command makes a connection in the first run, and none in those after it.
fn once() -> String {
    let squall = assert_cmd::cargo::cargo_bin!("squall").display().to_string();
    format!(
        r#"
scenario = 1
[echo.backend]
[link.api]
upstream = "echo.backend"
[[step]]
run = {{ command = ["sh", "-c", 'if mkdir been; then "$0" load "$1" -c 1 -n 1; fi', '{squall}', "tcp://{{link.api.addr}}"] }}
"#
    )
}

#[test]
fn a_round_that_counted_something_else_has_failed_in_every_report() {
    let dir = folder(&[("case.toml", &once())]);
    let options = ["case.toml", "--repeat", "2", "--json", "--html", "p.html", "--junit", "j.xml"];
    let done = run(dir.path(), &options).code(1);
    let all = reports(&done);
    assert_eq!((&all[0]["result"], &all[0]["reason"]), (&"pass".into(), &json!([])));
    let why = "round 2 counted something else than the first";
    assert_eq!((&all[1]["result"], &all[1]["reason"]), (&"fail".into(), &json!([why])));
    let words = String::from_utf8_lossy(&done.get_output().stderr).into_owned();
    assert_eq!(words.matches(&format!("failed: {why}\ncounts, from the first")).count(), 1, "{words}");
    let page = std::fs::read_to_string(dir.path().join("p.html")).expect("a page");
    assert_eq!(page.matches(&format!("<li><bdi>{why}</bdi></li>")).count(), 1);
    let junit = std::fs::read_to_string(dir.path().join("j.xml")).expect("a report");
    assert!(junit.contains(&format!("<failure message=\"failed: {why}\">")), "{junit}");
}

#[test]
fn annotations_name_a_scenario_that_did_not_run() {
    let dir = folder(&[("case.toml", MISSING)]);
    let mut command = squall();
    command.args(["run", "case.toml"]).current_dir(dir.path());
    command.env("GITHUB_ACTIONS", "true").env("GITHUB_STEP_SUMMARY", dir.path().join("s.md"));
    let out = command.output().expect("runs");
    let words = String::from_utf8_lossy(&out.stderr).into_owned();
    assert!(words.contains("::error file=case.toml,title=wants a program::error: requires: "), "{words}");
    let summary = std::fs::read_to_string(dir.path().join("s.md")).expect("a summary");
    assert!(summary.contains("| **could not run** | wants a program | 5 |"), "{summary}");
}

const FAILING: &str = "scenario = 1\n[[step]]\nrun = { command = [\"false\"] }\n";

#[test]
fn a_summary_that_cannot_be_written_hides_no_verdict() {
    let dir = folder(&[("pass.toml", PASSING), ("fail.toml", FAILING), ("no.toml", "scenario = 2\n")]);
    for (file, code) in [("pass.toml", 3), ("fail.toml", 1), ("no.toml", 2)] {
        let mut command = squall();
        command.args(["run", file, "--json=r.json"]).current_dir(dir.path());
        command.env("GITHUB_ACTIONS", "true").env("GITHUB_STEP_SUMMARY", "/nonexistent/s.md");
        let out = command.output().expect("runs");
        let words = String::from_utf8_lossy(&out.stderr).into_owned();
        assert_eq!(out.status.code(), Some(code), "{words}");
        assert!(words.contains("error: cannot write /nonexistent/s.md: "), "{words}");
        // The other reports are written all the same.
        assert!(std::fs::read_to_string(dir.path().join("r.json")).is_ok_and(|text| text.ends_with('\n')));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_report_that_cannot_be_written_hides_no_verdict() {
    let dir = folder(&[("pass.toml", PASSING), ("fail.toml", FAILING)]);
    run(dir.path(), &["pass.toml", "--json=/dev/full"]).code(3);
    run(dir.path(), &["fail.toml", "--json=/dev/full", "--junit", "j.xml"]).code(1);
    assert!(std::fs::read_to_string(dir.path().join("j.xml")).is_ok_and(|text| text.contains("<failure")));
}

#[test]
fn a_report_takes_the_place_of_no_scenario_and_no_snapshot() {
    let dir = folder(&[("case.toml", PASSING), ("case.snap.json", "{}")]);
    std::os::unix::fs::symlink("case.toml", dir.path().join("link")).expect("a link");
    for target in ["./case.toml", "link", "case.snap.json"] {
        for option in ["--json=", "--junit=", "--html=", "--decisions="] {
            run(dir.path(), &["case.toml", &format!("{option}{target}")]).code(2);
        }
    }
    run(dir.path(), &["case.toml", "--json=r", "--junit=./r"]).code(2);
    let left = |name: &str| std::fs::read_to_string(dir.path().join(name)).expect("readable");
    assert_eq!((left("case.toml").as_str(), left("case.snap.json").as_str()), (PASSING, "{}"));
}

#[test]
fn what_an_earlier_run_has_reported_is_not_taken_for_one_that_was_cut_short() {
    let text = "scenario = 1\n[[step]]\nrun = { command = [\"sh\", \"-c\", \"echo here; exec sleep 1000\"], output = \"inherit\" }\n";
    let dir = folder(&[("case.toml", text), ("r.json", "old"), ("r.xml", "old"), ("r.html", "old")]);
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let mut command = squall();
        command.args(["run", "case.toml", "--json=r.json", "--junit=r.xml", "--html=r.html"]);
        command.current_dir(dir.path()).stdin(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("starts");
        let mut lines = BufReader::new(child.stderr.take().expect("a pipe")).lines();
        assert_eq!(lines.next().and_then(Result::ok).as_deref(), Some("run | here"));
        let sent = Command::new("kill").args([&format!("-{signal}"), &child.id().to_string()]).status();
        assert!(sent.expect("kill runs").success());
        assert_eq!(lines.next().and_then(Result::ok).as_deref(), Some("interrupted"));
        assert_eq!(child.wait().expect("ends").code(), Some(code));
        for name in ["r.json", "r.xml", "r.html"] {
            assert_eq!(std::fs::read_to_string(dir.path().join(name)).expect("readable"), "", "{name}");
        }
    }
}
