//! Judges a run that has settled: wrong bytes, faults that never fired, expectations, bands.

use super::stage::{LoadState, Stage};
use crate::expr::Expr;
use crate::model::{Action, Load, Scenario, Target};
use crate::report::{Judgement, Outcome, Report};
use serde_json::{Value, json};
use squall_faults::Carrier;
use squall_faults::value::Value as _;

/// Why a scenario that ran out of time failed. `current` is the step that was being taken, `starting` the process that was being
/// waited for.
pub(super) fn timed_out(scenario: &Scenario, current: usize, starting: Option<&str>) -> String {
    let limit = scenario.timeout.render().unwrap_or_default();
    if let Some(process) = starting {
        return format!("timed out after {limit} waiting for process `{process}` to be ready");
    }
    match scenario.steps.get(current) {
        Some(step) => format!("timed out after {limit} in step `{}`{}", step.name, awaited(&step.action)),
        None => format!("timed out after {limit} waiting for what runs in the background"),
    }
}

fn awaited(action: &Action) -> String {
    match action {
        Action::Join(names) => format!(", joining {}", names.join(", ")),
        _ => String::new(),
    }
}

/// Completes the report.
pub(super) fn judge(scenario: &Scenario, stage: &Stage, report: &mut Report) {
    wrong_bytes(scenario, stage, &mut report.reason);
    never_fired(stage, &mut report.reason);
    let value = json!({ "counts": report.counts, "timing": report.timing });
    let expected =
        scenario.expectations.iter().map(|expectation| (expectation.that.to_string(), &expectation.that));
    let bands = scenario.snapshot.iter().flat_map(|snapshot| &snapshot.bands);
    let bands = bands.map(|band| (format!("{} {}", band.path, band.within), &band.within));
    report.expectations = expected.chain(bands).map(|(that, expr)| judgement(that, expr, &value)).collect();
    for judgement in report.expectations.iter().filter(|judgement| !judgement.holds) {
        report.reason.push(format!("expected `{}`, found {}", judgement.that, judgement.actual));
    }
    if !report.reason.is_empty() {
        report.result = Outcome::Fail;
    }
}

fn judgement(that: String, expr: &Expr, report: &Value) -> Judgement {
    match expr.evaluate(report) {
        Ok(outcome) => Judgement { that, actual: outcome.actual, holds: outcome.holds },
        Err(error) => Judgement { that, actual: error.message, holds: false },
    }
}

/// Bytes that came back wrong fail the run, unless that is what a fault on their way does.
fn wrong_bytes(scenario: &Scenario, stage: &Stage, reason: &mut Vec<String>) {
    for (name, state) in &stage.loads {
        let LoadState::Finished(report) = state else { continue };
        let asked_for = |load: &Load| match &load.target {
            Target::Link(link) => {
                scenario.route(link).into_iter().any(|link| scenario.faults_of(link).any(|f| f.kind().alters))
            }
            Target::Echo(_) | Target::Process(_) => false,
        };
        if scenario.loads().any(|(each, load)| each == name && asked_for(load)) {
            continue;
        }
        let mut integrity = report.counts.integrity;
        // A datagram may be cut short without that being wrong bytes; a frame in a stream may not.
        if scenario.loads().any(|(each, load)| each == name && load.carrier == Carrier::Stream) {
            integrity.corrupt += integrity.truncated;
        }
        if integrity.corrupt > 0 || integrity.extra > 0 {
            let (corrupt, extra) = (integrity.corrupt, integrity.extra);
            let first = report.first_wrong.map(|at| format!("; first on {at}")).unwrap_or_default();
            reason.push(format!(
                "load `{name}` got wrong bytes: {corrupt} requests corrupt, {extra} bytes too many{first}"
            ));
        }
    }
}

fn never_fired(stage: &Stage, reason: &mut Vec<String>) {
    for (link, metrics) in stage.link_metrics() {
        for fault in metrics.faults.iter().filter(|fault| fault.fired == 0 && !fault.optional) {
            let name = &fault.name;
            reason
                .push(format!("fault `{name}` on link `{link}` never fired; `optional = true` allows that"));
        }
    }
}
