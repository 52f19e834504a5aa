//! Every fixture counts the same on both clocks, as far as its counts are exact on the real one.

use crate::process::squall;
use crate::scenario_schema::fixtures;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Begins the line in which a fixture says why it has one clock only.
const ONE_CLOCK: &str = "# one clock: ";
/// What takes longer in virtual time would take as long on the real clock.
const LONGEST_NS: u64 = 5_000_000_000;

/// A fixture with its committed snapshot.
struct Fixture {
    name: String,
    text: String,
    snapshot: Value,
}

impl Fixture {
    fn is_virtual(&self) -> bool {
        self.text.lines().any(|line| line == "clock = \"virtual\"")
    }
}

fn all() -> Vec<Fixture> {
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).expect("readable");
        let snapshot = fs::read_to_string(path.with_extension("snap.json")).expect("a snapshot");
        let snapshot = serde_json::from_str(&snapshot).expect("JSON");
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        Fixture { name, text, snapshot }
    };
    fixtures("scenarios", "toml").into_iter().map(read).collect()
}

/// The scenario without what it expects, which may be true of one clock alone.
fn without_expectations(text: &str) -> String {
    let mut kept = String::new();
    let mut skip = false;
    for line in text.lines() {
        if line.starts_with('[') {
            skip = line.starts_with("[[expect]]") || line.starts_with("[snapshot]");
        }
        if !skip {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    kept
}

/// Writes the fixtures into a folder of their own, with the traces where they look for them, and runs all of them.
struct Folder(tempfile::TempDir);

impl Folder {
    fn of<'a>(chosen: impl Iterator<Item = &'a Fixture>) -> Folder {
        let dir = tempfile::tempdir().expect("a folder");
        let (scenarios, traces) = (dir.path().join("scenarios"), dir.path().join("traces"));
        fs::create_dir(&scenarios).and_then(|()| fs::create_dir(&traces)).expect("made");
        let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/traces");
        for file in fs::read_dir(own).expect("the traces").map(|entry| entry.expect("an entry")) {
            fs::copy(file.path(), traces.join(file.file_name())).expect("copied");
        }
        for fixture in chosen {
            fs::write(scenarios.join(&fixture.name), without_expectations(&fixture.text)).expect("written");
        }
        Folder(dir)
    }

    /// What is printed: the reports, in the order of the files.
    fn run(&self, clock: &str, jobs: &str) -> Vec<u8> {
        let mut command = squall();
        command.arg("run").arg(self.0.path().join("scenarios"));
        let out = command.args(["--json", "--clock", clock, "--jobs", jobs]).output().expect("runs");
        // On a busy machine a fault with a window may not fire in time; what was counted is told by the counts.
        let ran = matches!(out.status.code(), Some(0 | 1));
        assert!(ran, "{}", String::from_utf8_lossy(&out.stderr));
        out.stdout
    }
}

/// Every number by its path.
fn leaves(node: &Value, path: &str, found: &mut BTreeMap<String, u64>) {
    match node {
        Value::Object(entries) => {
            entries.iter().for_each(|(key, value)| leaves(value, &format!("{path}.{key}"), found));
        }
        value => drop(found.insert(path.to_owned(), value.as_u64().expect("a count"))),
    }
}

/// Where what is exact on the real clock is something else in virtual time.
fn differences(real: &Value, in_virtual_time: &Value) -> Vec<String> {
    let (mut exact, mut all) = (BTreeMap::new(), BTreeMap::new());
    leaves(&real["counts"], "", &mut exact);
    leaves(&in_virtual_time["counts"], "", &mut all);
    let differs = |(path, count): &(&String, &u64)| all.get(*path) != Some(*count);
    exact
        .iter()
        .filter(differs)
        .map(|(path, count)| format!("{path}: {count}, {:?}", all.get(path)))
        .collect()
}

#[test]
fn what_was_counted_on_the_real_clock_is_counted_in_virtual_time_and_every_time() {
    let all = all();
    let one_clock = |fixture: &&Fixture| fixture.text.contains(ONE_CLOCK);
    for fixture in all.iter().filter(one_clock) {
        let out = Folder::of([fixture].into_iter());
        let file = out.0.path().join("scenarios").join(&fixture.name);
        let other = if fixture.is_virtual() { "real" } else { "virtual" };
        let out = squall().arg("run").arg(file).args(["--clock", other]).output().expect("runs");
        let told = String::from_utf8_lossy(&out.stderr).into_owned();
        assert_eq!(out.status.code(), Some(2), "{}: {told}", fixture.name);
        assert!(told.contains(&format!("note: read with the {other} clock")), "{told}");
    }
    let chosen: Vec<&Fixture> =
        all.iter().filter(|fixture| !fixture.is_virtual() && !one_clock(fixture)).collect();
    assert!(chosen.len() >= 15, "{} fixtures on the real clock", chosen.len());
    let folder = Folder::of(chosen.iter().copied());
    let first = folder.run("virtual", "2");
    let reports: Vec<Value> = serde_json::from_slice(&first).expect("reports");
    for (fixture, report) in chosen.iter().zip(&reports) {
        assert_eq!(differences(&fixture.snapshot, report), Vec::<String>::new(), "{}", fixture.name);
    }
    assert!(first == folder.run("virtual", "2"), "two runs in virtual time are not the same");
}

#[test]
fn what_was_counted_in_virtual_time_is_counted_on_the_real_clock() {
    let all = all();
    let brief = |fixture: &&Fixture| {
        fixture.is_virtual()
            && !fixture.text.contains(ONE_CLOCK)
            && fixture.snapshot["timing"]["elapsed_ns"].as_u64().expect("a time") <= LONGEST_NS
    };
    let chosen: Vec<&Fixture> = all.iter().filter(brief).collect();
    assert!(chosen.len() >= 10, "{} short fixtures in virtual time", chosen.len());
    let reports = Folder::of(chosen.iter().copied()).run("real", "8");
    let reports: Vec<Value> = serde_json::from_slice(&reports).expect("reports");
    for (fixture, report) in chosen.iter().zip(&reports) {
        let (name, reason) = (&fixture.name, &report["reason"]);
        assert_eq!(differences(report, &fixture.snapshot), Vec::<String>::new(), "{name}: {reason}");
    }
}
