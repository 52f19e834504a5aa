//! The published schema of a load's report: it is the committed one, and reports are as it says.

use crate::json_schema;
use crate::process::*;
use serde_json::Value;
use std::path::{Path, PathBuf};

fn committed() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/squall.load.1.schema.json")
}

fn schema() -> String {
    let out = squall().args(["load", "--schema"]).output().expect("runs");
    assert!(out.status.success());
    String::from_utf8(out.stdout).expect("text")
}

/// Every place where a report is not as the published schema says.
pub(crate) fn mistakes_of(report: &Value) -> Vec<String> {
    let schema: Value = serde_json::from_str(&schema()).expect("JSON");
    json_schema::mistakes(&schema, report)
}

#[test]
fn the_schema_is_the_committed_one() {
    let file = std::fs::read_to_string(committed()).expect("docs/squall.load.1.schema.json");
    assert!(file == schema(), "write `squall load --schema` to docs/squall.load.1.schema.json");
}

#[test]
fn reports_of_every_kind_are_as_the_schema_says() {
    let (_echo, addr) = echo();
    let target = addr.to_string();
    for options in
        [&["-n", "20", "-c", "2"][..], &["-d", "50ms"], &["--rate", "100", "-n", "5", "--size", "0-9"]]
    {
        // The last one is wrong usage and has no report at all.
        let out = squall().args(["load", &target, "--json", "--threshold", "ok > 0"]).args(options).output();
        let out = out.expect("runs");
        if out.status.code() == Some(2) {
            assert!(out.stdout.is_empty() && options.contains(&"0-9"));
            continue;
        }
        let report: Value = serde_json::from_slice(&out.stdout).expect("JSON");
        assert_eq!(mistakes_of(&report), Vec::<String>::new());
        let timed = options.contains(&"-d");
        assert_eq!((report["counts"].is_null(), report["timing"]["figures"].is_object()), (timed, timed));
    }
}

#[test]
fn the_check_itself_finds_what_is_wrong() {
    let (_echo, addr) = echo();
    let out = squall().args(["load", &addr.to_string(), "-n", "2", "--json"]).output().expect("runs");
    let report: Value = serde_json::from_slice(&out.stdout).expect("JSON");
    let spoilt = |spoil: fn(&mut Value)| {
        let mut report = report.clone();
        spoil(&mut report);
        mistakes_of(&report)
    };
    assert!(!spoilt(|report| report["schema"] = "squall.load/2".into()).is_empty());
    assert!(!spoilt(|report| report["result"] = "perhaps".into()).is_empty());
    assert!(!spoilt(|report| report["counts"]["ok"] = (-1).into()).is_empty());
    assert!(!spoilt(|report| report["timing"]["latency"]["p99_ns"] = "fast".into()).is_empty());
    assert!(
        !spoilt(|report| drop(report["generator"].as_object_mut().map(|group| group.remove("late"))))
            .is_empty()
    );
}
