//! Snapshots beside scenario files: written, compared, and never from a failed run.

use crate::process::squall;
use predicates::prelude::*;
use std::path::{Path, PathBuf};

const CASE: &str = r#"
scenario = 1
[echo.backend]
[link.api]
upstream = "echo.backend"
[[step]]
load = { target = "link.api", requests = 5, size = "1KiB" }
[snapshot]
"load.load.latency.min" = ">= 0ms"
"#;

struct Case {
    dir: tempfile::TempDir,
}

impl Case {
    fn new(text: &str) -> Case {
        let case = Case { dir: tempfile::tempdir().expect("a folder") };
        case.rewrite(text);
        case
    }

    fn rewrite(&self, text: &str) {
        std::fs::write(self.path("case.toml"), text).expect("written");
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn run(&self, ci: bool, args: &[&str]) -> assert_cmd::assert::Assert {
        let mut command = assert_cmd::Command::from_std(squall());
        if ci {
            command.env("CI", "true");
        }
        command.arg("run").arg(self.path("case.toml")).args(args).assert()
    }

    fn snapshot(&self) -> String {
        std::fs::read_to_string(self.path("case.snap.json")).expect("a snapshot")
    }
}

fn exists(path: &Path) -> bool {
    path.exists()
}

#[test]
fn a_missing_snapshot_is_written_but_not_under_ci() {
    let case = Case::new(CASE);
    case.run(true, &[]).code(1).stderr(predicate::str::contains("there is no snapshot"));
    assert!(!exists(&case.path("case.snap.json")));
    case.run(false, &[]).success().stderr(predicate::str::contains("wrote "));
    assert!(case.snapshot().contains("\"up\": 5120"));
    assert!(!case.snapshot().contains("_ns"), "real timings are not compared");
    case.run(true, &[]).success();
}

#[test]
fn a_changed_byte_fails_with_the_path_and_both_values() {
    let case = Case::new(CASE);
    case.run(false, &[]).success();
    let tampered = case.snapshot().replace("\"up\": 5120", "\"up\": 5121");
    std::fs::write(case.path("case.snap.json"), &tampered).expect("written");
    case.run(true, &[])
        .code(1)
        .stderr(predicate::str::contains("counts.link.api.bytes.up: expected 5121, actual 5120"))
        .stderr(predicate::str::contains("-          \"up\": 5121"))
        .stderr(predicate::str::contains("+          \"up\": 5120"));
    assert!(!exists(&case.path("case.snap.json.new")), "nothing is written under CI");
    case.run(false, &[]).code(1);
    assert!(exists(&case.path("case.snap.json.new")));
    assert_eq!(case.snapshot(), tampered, "only --update changes it");
    case.run(false, &["--update"]).success();
    assert!(!exists(&case.path("case.snap.json.new")));
    case.run(true, &[]).success();
}

#[test]
fn nothing_is_written_from_a_failed_run() {
    let case = Case::new(&CASE.replace("[snapshot]", "[[expect]]\nthat = \"load.load.ok == 4\"\n[snapshot]"));
    case.run(false, &["--update"]).code(1);
    assert!(!exists(&case.path("case.snap.json")));
}

#[test]
fn a_band_that_does_not_hold_fails() {
    let case = Case::new(&CASE.replace(">= 0ms", ">= 1h"));
    case.run(false, &[])
        .code(1)
        .stderr(predicate::str::contains("expected `load.load.latency.min >= 1h`, found "));
}

#[test]
fn a_snapshot_that_is_no_json_is_told() {
    let case = Case::new(CASE);
    std::fs::write(case.path("case.snap.json"), "{").expect("written");
    case.run(false, &[]).code(2).stderr(predicate::str::contains("case.snap.json is not a snapshot"));
}
