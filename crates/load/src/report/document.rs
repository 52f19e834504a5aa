//! The report that programs read, `squall.load/1`: what is exact and what is noisy, apart.

use super::parts::{FullConnections, FullCounts, FullIntegrity, FullTiming};
use super::{Interval, Report};
use crate::counters::{Errors, Transfer};
use crate::generator::Generator;
use crate::histogram::{Encoded, Latency, Recorder};
use crate::tally::Series;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The name and version of the format.
pub const SCHEMA: &str = "squall.load/1";

/// A whole report.
///
/// `plan`, `counts`, `bytes`, `connections`, `integrity`, `errors`, `members` and `thresholds` are exact as far as target and
/// clock leave them so; `timing`, `histograms`, `intervals`, `generator` and `run` differ from run to run.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Document {
    /// Always `squall.load/1`.
    #[schemars(extend("const" = SCHEMA))]
    pub schema: String,
    /// What the load came to.
    pub result: Outcome,
    /// Why it is not a pass.
    pub reason: Vec<String>,
    /// What was asked for.
    pub plan: Plan,
    /// What was counted; absent in a closed loop by duration, whose figures are not exact and stand under `timing`.
    #[serde(flatten)]
    pub figures: Option<Figures>,
    /// The conditions that were to hold.
    pub thresholds: Vec<Threshold>,
    /// How long things took.
    pub timing: FullTiming,
    /// Everything that was measured, so that reports can be merged exactly.
    pub histograms: Histograms,
    /// What happened in each second.
    pub intervals: Vec<Interval>,
    /// How the generator itself did.
    pub generator: Generator,
    /// When and by what it was done.
    pub run: RunInfo,
}

/// What a load comes to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// Every byte was right and every threshold holds.
    Pass,
    /// Bytes were wrong, or a threshold does not hold.
    Fail,
    /// The generator was saturated, or the target could not be reached: nothing can be said.
    Invalid,
    /// It was cut short.
    Interrupted,
}

/// What was asked for.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// The target as it was written.
    pub target: String,
    /// `closed` or `open`.
    pub model: String,
    /// How many connections there are at a time, over all parts.
    pub connections: u64,
    /// How many requests in all, over all parts; null where a duration decides.
    pub requests: Option<u64>,
    /// How long a closed loop goes on, in nanoseconds.
    pub duration_ns: Option<u64>,
    /// The options that were given, by their names on the command line.
    pub options: BTreeMap<String, String>,
    /// The seed.
    pub seed: u64,
    /// Into how many parts the plan is split.
    pub shards: u64,
    /// Which of them this report has, from 0.
    pub parts: Vec<u64>,
}

/// Everything that is counted.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct Figures {
    /// Requests.
    pub counts: FullCounts,
    /// Payload bytes of the requests that are ok.
    pub bytes: Transfer,
    /// Connections.
    pub connections: FullConnections,
    /// What came back wrong.
    pub integrity: FullIntegrity,
    /// Failed requests by cause.
    pub errors: Errors,
    /// Connections by the server that they met; only framed servers say who they are.
    pub members: BTreeMap<String, u64>,
}

/// A condition and whether it holds.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Threshold {
    /// The condition as it was written.
    pub that: String,
    /// What was found.
    pub actual: String,
    /// Whether it holds.
    pub holds: bool,
}

/// What was measured.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Histograms {
    /// See `timing`.
    pub latency: Encoded,
    /// See `timing`.
    pub service_time: Encoded,
    /// See `timing`.
    pub first_byte: Encoded,
    /// See `timing`.
    pub send_delay: Encoded,
    /// See `timing`.
    pub connect: Encoded,
}

/// When and by what a load was done.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RunInfo {
    /// The version of squall.
    pub version: String,
    /// When it began, in milliseconds since 1970.
    pub started_unix_ms: u64,
}

/// The JSON Schema of [`Document`].
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(Document).to_value()
}

impl Histograms {
    pub(super) fn of(series: &Series) -> Histograms {
        Histograms {
            latency: series.latency.encode(),
            service_time: series.service_time.encode(),
            first_byte: series.first_byte.encode(),
            send_delay: series.send_delay.encode(),
            connect: series.connect.encode(),
        }
    }

    pub(super) fn series(&self) -> Result<Series, String> {
        let read = |name: &str, encoded: &Encoded| {
            Recorder::decode(encoded).map_err(|error| format!("histogram `{name}`: {error}"))
        };
        Ok(Series {
            latency: read("latency", &self.latency)?,
            service_time: read("service_time", &self.service_time)?,
            first_byte: read("first_byte", &self.first_byte)?,
            send_delay: read("send_delay", &self.send_delay)?,
            connect: read("connect", &self.connect)?,
        })
    }
}

impl FullTiming {
    pub(super) fn of(series: &Series, elapsed_ns: u64, figures: &Figures) -> FullTiming {
        let summary =
            |recorder: &Recorder| -> Option<Latency> { (!recorder.is_empty()).then(|| recorder.summary()) };
        let rate = u128::from(figures.counts.ok) * 1_000_000_000 / u128::from(elapsed_ns.max(1));
        FullTiming {
            elapsed_ns,
            latency: summary(&series.latency),
            service_time: summary(&series.service_time),
            first_byte: summary(&series.first_byte),
            send_delay: summary(&series.send_delay),
            connect: summary(&series.connect),
            throughput: super::Throughput::of(figures.bytes.sent, figures.bytes.received, elapsed_ns),
            requests_per_s: u64::try_from(rate).unwrap_or(u64::MAX),
            figures: None,
        }
    }
}

impl Document {
    /// The report as programs read it, not yet judged. `plan` says whether its figures are exact.
    pub fn new(report: &Report, plan: Plan, run: RunInfo) -> Document {
        let (counts, strays) = (report.counts, report.timing.strays);
        let figures = Figures {
            counts: FullCounts {
                planned: counts.planned,
                sent: counts.sent,
                ok: counts.ok,
                failed: counts.failed,
                dropped: counts.planned.saturating_sub(counts.ok + counts.failed),
                late: report.generator.late,
                warmup: counts.warmup,
                retried: counts.retried,
            },
            bytes: counts.bytes,
            connections: FullConnections {
                opened: counts.connections.opened,
                lost: counts.connections.lost,
                refused: counts.connections.refused,
            },
            integrity: FullIntegrity {
                corrupt: counts.integrity.corrupt,
                truncated: counts.integrity.truncated,
                extra: counts.integrity.extra,
                duplicated: strays.duplicated,
                reordered: strays.reordered,
                lost: strays.lost,
                late: strays.late,
                first: report.first_wrong,
            },
            errors: counts.errors,
            members: report.members.clone(),
        };
        let parts = Measured {
            series: &report.series,
            elapsed_ns: report.timing.elapsed_ns,
            intervals: report.intervals.clone(),
            generator: report.generator,
        };
        Document::assemble(plan, figures, parts, run)
    }

    pub(super) fn assemble(plan: Plan, figures: Figures, measured: Measured<'_>, run: RunInfo) -> Document {
        let mut timing = FullTiming::of(measured.series, measured.elapsed_ns, &figures);
        let exact = plan.duration_ns.is_none();
        let (figures, inexact) = if exact { (Some(figures), None) } else { (None, Some(figures)) };
        timing.figures = inexact;
        Document {
            schema: SCHEMA.to_owned(),
            result: Outcome::Pass,
            reason: Vec::new(),
            plan,
            figures,
            thresholds: Vec::new(),
            timing,
            histograms: Histograms::of(measured.series),
            intervals: measured.intervals,
            generator: measured.generator,
            run,
        }
    }

    /// What was counted, exactly or not.
    pub fn figures(&self) -> Figures {
        self.figures.clone().or_else(|| self.timing.figures.clone()).unwrap_or_default()
    }

    /// Says what the load came to, given its thresholds. Wrong bytes outweigh everything; a result that is invalid is no pass
    /// whatever its thresholds say.
    pub fn judge(&mut self, thresholds: Vec<Threshold>, interrupted: bool) {
        let figures = self.figures();
        let (mut result, mut reason) = (Outcome::Pass, Vec::new());
        let mut worse = |outcome: Outcome, why: String| {
            result = outcome;
            reason.push(why);
        };
        for threshold in thresholds.iter().filter(|threshold| !threshold.holds) {
            worse(Outcome::Fail, format!("`{}` does not hold: found {}", threshold.that, threshold.actual));
        }
        if self.generator.saturated {
            worse(
                Outcome::Invalid,
                "the generator was saturated: it did not keep its own schedule; take fewer requests, more --connections, more hosts \
                 (--shard), or a machine that is not busy"
                    .to_owned(),
            );
        }
        if figures.connections.opened == 0 && figures.counts.failed > 0 {
            worse(Outcome::Invalid, format!("{} could not be reached", self.plan.target));
        }
        let integrity = figures.integrity;
        if integrity.is_wrong() {
            let first = integrity.first.map(|at| format!("; first on {at}"));
            let (corrupt, truncated, extra) = (integrity.corrupt, integrity.truncated, integrity.extra);
            let counts = format!(
                "wrong bytes: {corrupt} requests corrupt, {truncated} truncated, {extra} bytes too many"
            );
            worse(Outcome::Fail, counts + &first.unwrap_or_default());
        }
        if interrupted {
            worse(Outcome::Interrupted, format!("cut short with {} requests to go", figures.counts.dropped));
        }
        (self.result, self.reason, self.thresholds) = (result, reason, thresholds);
    }
}

/// What a document is made of beside its figures.
pub(super) struct Measured<'a> {
    pub(super) series: &'a Series,
    pub(super) elapsed_ns: u64,
    pub(super) intervals: Vec<Interval>,
    pub(super) generator: Generator,
}
