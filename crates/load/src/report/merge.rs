//! Several reports as one: counts are added, and histograms, so that nothing is lost.

use super::document::{Document, Figures, Measured, Plan};
use super::{Interval, SCHEMA, Wrong};
use crate::generator::Generator;
use std::collections::BTreeMap;
use std::fmt;

/// Why reports cannot be merged.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MergeError(String);

impl fmt::Display for MergeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for MergeError {}

impl Document {
    /// The report of all of `documents` together, not yet judged: exactly what one load would have reported that did what all of
    /// them did. Times are those of the slowest.
    ///
    /// # Errors
    /// Where there is none, they are of another format or of different plans, or one part of a plan is there twice.
    pub fn merge(documents: &[Document]) -> Result<Document, MergeError> {
        let Some((first, rest)) = documents.split_first() else {
            return Err(MergeError("there is no report".to_owned()));
        };
        let mut plan = first.plan.clone();
        let mut figures = first.figures();
        let mut series = read(first)?;
        let mut intervals: BTreeMap<u64, Interval> = by_second(&first.intervals);
        let mut generator: Generator = first.generator;
        let (mut elapsed_ns, mut run) = (first.timing.elapsed_ns, first.run.clone());
        for document in rest {
            plan.join(&document.plan)?;
            figures.add(&document.figures());
            series.add(&read(document)?);
            for interval in &document.intervals {
                let own = intervals.entry(interval.second);
                own.or_insert_with(|| Interval { second: interval.second, ..Interval::default() })
                    .add(interval);
            }
            generator = generator.and(document.generator);
            elapsed_ns = elapsed_ns.max(document.timing.elapsed_ns);
            run.started_unix_ms = run.started_unix_ms.min(document.run.started_unix_ms);
        }
        plan.parts.sort_unstable();
        let intervals = intervals.into_values().collect();
        let measured = Measured { series: &series, elapsed_ns, intervals, generator };
        Ok(Document::assemble(plan, figures, measured, run))
    }
}

fn read(document: &Document) -> Result<crate::tally::Series, MergeError> {
    if document.schema != SCHEMA {
        return Err(MergeError(format!("`{}` is not `{SCHEMA}`", document.schema)));
    }
    document.histograms.series().map_err(MergeError)
}

fn by_second(intervals: &[Interval]) -> BTreeMap<u64, Interval> {
    intervals.iter().map(|interval| (interval.second, *interval)).collect()
}

impl Plan {
    /// Takes the parts of another report of the same plan.
    fn join(&mut self, other: &Plan) -> Result<(), MergeError> {
        let differ = |what: &str, one: &dyn fmt::Display, other: &dyn fmt::Display| {
            Err(MergeError(format!("the plans differ in their {what}: {one} and {other}")))
        };
        if self.model != other.model {
            return differ("model", &self.model, &other.model);
        }
        if self.shards != other.shards {
            return differ("number of parts", &self.shards, &other.shards);
        }
        if self.duration_ns.is_some() != other.duration_ns.is_some() {
            return differ("length", &"by requests", &"by duration");
        }
        if self.shards > 1 {
            if let Some(part) = other.parts.iter().find(|part| self.parts.contains(part)) {
                return Err(MergeError(format!("part {part} of {} is there twice", self.shards)));
            }
            if self.connections != other.connections {
                return differ("connections", &self.connections, &other.connections);
            }
            if self.requests != other.requests {
                let shown = |plan: &Plan| plan.requests.map_or("none".to_owned(), |n| n.to_string());
                return differ("requests", &shown(self), &shown(other));
            }
            if self.seed != other.seed {
                return differ("seed", &self.seed, &other.seed);
            }
        } else {
            // Loads of their own, side by side.
            self.connections += other.connections;
            self.requests = self.requests.zip(other.requests).map(|(one, other)| one + other);
        }
        self.parts.extend(&other.parts);
        Ok(())
    }
}

impl Figures {
    fn add(&mut self, other: &Figures) {
        let (counts, more) = (&mut self.counts, &other.counts);
        counts.planned += more.planned;
        counts.sent += more.sent;
        counts.ok += more.ok;
        counts.failed += more.failed;
        counts.dropped += more.dropped;
        counts.late += more.late;
        counts.warmup += more.warmup;
        counts.retried += more.retried;
        self.bytes.add(&other.bytes);
        self.connections.opened += other.connections.opened;
        self.connections.lost += other.connections.lost;
        self.connections.refused += other.connections.refused;
        let (integrity, more) = (&mut self.integrity, &other.integrity);
        integrity.corrupt += more.corrupt;
        integrity.truncated += more.truncated;
        integrity.extra += more.extra;
        integrity.duplicated += more.duplicated;
        integrity.reordered += more.reordered;
        integrity.lost += more.lost;
        integrity.late += more.late;
        integrity.first = Wrong::first(integrity.first, more.first);
        self.errors.add(&other.errors);
        for (member, connections) in &other.members {
            *self.members.entry(member.clone()).or_default() += connections;
        }
    }
}
