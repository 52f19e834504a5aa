//! `squall doctor`: every check, for people and for programs.

use crate::process::squall;
use serde_json::Value;

/// In the order in which they are shown.
const CHECKS: [&str; 14] = [
    "timer",
    "cores",
    "splice",
    "pipe-quota",
    "udp-gso",
    "udp-gro",
    "udp-receive-buffer",
    "udp-send-buffer",
    "reset",
    "hang",
    "abort-on-overflow",
    "descriptors",
    "ports",
    "backlog",
];

/// What it prints on stdout; it is well whatever it finds.
fn told(args: &[&str]) -> String {
    let output = squall().arg("doctor").args(args).output().expect("runs");
    assert_eq!((output.status.code(), output.stderr.len()), (Some(0), 0), "{output:?}");
    String::from_utf8(output.stdout).expect("text")
}

#[test]
fn every_check_has_a_line_with_its_state() {
    let text = told(&[]);
    let lines: Vec<_> = text.lines().filter(|line| !line.starts_with("    to do: ")).collect();
    let words = |line: &&str| line.split_whitespace().take(2).map(str::to_owned).collect::<Vec<_>>();
    let (states, names): (Vec<_>, Vec<_>) =
        lines.iter().map(words).map(|words| (words[0].clone(), words[1].clone())).unzip();
    assert_eq!(names[..14], CHECKS, "{text}");
    assert_eq!(names[14..], ["congestion-control"], "{text}");
    let known = ["active", "limited", "inactive", "unknown"];
    assert!(states.iter().all(|state| known.contains(&state.as_str())), "{text}");
}

#[test]
fn programs_find_the_same_with_figures() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    let json = format!("--json={}", file.path().display());
    assert_eq!(told(&[&json]), "");
    let written = std::fs::read_to_string(file.path()).expect("written");
    for text in [told(&["--json"]), written] {
        let document: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(document["schema"], "squall.doctor/1");
        let checks = document["checks"].as_array().expect("a list");
        assert_eq!(checks.len(), CHECKS.len() + 1);
        let check = |name: &str| checks.iter().find(|check| check["name"] == name).expect("a check");
        assert!(check("timer")["figures"]["overshoot_median_ns"].is_u64(), "{text}");
        assert!(check("cores")["figures"]["cores"].as_u64() >= Some(1));
        let descriptors = &check("descriptors")["figures"];
        assert!(descriptors["raised_to"].as_u64() >= descriptors["soft"].as_u64(), "{descriptors}");
        // What is as it should be needs nothing done.
        for check in checks.iter().filter(|check| check["state"] == "active") {
            assert_eq!(check["advice"], Value::Null, "{check}");
        }
    }
}

#[test]
fn a_file_that_cannot_be_written_is_the_environments_fault() {
    let output = squall().args(["doctor", "--json=no/such/folder/doctor.json"]).output().expect("runs");
    assert_eq!(output.status.code(), Some(3));
}
