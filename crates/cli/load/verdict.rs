//! Thresholds: conditions on a report, with `baseline` for the same value of an earlier one.

use super::args::Outputs;
use crate::Failure;
use serde_json::Value;
use squall::load::{Document, Threshold};
use squall::scenario::expr::{Expr, Outcome};
use std::fs;
use std::path::Path;

/// Every condition, read and found to make sense.
pub(super) struct Conditions {
    conditions: Vec<Condition>,
    baseline: Option<Value>,
}

struct Condition {
    written: String,
    /// With each bare `baseline` replaced by the path that it stands for.
    expr: Expr,
}

impl Conditions {
    /// Reads the thresholds and the baseline. A value that no report has is an error here, not a failure later.
    pub(super) fn read(outputs: &Outputs) -> Result<Conditions, Failure> {
        let baseline = outputs.baseline.as_deref().map(document).transpose()?;
        let baseline = baseline.map(|document| document.measures());
        let all = with_baseline(&Document::vocabulary(), Some(&Document::vocabulary()));
        let mut conditions = Vec::new();
        for written in &outputs.thresholds {
            let condition = Condition::read(written)?;
            let used = condition.expr.paths().iter().any(|path| path.path.starts_with("baseline."));
            if used && baseline.is_none() {
                return Err(Failure::usage(format!("threshold `{written}`: there is no --baseline")));
            }
            condition.expr.evaluate(&all).map_err(|error| refuse(written, &error))?;
            conditions.push(condition);
        }
        Ok(Conditions { conditions, baseline })
    }

    /// What each comes to. A value that was not measured makes its condition fail.
    pub(super) fn judge(&self, document: &Document) -> Vec<Threshold> {
        let report = with_baseline(&document.measures(), self.baseline.as_ref());
        let judge = |condition: &Condition| {
            let (holds, actual) = match condition.expr.evaluate(&report) {
                Ok(outcome) => (outcome.holds, condition.found(&report, outcome)),
                Err(error) => (false, error.message),
            };
            Threshold { that: condition.written.clone(), actual, holds }
        };
        self.conditions.iter().map(judge).collect()
    }
}

impl Condition {
    fn read(written: &str) -> Result<Condition, Failure> {
        let parse = |text: &str| Expr::parse(text).map_err(|error| refuse(written, &error));
        let expr = parse(written)?;
        let mut text = written.to_owned();
        let paths = expr.paths();
        let (bare, others): (Vec<_>, Vec<_>) = paths.iter().partition(|path| path.path == "baseline");
        if !bare.is_empty() {
            let mut named: Vec<&str> = others.iter().map(|path| path.path).collect();
            named.dedup();
            let [path] = named.as_slice() else {
                let message = "`baseline` stands for the one value beside it; write baseline.latency.p99";
                return Err(Failure::usage(format!("threshold `{written}`: {message}")));
            };
            for path_use in bare.iter().rev() {
                text.replace_range(path_use.span.clone(), &format!("baseline.{path}"));
            }
        }
        Ok(Condition { written: written.to_owned(), expr: parse(&text)? })
    }

    /// What was found, and where the limit follows from the baseline, what that is.
    fn found(&self, report: &Value, outcome: Outcome) -> String {
        let Some(limit) = outcome.limit else { return outcome.actual };
        let paths = self.expr.paths();
        let mut earlier: Vec<&str> =
            paths.iter().map(|used| used.path).filter(|path| path.starts_with("baseline.")).collect();
        earlier.dedup();
        let [path] = earlier.as_slice() else { return outcome.actual };
        // Compared with itself, a value is shown with its unit.
        let shown = Expr::parse(&format!("{path} == {path}")).and_then(|expr| expr.evaluate(report));
        let baseline = shown.map_or(String::new(), |shown| format!(" (baseline {})", shown.actual));
        format!("{}, limit {limit}{baseline}", outcome.actual)
    }
}

fn refuse(written: &str, error: &squall::scenario::diagnostic::Diagnostic) -> Failure {
    let help = error.help.as_ref().map(|help| format!("; {help}")).unwrap_or_default();
    Failure::usage(format!("threshold `{written}`: {}{help}", error.message))
}

/// The values of a report, and those of another under `baseline`.
fn with_baseline(report: &Value, baseline: Option<&Value>) -> Value {
    let mut report = report.clone();
    if let Some(baseline) = baseline {
        for part in ["counts", "timing"] {
            report[part]["baseline"] = baseline[part].clone();
        }
    }
    report
}

/// Reads a report from a file.
pub(super) fn document(path: &Path) -> Result<Document, Failure> {
    let shown = path.display();
    let text =
        fs::read_to_string(path).map_err(|error| Failure::usage(format!("cannot read {shown}: {error}")))?;
    serde_json::from_str(&text).map_err(|error| Failure::usage(format!("{shown} is no report: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outputs(threshold: &str) -> Outputs {
        Outputs { thresholds: vec![threshold.to_owned()], baseline: None, json: None, junit: None }
    }

    #[test]
    fn conditions_that_make_no_sense_are_refused_beforehand() {
        let refused =
            |threshold: &str| Conditions::read(&outputs(threshold)).err().map(|failure| failure.message);
        for good in [
            "latency.p99 < 5ms",
            "ok.ratio >= 99.9%",
            "errors.timeout == 0",
            "bytes.sent > 1MiB",
            "failed / sent < 1%",
            "latency.p99.9 < 1s",
            "throughput.sent > 1MB/s",
            "not saturated",
        ] {
            assert_eq!(refused(good), None, "{good}");
        }
        for (wrong, why) in [
            ("latency.p98 < 5ms", "did you mean"),
            ("latency.p99 < 5", "cannot compare"),
            ("latency.p99 <", "threshold"),
            ("latency.p99 < baseline * 1.2", "no --baseline"),
            ("latency.p99 + latency.p50 < baseline", "stands for the one value"),
        ] {
            assert!(
                refused(wrong).is_some_and(|message| message.contains(why)),
                "{wrong}: {:?}",
                refused(wrong)
            );
        }
    }
}
