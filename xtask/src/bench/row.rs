//! What a row of the page is: whom it compares, what it measures, and what it is judged by.

use crate::bench::Bench;
use crate::bench::outcome::Outcome;
use crate::bench::subject::Subject;
use std::io;

/// The figures of one measurement, by the keys of the row's columns.
pub(crate) type Figures = Vec<(&'static str, f64)>;

/// One row of the table of targets.
pub(crate) trait Row {
    /// What a filter looks for.
    fn name(&self) -> &'static str;

    /// What is compared, in a few words.
    fn title(&self) -> &'static str;

    /// One sentence: how it is measured.
    fn how(&self) -> String;

    /// Variants that are measured one by one; a single empty one where there are none.
    fn settings(&self) -> Vec<String> {
        vec![String::new()]
    }

    /// Who can take part.
    fn subjects(&self) -> &'static [Subject];

    /// Of which programs of others it is said where they do not take part.
    fn peers(&self) -> &'static [Subject] {
        &Subject::PEERS
    }

    /// What is compared, in a word.
    fn kind(&self) -> &'static str {
        "relay"
    }

    /// Why somebody who is installed cannot.
    fn excuse(&self, _subject: Subject) -> &'static str {
        "cannot do this"
    }

    fn columns(&self) -> &'static [Column];

    /// Measures once.
    ///
    /// # Errors
    /// Whatever keeps it from being measured; the run goes on with the others.
    fn measure(&self, bench: &Bench, subject: Subject, setting: usize) -> io::Result<Figures>;

    /// Compares the medians with the targets.
    fn judge(&self, outcome: &Outcome) -> Vec<Verdict>;
}

/// A column of a row's table.
pub(crate) struct Column {
    /// Under which the figures are found.
    pub(crate) key: &'static str,
    /// The heading, with the unit.
    pub(crate) head: &'static str,
    pub(crate) show: fn(f64) -> String,
    /// Whether the same, divided by what there is without a relay, stands beside it.
    pub(crate) against_direct: bool,
}

impl Column {
    pub(crate) const fn new(key: &'static str, head: &'static str, show: fn(f64) -> String) -> Column {
        Column { key, head, show, against_direct: false }
    }

    pub(crate) const fn against_direct(self) -> Column {
        Column { against_direct: true, ..self }
    }
}

/// How one target came out.
#[derive(Debug)]
pub(crate) struct Verdict {
    pub(crate) target: String,
    pub(crate) found: String,
    /// None where there was nothing to compare with.
    pub(crate) met: Option<bool>,
}

impl Verdict {
    /// `found` shall be at least `wanted`; each is shown by `show`.
    pub(crate) fn at_least(
        target: impl Into<String>,
        found: Option<f64>,
        wanted: Option<f64>,
        show: fn(f64) -> String,
    ) -> Verdict {
        Verdict::compare(target, found, wanted, show, |found, wanted| found >= wanted)
    }

    /// `found` shall be at most `wanted`.
    pub(crate) fn at_most(
        target: impl Into<String>,
        found: Option<f64>,
        wanted: Option<f64>,
        show: fn(f64) -> String,
    ) -> Verdict {
        Verdict::compare(target, found, wanted, show, |found, wanted| found <= wanted)
    }

    fn compare(
        target: impl Into<String>,
        found: Option<f64>,
        wanted: Option<f64>,
        show: fn(f64) -> String,
        holds: fn(f64, f64) -> bool,
    ) -> Verdict {
        let shown = |value: Option<f64>| value.map_or_else(|| "not measured".to_owned(), show);
        let met = found.zip(wanted).map(|(found, wanted)| holds(found, wanted));
        Verdict { target: target.into(), found: format!("{} against {}", shown(found), shown(wanted)), met }
    }

    /// The verdict in a word.
    pub(crate) fn word(&self) -> &'static str {
        match self.met {
            Some(true) => "met",
            Some(false) => "**missed**",
            None => "no comparison",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_met_missed_or_not_comparable() {
        let show = |value: f64| format!("{value:.1}");
        let met = Verdict::at_least("fast", Some(2.0), Some(1.0), show);
        assert_eq!((met.word(), met.found.as_str()), ("met", "2.0 against 1.0"));
        assert_eq!(Verdict::at_most("small", Some(2.0), Some(1.0), show).word(), "**missed**");
        let alone = Verdict::at_least("fast", Some(2.0), None, show);
        assert_eq!((alone.word(), alone.found.as_str()), ("no comparison", "2.0 against not measured"));
    }
}
