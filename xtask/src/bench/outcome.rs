//! What was measured in a row, over all rounds: medians, and ratios within one round.

use crate::bench::row::{Figures, Row, Verdict};
use crate::bench::subject::Subject;

/// A row with everything that was measured.
pub(crate) struct Outcome {
    pub(crate) settings: Vec<String>,
    pub(crate) cases: Vec<Case>,
    /// Who was left out, and why; what went wrong.
    pub(crate) notes: Vec<String>,
}

/// One subject under one setting.
pub(crate) struct Case {
    pub(crate) subject: Subject,
    pub(crate) setting: usize,
    /// One entry for each round; none where it failed.
    pub(crate) rounds: Vec<Option<Figures>>,
}

impl Outcome {
    pub(crate) fn new(settings: Vec<String>) -> Outcome {
        Outcome { settings, cases: Vec::new(), notes: Vec::new() }
    }

    /// Adds what a round has found. Rounds are added in order.
    pub(crate) fn add(&mut self, subject: Subject, setting: usize, figures: Option<Figures>) {
        let found = self.cases.iter_mut().find(|case| (case.subject, case.setting) == (subject, setting));
        match found {
            Some(case) => case.rounds.push(figures),
            None => self.cases.push(Case { subject, setting, rounds: vec![figures] }),
        }
    }

    /// Remarks on it once.
    pub(crate) fn note(&mut self, note: String) {
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    fn case(&self, subject: Subject, setting: usize) -> Option<&Case> {
        self.cases.iter().find(|case| (case.subject, case.setting) == (subject, setting))
    }

    /// The median over all rounds.
    pub(crate) fn median(&self, subject: Subject, setting: usize, key: &str) -> Option<f64> {
        let case = self.case(subject, setting)?;
        median(case.rounds.iter().flatten().filter_map(|figures| figure(figures, key)).collect())
    }

    /// The median of what each round has in relation to the same round without a relay.
    pub(crate) fn against_direct(&self, subject: Subject, setting: usize, key: &str) -> Option<f64> {
        self.against(subject, Subject::Direct, setting, key)
    }

    /// The median of what each round has in relation to what the same round has of `base`.
    pub(crate) fn against(&self, subject: Subject, base: Subject, setting: usize, key: &str) -> Option<f64> {
        let (case, base) = (self.case(subject, setting)?, self.case(base, setting)?);
        let rounds = case.rounds.iter().zip(&base.rounds);
        median(
            rounds
                .filter_map(|(figures, base)| {
                    let (value, base) = (figure(figures.as_ref()?, key)?, figure(base.as_ref()?, key)?);
                    (base != 0.0).then_some(value / base)
                })
                .collect(),
        )
    }

    /// The peer that is first by `key`, largest or smallest.
    pub(crate) fn best_peer(&self, setting: usize, key: &str, largest: bool) -> Option<(Subject, f64)> {
        let peers = self.cases.iter().filter(|case| case.setting == setting && case.subject.is_peer());
        let medians = peers.filter_map(|case| Some((case.subject, self.median(case.subject, setting, key)?)));
        medians.reduce(|best, next| if (next.1 > best.1) == largest { next } else { best })
    }

    pub(crate) fn verdicts(&self, row: &dyn Row) -> Vec<Verdict> {
        row.judge(self)
    }
}

fn figure(figures: &Figures, key: &str) -> Option<f64> {
    figures.iter().find(|(name, _)| *name == key).map(|(_, value)| *value)
}

/// The middle one, or halfway between the two in the middle.
pub(crate) fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    let upper = *values.get(middle)?;
    Some(if values.len() % 2 == 1 { upper } else { (values[middle - 1] + upper) / 2.0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(median(vec![]), None);
        assert_eq!(median(vec![3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(vec![4.0, 1.0]), Some(2.5));
    }

    fn outcome() -> Outcome {
        let mut outcome = Outcome::new(vec![String::new()]);
        for (subject, rounds) in [
            (Subject::Direct, [Some(10.0), Some(20.0), Some(5.0)]),
            (Subject::Squall, [Some(5.0), Some(12.0), Some(4.0)]),
            (Subject::Haproxy, [None, Some(10.0), Some(1.0)]),
            (Subject::Nginx, [Some(2.0), None, None]),
        ] {
            for round in rounds {
                outcome.add(subject, 0, round.map(|value| vec![("speed", value)]));
            }
        }
        outcome
    }

    #[test]
    fn ratios_are_within_a_round() {
        assert_eq!(outcome().against_direct(Subject::Squall, 0, "speed"), Some(0.6));
        // The round that failed has none.
        assert_eq!(outcome().against_direct(Subject::Haproxy, 0, "speed"), Some(0.35));
        assert_eq!(outcome().against_direct(Subject::Socat, 0, "speed"), None);
        assert_eq!(outcome().against(Subject::Direct, Subject::Squall, 0, "speed"), Some(5.0 / 3.0));
    }

    #[test]
    fn the_best_peer_is_none_of_ours() {
        assert_eq!(outcome().best_peer(0, "speed", true), Some((Subject::Haproxy, 5.5)));
        assert_eq!(outcome().best_peer(0, "speed", false), Some((Subject::Nginx, 2.0)));
        assert_eq!(outcome().best_peer(0, "other", true), None);
    }

    #[test]
    fn the_same_remark_is_made_once() {
        let mut outcome = outcome();
        outcome.note("socat is absent".into());
        outcome.note("socat is absent".into());
        assert_eq!(outcome.notes.len(), 1);
    }
}
