//! What was measured, as JSON: every figure of every round.

use crate::bench::Bench;
use crate::bench::machine::Machine;
use crate::bench::outcome::{Case, Outcome};
use crate::bench::row::Row;
use serde_json::{Map, Value, json};

/// The version of this document.
const SCHEMA: &str = "squall.bench/1";

pub(crate) fn of(bench: &Bench, machine: &Machine, rows: &[(Box<dyn Row>, Outcome)]) -> Value {
    let versions = bench.installed.iter().map(|one| (one.subject.name().to_owned(), json!(one.version)));
    let absent = bench.absent.iter().map(|(subject, why)| format!("{}: {why}", subject.name()));
    json!({
        "schema": SCHEMA,
        "machine": {
            "date": machine.date,
            "processor": machine.processor,
            "cores": machine.cores,
            "kernel": machine.kernel,
            "congestion_control": bench.congestion.told,
        },
        "relays": versions.collect::<Map<_, _>>(),
        "left_out": absent.collect::<Vec<_>>(),
        "quick": bench.quick,
        "rows": rows.iter().map(|(row, outcome)| row_of(row.as_ref(), outcome)).collect::<Vec<_>>(),
    })
}

fn row_of(row: &dyn Row, outcome: &Outcome) -> Value {
    let verdict = |verdict: crate::bench::row::Verdict| json!({ "target": verdict.target, "found": verdict.found, "met": verdict.met });
    json!({
        "row": row.name(),
        "cases": outcome.cases.iter().map(|case| case_of(outcome, case)).collect::<Vec<_>>(),
        "verdicts": outcome.verdicts(row).into_iter().map(verdict).collect::<Vec<_>>(),
        "notes": outcome.notes,
    })
}

fn case_of(outcome: &Outcome, case: &Case) -> Value {
    let rounds = case.rounds.iter().map(|round| {
        let figures = round.as_ref().map(|figures| {
            figures.iter().map(|(key, value)| ((*key).to_owned(), json!(value))).collect::<Map<_, _>>()
        });
        figures.map_or(Value::Null, Value::Object)
    });
    json!({
        "relay": case.subject.name(),
        "setting": outcome.settings[case.setting],
        "rounds": rounds.collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::subject::Subject;

    #[test]
    fn a_case_has_every_round_also_those_that_failed() {
        let mut outcome = Outcome::new(vec!["10 ms".into()]);
        outcome.add(Subject::Squall, 0, Some(vec![("p50", 1.5)]));
        outcome.add(Subject::Squall, 0, None);
        let expected = json!({ "relay": "squall", "setting": "10 ms", "rounds": [{ "p50": 1.5 }, null] });
        assert_eq!(case_of(&outcome, &outcome.cases[0]), expected);
    }
}
