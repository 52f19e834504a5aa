//! A scenario: it must pass, and match the snapshot beside it.

use crate::e2e::Session;
use crate::e2e::cases::Case;
use crate::e2e::child::End;
use crate::e2e::outcome::Outcome;
use crate::failure::Failure;
use serde_json::Value;
use std::fs;

/// The version of the report that is understood.
const SCHEMA: &str = "squall.report/1";

/// Runs `case`; an error only where the machine does not allow it.
pub(crate) fn run(session: &Session<'_>, case: &Case) -> Result<Outcome, Failure> {
    let path = session.root.join(&case.path);
    let text = fs::read_to_string(&path).map_err(|error| Failure::file("read", &path, &error))?;
    if !has_snapshot(&text) {
        let why = format!("{} has no [snapshot] table, so nothing would be compared", case.path);
        return Ok(Outcome::refused(case, "unchecked", why));
    }
    let target = session.scratch.join("report.json");
    // The last case's report must not stand in for one that is missing.
    let _ = fs::remove_file(&target);
    let json = format!("--json={}", target.display());
    let mut arguments = vec!["run", &case.path, &json, "--skip-unsupported"];
    if session.options.update {
        arguments.push("--update");
    }
    let ended = session.squall(&arguments)?;
    let report = fs::read_to_string(&target).ok().and_then(|text| serde_json::from_str(&text).ok());
    if let (End::Exit(0), Some(reason)) = (ended.end, skipped(&ended.stderr)) {
        let (result, figure) = ("skipped".to_owned(), reason.to_owned());
        return Ok(Outcome { result, figure, ..Outcome::passed(case, &ended) });
    }
    let report: Value = report.unwrap_or_default();
    let snapshot = case.snapshot(session.root).exists();
    let outcome = match mismatch(ended.end, &report, snapshot) {
        Some(why) => Outcome::failed(case, &ended, &why),
        None => Outcome::passed(case, &ended),
    };
    Ok(Outcome {
        clock: report["clock"].as_str().unwrap_or("-").to_owned(),
        result: report["result"]
            .as_str()
            .filter(|word| *word != "pass")
            .unwrap_or(&outcome.result)
            .to_owned(),
        figure: figure(&report),
        ..outcome
    })
}

/// Why the machine cannot run the scenario at all, where that is what the binary says of it.
fn skipped(words: &str) -> Option<&str> {
    let reason = words.strip_prefix("skip ")?.lines().nth(1).unwrap_or_default();
    Some(reason.strip_prefix("error: ").unwrap_or(reason))
}

/// Why the run does not count as passed; its exit code, its report and its snapshot must agree.
fn mismatch(end: End, report: &Value, snapshot: bool) -> Option<String> {
    if end != End::Exit(0) {
        return Some(end.to_string());
    }
    if report["schema"] != SCHEMA {
        return Some(format!("exit code 0, but no report of schema {SCHEMA}"));
    }
    if report["result"] != "pass" {
        return Some(format!("exit code 0, but the report says {}", report["result"]));
    }
    (!snapshot).then(|| "it passed, but there is no snapshot".to_owned())
}

/// What was counted at the links, over all of them; nothing where the file leaves those counts to the clock.
fn figure(report: &Value) -> String {
    let links = report["counts"]["link"].as_object();
    let links = || links.into_iter().flatten().map(|(_, link)| link);
    let connections: u64 = links().filter_map(|link| link["connections"]["accepted"].as_u64()).sum();
    let faults = links().filter_map(|link| link["faults"].as_object()).flatten();
    let fired: u64 = faults.filter_map(|(_, fault)| fault["fired"].as_u64()).sum();
    match links().count() {
        0 => String::new(),
        _ => format!("connections {connections}, faults fired {fired}"),
    }
}

fn has_snapshot(text: &str) -> bool {
    text.lines().any(|line| {
        let table = line.trim_start().strip_prefix("[snapshot").map(str::trim_start);
        table.is_some_and(|rest| rest.starts_with([']', '.']))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_snapshot_table_is_found_with_and_without_sub_tables() {
        assert!(has_snapshot("a = 1\n[snapshot]\n"));
        assert!(has_snapshot("[snapshot.timing]\n"));
        assert!(!has_snapshot("# [snapshot]\n[snapshots]\n"));
    }

    #[test]
    fn what_a_machine_cannot_do_is_passed_over_with_the_reason() {
        let words = "skip  a.toml\nerror: process.app: `python3` is not installed\n";
        assert_eq!(skipped(words), Some("process.app: `python3` is not installed"));
        assert_eq!(skipped("pass  a.toml  (0.10 s)\n"), None);
    }

    #[test]
    fn the_figure_adds_up_every_link() {
        let link = json!({ "connections": { "accepted": 2 }, "faults": { "cut": { "fired": 3 } } });
        let report = json!({ "counts": { "link": { "a": link, "b": link } } });
        assert_eq!(figure(&report), "connections 4, faults fired 6");
        assert_eq!(figure(&Value::Null), "");
    }

    #[test]
    fn a_clean_exit_needs_a_report_that_agrees_and_a_snapshot() {
        let report = json!({ "schema": SCHEMA, "result": "pass" });
        let ok = End::Exit(0);
        assert_eq!(mismatch(ok, &report, true), None);
        assert_eq!(mismatch(ok, &report, false).unwrap(), "it passed, but there is no snapshot");
        assert!(mismatch(ok, &Value::Null, true).unwrap().contains("no report"));
        assert!(
            mismatch(ok, &json!({ "schema": SCHEMA, "result": "fail" }), true).unwrap().contains("\"fail\"")
        );
        assert_eq!(mismatch(End::Exit(1), &report, true).unwrap(), "exit code 1");
        assert_eq!(mismatch(End::Signal, &Value::Null, true).unwrap(), "ended by a signal");
    }
}
