//! `squall run`: verdicts, reports, exit codes.

use crate::process::squall;
use predicates::prelude::*;
use std::path::Path;

pub(crate) const PASSING: &str = r#"
scenario = 1
seed = 7
clock = "virtual"
[echo.backend]
[link.api]
upstream = "echo.backend"
[[link.api.fault]]
latency = "5ms"
[[step]]
load = { target = "link.api", connections = 3, requests = 30, size = "2KiB" }
[[expect]]
that = "load.load.latency.max == 5ms"
"#;

/// A scenario file in a folder of its own.
pub(crate) fn scenario(text: &str) -> (tempfile::TempDir, String) {
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("case.toml");
    std::fs::write(&file, text).expect("written");
    let path = file.to_str().expect("a path").to_owned();
    (dir, path)
}

pub(crate) fn run(path: &str, args: &[&str]) -> assert_cmd::assert::Assert {
    assert_cmd::Command::from_std(squall()).arg("run").arg(path).args(args).assert()
}

fn report(path: &str) -> serde_json::Value {
    let done = run(path, &["--json"]).code(predicate::in_iter([0, 1]));
    serde_json::from_slice(&done.get_output().stdout).expect("a report")
}

#[test]
fn a_passing_scenario_reports_counts_and_timing_apart() {
    let (_dir, path) = scenario(PASSING);
    let report = report(&path);
    assert_eq!(report["schema"], "squall.report/1");
    assert_eq!(
        (&report["result"], &report["seed"], &report["clock"]),
        (&"pass".into(), &7.into(), &"virtual".into())
    );
    assert_eq!(report["counts"]["link"]["api"]["bytes"]["up"], 30 * 2048);
    assert_eq!(report["counts"]["link"]["api"]["faults"]["latency"]["fired"], 3);
    assert_eq!(report["timing"]["load"]["load"]["latency"]["p99.9_ns"], 5_000_000);
    assert_eq!(report["expectations"][0]["actual"], "5ms");
}

#[test]
fn virtual_reports_are_byte_identical_timings_included() {
    let (_dir, path) = scenario(
        &PASSING.replace("5ms\"\n[[step]]", "5ms\"\njitter = 1\n[[step]]").replace("jitter = 1\n", ""),
    );
    let reports: Vec<_> =
        (0..3).map(|_| run(&path, &["--json"]).success().get_output().stdout.clone()).collect();
    assert!(reports.windows(2).all(|pair| pair[0] == pair[1]));
}

#[test]
fn both_clocks_count_the_same() {
    let (_dir, path) = scenario(PASSING);
    let in_virtual_time = report(&path);
    let real = PASSING.replace("\"virtual\"", "\"real\"").replace("max == 5ms", "min >= 5ms");
    let (_dir, path) = scenario(&real);
    assert_eq!(report(&path)["counts"], in_virtual_time["counts"]);
}

#[test]
fn an_expectation_that_does_not_hold_fails_with_what_was_found() {
    let (_dir, path) = scenario(&PASSING.replace("max == 5ms", "max == 6ms"));
    run(&path, &[])
        .code(1)
        .stderr(predicate::str::contains("failed: expected `load.load.latency.max == 6ms`, found 5ms"))
        .stderr(predicate::str::contains("seed 7; to see it again: squall run "))
        .stderr(predicate::str::contains("link.api  127.0.0.1:"));
}

#[test]
fn a_fault_that_never_fired_fails_unless_it_is_optional() {
    let idle = PASSING.replace("latency = \"5ms\"", "reset = \"1GiB\"").replace("max == 5ms", "max == 0ms");
    let (_dir, path) = scenario(&idle);
    run(&path, &[]).code(1).stderr(predicate::str::contains("fault `reset` on link `api` never fired"));
    let (_dir, path) = scenario(&idle.replace("reset =", "optional = true\nreset ="));
    run(&path, &[]).success();
}

#[test]
fn a_scenario_that_takes_too_long_fails_where_it_was() {
    let stuck = PASSING
        .replace("clock", "timeout = \"2s\"\nclock")
        .replace("latency = \"5ms\"", "bandwidth = \"0B/s\"");
    let (_dir, path) = scenario(&stuck);
    run(&path, &[]).code(1).stderr(predicate::str::contains("failed: timed out after 2s in step `load`"));
}

#[test]
fn a_wait_that_is_not_met_says_what_it_saw() {
    let waiting = PASSING.replace(
        "[[expect]]",
        "[[step]]\nwait = { that = \"link.api.bytes.up >= 1MiB\", within = \"3s\" }\n[[expect]]",
    );
    let (_dir, path) = scenario(&waiting);
    run(&path, &[])
        .code(1)
        .stderr(predicate::str::contains("waited 3s for `link.api.bytes.up >= 1MiB`: 60KiB"));
}

#[test]
fn a_port_that_is_taken_is_the_environments_fault() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("binds");
    let listen = format!("listen = \"{}\"\nupstream", taken.local_addr().expect("an address"));
    let (_dir, path) = scenario(
        &PASSING.replace("virtual", "real").replace("upstream", &listen).replace("max ==", "max >="),
    );
    run(&path, &[]).code(3).stderr(predicate::str::contains("link.api: listen 127.0.0.1:"));
}

#[test]
fn an_invalid_file_comes_before_a_failure_and_all_files_are_run() {
    let dir = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).expect("written");
    write("a-invalid.toml", "scenario = 2");
    write("b-fails.toml", &PASSING.replace("max == 5ms", "max == 6ms"));
    write("c-passes.toml", PASSING);
    let folder = dir.path().to_str().expect("a path");
    let done = run(folder, &["--json"])
        .code(2)
        .stderr(predicate::str::contains("FAIL").and(predicate::str::contains("pass")));
    let reports: serde_json::Value = serde_json::from_slice(&done.get_output().stdout).expect("a list");
    assert_eq!(reports.as_array().map(Vec::len), Some(2));
}

#[test]
fn another_seed_draws_other_faults() {
    let drawn = PASSING
        .replace("latency = \"5ms\"", "reset = { p = \"50%\", within = \"20KiB\" }")
        .replace("max == 5ms", "max == 0ms");
    let (_dir, path) = scenario(&drawn.replace("connections = 3", "connections = 30"));
    let failed = |seed: &str| {
        let done = run(&path, &["--json", "--seed", seed]).success();
        let report: serde_json::Value = serde_json::from_slice(&done.get_output().stdout).expect("a report");
        report["counts"]["load"]["load"].clone()
    };
    assert_eq!(failed("1"), failed("1"));
    assert_ne!(failed("1"), failed("2"));
}

/// Losses and resets that are drawn, so that there is something to decide.
fn drawn() -> String {
    PASSING
        .replace("latency = \"5ms\"", "reset = { p = \"50%\", within = \"20KiB\" }")
        .replace("connections = 3", "connections = 10")
        .replace("[[expect]]\nthat = \"load.load.latency.max == 5ms\"", "")
}

#[test]
fn decisions_are_written_down_and_made_again_with_another_seed() {
    let (dir, path) = scenario(&drawn());
    let log = dir.path().join("log.jsonl");
    let log = log.to_str().expect("a path");
    run(&path, &["--decisions", log]).success();
    let decisions = std::fs::read_to_string(log).expect("the log");
    assert!(decisions.lines().count() > 2, "{decisions}");
    assert!(decisions.lines().is_sorted_by_key(|line| {
        let decision: serde_json::Value = serde_json::from_str(line).expect("a decision");
        assert_eq!((&decision["link"], &decision["fault"]), (&"api".into(), &"reset".into()));
        decision["connection"]["worker"].as_u64()
    }));
    let counts = |args: &[&str]| {
        let done = run(&path, &[&["--json"], args].concat()).success();
        let report: serde_json::Value = serde_json::from_slice(&done.get_output().stdout).expect("a report");
        report["counts"].clone()
    };
    assert_eq!(counts(&["--seed", "99", "--replay", log]), counts(&[]));
    assert_ne!(counts(&["--seed", "99"]), counts(&[]));
}

#[test]
fn one_log_is_of_one_scenario() {
    let dir = tempfile::tempdir().expect("a folder");
    for name in ["a.toml", "b.toml"] {
        std::fs::write(dir.path().join(name), PASSING).expect("written");
    }
    let folder = dir.path().to_str().expect("a path");
    for option in ["--decisions", "--replay"] {
        let words = format!("error: {option} goes with one run of one scenario, and these are 2");
        run(folder, &[option, "log"]).code(2).stderr(predicate::str::contains(words));
    }
}

#[test]
fn a_log_that_is_none_is_told_with_its_line() {
    let (dir, path) = scenario(PASSING);
    let log = dir.path().join("log");
    std::fs::write(&log, "\nlatency\n").expect("written");
    let log = log.to_str().expect("a path");
    run(&path, &["--replay", log]).code(2).stderr(predicate::str::contains("log: line 2: "));
    run(&path, &["--replay", "no-such-log"]).code(2).stderr(predicate::str::contains("no-such-log"));
}

#[test]
fn scenarios_are_run_twice_to_see_that_they_do_the_same() {
    let (_dir, path) = scenario(&drawn());
    run(&path, &["--check-determinism"]).success();
    // How far each client has come when the fault is put in force is up to the clock.
    let racing = format!(
        "{}background = true\n{}",
        drawn()
            .replace("reset = {", "optional = true\nreset = {")
            .replace("virtual", "real")
            .replace("requests = 30", "requests = 4000"),
        "[[step]]\nwait = { that = \"link.api.bytes.up >= 1MiB\", within = \"20s\" }\n\
         [[step]]\ninject = { link = \"api\", latency = { delay = \"20us\", jitter = \"20us\" } }\n"
    );
    let (_dir, path) = scenario(&racing);
    run(&path, &["--check-determinism"])
        .code(1)
        .stderr(predicate::str::contains("failed: a second run decided or counted something else"))
        .stderr(predicate::str::contains("decisions, from the first difference on (line "))
        .stderr(predicate::str::contains("--- first run\n+++ second run\n"));
}

#[test]
fn a_fault_that_the_machine_cannot_do_is_the_environments_fault() {
    let hanging = PASSING
        .replace("latency = \"5ms\"", "hang = \"1s\"\noptional = true")
        .replace("\"virtual\"", "\"real\"")
        .replace("max == 5ms", "max >= 0ms");
    let (_dir, path) = scenario(&hanging);
    // Where connects can be made to hang, the scenario passes once they do no more.
    let done = run(&path, &[]).code(predicate::in_iter([0, 3]));
    let words = String::from_utf8_lossy(&done.get_output().stderr).into_owned();
    if done.get_output().status.code() == Some(3) {
        assert!(words.contains("error: link.api: `hang` is unsupported here: "), "{words}");
    }
}

#[test]
fn every_scenario_of_the_project_is_valid() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/scenarios");
    let status = squall().arg("check").arg(folder).status().expect("runs");
    assert!(status.success());
}

/// A passing scenario, a failing one and one that is none, in a folder.
fn folder() -> (tempfile::TempDir, String) {
    let dir = tempfile::tempdir().expect("a folder");
    let seeded = PASSING.replace("latency = \"5ms\"", "reset = { p = \"10%\" }\noptional = true");
    let seeded = seeded.replace("load.load.latency.max == 5ms", "link.api.closes.reset == 0");
    for (name, text) in
        [("a-pass", PASSING), ("b-seeded", &seeded), ("c-broken", "scenario = 1\nclocks = 2\n")]
    {
        std::fs::write(dir.path().join(format!("{name}.toml")), text).expect("written");
    }
    let path = dir.path().to_str().expect("a path").to_owned();
    (dir, path)
}

#[test]
fn several_run_at_a_time_and_are_told_in_order() {
    let (_dir, path) = folder();
    let done = run(&path, &["--jobs", "3", "--repeat", "2", "--json"]).code(2);
    let err = String::from_utf8_lossy(&done.get_output().stderr).into_owned();
    let places: Vec<_> = ["a-pass.toml  (", "a-pass.toml  round 2", "b-seeded.toml", "clocks"]
        .map(|text| err.find(text).unwrap_or_else(|| panic!("no {text}: {err}")))
        .to_vec();
    assert!(places.is_sorted(), "{err}");
    assert!(err.contains(" passed, "), "{err}");
    let reports: serde_json::Value = serde_json::from_slice(&done.get_output().stdout).expect("reports");
    assert_eq!(reports.as_array().expect("a list").len(), 4);
}

#[test]
fn a_range_of_seeds_names_the_first_that_fails() {
    let (_dir, path) = folder();
    let file = format!("{path}/b-seeded.toml");
    let fails = |seed: u64| {
        let code = run(&file, &["--seed", &seed.to_string()]).get_output().status.code();
        assert!(matches!(code, Some(0 | 1)), "{code:?}");
        code == Some(1)
    };
    let first =
        (1..=12).find(|seed| fails(*seed)).expect("one of ten connections in a hundred, three of them each");
    let told = format!("first failing seed {first}; to see it again: squall run --seed {first} {file}");
    run(&file, &["--seeds", "1-12"]).code(1).stderr(predicate::str::contains(told));
    if first > 1 {
        run(&file, &["--seeds", &format!("1-{}", first - 1)]).success();
    }
    for (range, told) in
        [("5", "write 1-100"), ("9-1", "smaller seed first"), ("0-99999999", "1000000 seeds")]
    {
        run(&file, &["--seeds", range]).code(2).stderr(predicate::str::contains(told));
    }
}

#[test]
fn after_a_failure_nothing_more_is_started_where_that_is_asked_for() {
    let (dir, path) = folder();
    std::fs::write(dir.path().join("0-first.toml"), PASSING.replace("== 5ms", "== 6ms")).expect("written");
    let done = run(&path, &["--fail-fast"]).code(1);
    let err = String::from_utf8_lossy(&done.get_output().stderr).into_owned();
    assert!(err.contains("FAIL") && !err.contains("a-pass") && err.contains("0 passed, 1 failed"), "{err}");
    run(&path, &["--filter", "a-pass"]).success().stderr(predicate::str::contains("seeded").not());
    run(&path, &["--filter", "nothing"])
        .code(2)
        .stderr(predicate::str::contains("no file has `nothing` in its path"));
}

#[test]
fn runs_become_a_junit_report_and_annotations() {
    let (dir, path) = folder();
    std::fs::write(dir.path().join("d.toml"), PASSING.replace("== 5ms", "< 5ms")).expect("written");
    let (junit, summary) = (dir.path().join("junit.xml"), dir.path().join("summary.md"));
    let mut command = assert_cmd::Command::from_std(squall());
    command.env("GITHUB_ACTIONS", "true").env("GITHUB_STEP_SUMMARY", &summary);
    let done = command.args(["run", &path, "--filter", "c-"]).assert().code(2);
    let err = String::from_utf8_lossy(&done.get_output().stderr).into_owned();
    assert!(
        err.contains(&format!("::error file={path}/c-broken.toml,line=2,title=not a scenario::")),
        "{err}"
    );
    let summary = std::fs::read_to_string(summary).expect("a summary");
    assert!(summary.contains("| **invalid** |") && summary.contains("unknown key `clocks`"), "{summary}");

    run(&path, &["--junit", junit.to_str().expect("a path")]).code(2);
    let junit = std::fs::read_to_string(junit).expect("a report");
    for part in [
        "tests=\"4\"",
        "errors=\"1\"",
        &format!("<property name=\"replay\" value=\"squall run {path}/a-pass.toml\"/>"),
        "<property name=\"seed\" value=\"7\"/>",
        "expected `load.load.latency.max &lt; 5ms`, found 5ms",
    ] {
        assert!(junit.contains(part), "{part}: {junit}");
    }
}

#[test]
fn what_a_scenario_breaks_on_purpose_is_not_logged_unless_asked_for() {
    let (_dir, path) = scenario(
        r#"
scenario = 1
[link.api]
upstream = "127.0.0.1:1"
[[step]]
load = { target = "link.api", requests = 1, size = "1KiB" }
"#,
    );
    run(&path, &[]).success().stderr(predicate::str::contains("WARN").not());
    run(&path, &["--log", "warn"]).success().stderr(predicate::str::contains("WARN"));
}

#[test]
fn two_reports_do_not_go_to_one_place() {
    let (_dir, path) = scenario(PASSING);
    run(&path, &["--json", "--html", "-"]).code(2).stderr(predicate::str::contains("cannot both go to -"));
}
