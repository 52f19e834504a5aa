//! What a run reports, as JSON: `squall.report/1`.

use crate::certainty::Certainty;
use crate::model::{Clock, Scenario};
use crate::paths::{Nature, field, segments};
use crate::timeline::Timeline;
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// The name and version of the format.
pub const SCHEMA: &str = "squall.report/1";

/// The report of one run. `counts` are the same in every run; whatever a clock decides stands in `timing`.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Always [`SCHEMA`].
    pub schema: &'static str,
    /// The scenario's name.
    pub scenario: String,
    /// The seed of every random decision.
    pub seed: u64,
    /// `real` or `virtual`.
    pub clock: Clock,
    /// How it ended.
    pub result: Outcome,
    /// Why it did not pass, in one line each.
    pub reason: Vec<String>,
    /// Exact, by report path.
    pub counts: Value,
    /// Measured, by report path; the last key bears the unit.
    pub timing: Value,
    /// What was expected, and what was found.
    pub expectations: Vec<Judgement>,
    /// What happened when, where that was asked for; no part of the JSON.
    #[serde(skip)]
    pub timeline: Option<Box<Timeline>>,
    /// The line of the file, from 1, with the first expectation that does not hold; no part of the JSON.
    #[serde(skip)]
    pub line: Option<usize>,
    /// The last lines that programs have written, by `process.NAME` and `run.NAME`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub output: BTreeMap<String, Vec<String>>,
}

/// How a run ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// Everything held.
    Pass,
    /// Something did not hold.
    Fail,
    /// It did not come to its end: the environment did not let it run, or its snapshot could not be compared.
    Error,
    /// This machine cannot do what it asks for.
    Unsupported,
}

/// An expectation and how it came out.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Judgement {
    /// The expression.
    pub that: String,
    /// What its left side came to, with its unit.
    pub actual: String,
    /// Whether it holds.
    pub holds: bool,
    /// Where it stands in the file, as a byte offset; no part of the JSON.
    #[serde(skip)]
    pub at: usize,
}

/// Values by report path, sorted into `counts` and `timing` as they come.
pub(crate) struct Ledger {
    certainty: Option<Certainty>,
    /// What is noted and has not been yet, where that is not everything.
    wanted: Option<BTreeSet<String>>,
    counts: Value,
    timing: Value,
}

impl Ledger {
    pub(crate) fn new(scenario: &Scenario) -> Ledger {
        Ledger { certainty: Some(Certainty::of(scenario)), ..Ledger::of(None) }
    }

    /// Notes nothing but the values at these paths, and not which half they belong to: for whoever looks at few of them, often.
    pub(crate) fn only(paths: BTreeSet<String>) -> Ledger {
        Ledger::of(Some(paths))
    }

    fn of(wanted: Option<BTreeSet<String>>) -> Ledger {
        let empty = || Value::Object(Map::new());
        Ledger { certainty: None, wanted, counts: empty(), timing: empty() }
    }

    /// Whether anything at `path` or below it is still to be noted.
    pub(crate) fn wants(&self, path: &str) -> bool {
        let is_at = |wanted: &String| {
            wanted.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        self.wanted.as_ref().is_none_or(|wanted| wanted.iter().any(is_at))
    }

    /// Notes a value. Only paths of the vocabulary have a place in a report.
    pub(crate) fn put(&mut self, path: &str, value: u64) {
        self.put_measured(path, Some(value));
    }

    /// Notes a value that there may not be yet.
    pub(crate) fn put_measured(&mut self, path: &str, value: Option<u64>) {
        if self.wanted.as_mut().is_some_and(|wanted| !wanted.remove(path)) {
            return;
        }
        let Some(field) = field(path) else {
            debug_assert!(false, "`{path}` is no path of a report");
            return;
        };
        let timed = field.nature == Nature::Timing
            || self.certainty.as_ref().is_some_and(|certainty| !certainty.is_exact(path));
        let root = if timed { &mut self.timing } else { &mut self.counts };
        let mut keys = segments(path);
        keys.pop();
        place(root, &keys).insert(field.key(), value.into());
    }

    /// The two halves, as a report has them.
    pub(crate) fn into_parts(self) -> (Value, Value) {
        (self.counts, self.timing)
    }

    /// As one object, for expressions.
    pub(crate) fn into_value(self) -> Value {
        let (counts, timing) = self.into_parts();
        serde_json::json!({ "counts": counts, "timing": timing })
    }
}

/// The object at `keys`, made where it is not there yet.
fn place<'a>(root: &'a mut Value, keys: &[String]) -> &'a mut Map<String, Value> {
    let mut node = root;
    for key in keys {
        node = object(node).entry(key.as_str()).or_insert_with(|| Value::Object(Map::new()));
    }
    object(node)
}

fn object(value: &mut Value) -> &mut Map<String, Value> {
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    match value {
        Value::Object(map) => map,
        _ => unreachable!("made an object above"),
    }
}

impl Report {
    /// The report of a scenario that did not run, or not to its end: nothing is counted and nothing was judged.
    pub(crate) fn not_run(scenario: &Scenario, result: Outcome, reason: String) -> Report {
        let empty = || Value::Object(Map::new());
        Report {
            schema: SCHEMA,
            scenario: scenario.name.clone(),
            seed: scenario.seed,
            clock: scenario.clock,
            result,
            reason: vec![reason],
            counts: empty(),
            timing: empty(),
            expectations: Vec::new(),
            timeline: None,
            line: None,
            output: BTreeMap::new(),
        }
    }

    /// Whether the scenario ran to its end, and so has counts.
    pub fn has_run(&self) -> bool {
        matches!(self.result, Outcome::Pass | Outcome::Fail)
    }

    /// What a snapshot keeps of it: the counts, and in virtual time the timings too.
    pub fn snapshot(&self) -> Value {
        let mut kept = Map::new();
        kept.insert("schema".into(), "squall.snapshot/1".into());
        kept.insert("scenario".into(), self.scenario.clone().into());
        kept.insert("seed".into(), self.seed.into());
        kept.insert("counts".into(), self.counts.clone());
        if self.clock == Clock::Virtual {
            kept.insert("timing".into(), self.timing.clone());
        }
        Value::Object(kept)
    }
}
