//! Judges a run that has settled: wrong bytes, faults that never fired, expectations, bands.

use super::absent::Absent;
use super::stage::{LoadState, Stage};
use crate::expr::Expr;
use crate::model::{Action, Load, Scenario, Target};
use crate::paths::segments;
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
    let mut absent = Absent::of(scenario, stage);
    if !report.reason.is_empty() {
        // What did not come to its end may have waited for any of them.
        absent.blame_all();
    }
    wrong_bytes(scenario, stage, &mut report.reason);
    never_fired(stage, &mut absent, &mut report.reason);
    let value = json!({ "counts": report.counts, "timing": report.timing });
    let expected = scenario.expectations.iter();
    let expected = expected.map(|each| (each.that.to_string(), &each.that, each.at.start));
    let bands = scenario.snapshot.iter().flat_map(|snapshot| &snapshot.bands);
    let bands = bands.map(|band| (format!("{} {}", band.path, band.within), &band.within, band.at.start));
    let judged = expected.chain(bands).map(|(that, expr, at)| {
        let (holds, actual) = match expr.evaluate(&value) {
            Ok(outcome) => (outcome.holds, outcome.actual),
            Err(error) => (false, unfinished(scenario, stage, expr, &value).unwrap_or(error.message)),
        };
        if !holds {
            absent.blame_for(expr);
        }
        Judgement { that, actual, holds, at }
    });
    report.expectations = judged.collect();
    for judgement in report.expectations.iter().filter(|judgement| !judgement.holds) {
        report.reason.push(format!("expected `{}`, found {}", judgement.that, judgement.actual));
    }
    // The others follow from it.
    report.reason.splice(0..0, absent.reasons());
    if !report.reason.is_empty() {
        report.result = Outcome::Fail;
    }
}

/// Why the report has nothing of what `expr` names, where that is a step that did not come to its end.
fn unfinished(scenario: &Scenario, stage: &Stage, expr: &Expr, report: &Value) -> Option<String> {
    expr.paths().into_iter().find_map(|used| {
        let keys = segments(used.path);
        let (group, name) = (keys.first()?, keys.get(1)?);
        let step = scenario.steps.iter().position(|step| step.name == *name)?;
        let of_step = matches!(group.as_str(), "load" | "run" | "step");
        let is_there = ["counts", "timing"].iter().any(|half| !report[half][group][name].is_null());
        let how = if step < stage.begun.len() { "finish" } else { "begin" };
        (of_step && !is_there).then(|| format!("nothing: `{name}` did not {how}"))
    })
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

/// Notes every fault that never fired, but for those that no bytes could come to because a server is not there.
fn never_fired(stage: &Stage, absent: &mut Absent<'_>, reason: &mut Vec<String>) {
    for (link, metrics) in stage.link_metrics() {
        for fault in metrics.faults.iter().filter(|fault| fault.fired == 0 && !fault.optional) {
            let name = &fault.name;
            if !absent.blame(link) {
                reason.push(format!(
                    "fault `{name}` on link `{link}` never fired; `optional = true` allows that"
                ));
            }
        }
    }
}
