//! How runs came out: said as they come, and what they come to together.

use super::page::Room;
use super::{Args, Case};
use crate::exit::Exit;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use squall::scenario::report::{self, Report};
use squall::scenario::{Conclusion, Lines, Overrides, counts_difference, replay_command};
use std::collections::BTreeMap;
use std::io::{IsTerminal, stderr};
use std::path::PathBuf;
use std::time::Duration;

/// A run and what came of it.
pub(crate) struct Done {
    pub(crate) case: Case,
    pub(crate) outcome: Outcome,
    /// Nothing where the file is no scenario.
    pub(crate) report: Option<Box<Report>>,
    /// What was said about it besides the report's reasons.
    pub(crate) words: String,
    pub(crate) took: Duration,
    /// Whether a page shows it at length.
    pub(crate) whole: bool,
    /// The run in the words of the command line.
    pub(crate) replay: String,
}

impl Done {
    /// All that is said about it: the reasons first.
    pub(crate) fn told(&self) -> String {
        let Some(report) = &self.report else { return self.words.clone() };
        let begin = if report.has_run() { "failed" } else { "error" };
        let reasons = report.reason.iter().map(|reason| format!("{begin}: {reason}\n"));
        reasons.chain([self.words.clone()]).collect()
    }
}

/// In one word.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Outcome {
    Passed,
    Failed,
    /// The file is no scenario.
    Invalid,
    /// The environment did not let it run.
    Unable,
    /// This machine cannot do it, and that was to be passed over.
    Skipped,
}

impl Outcome {
    fn exit(self) -> Exit {
        match self {
            Outcome::Passed | Outcome::Skipped => Exit::Ok,
            Outcome::Failed => Exit::Failed,
            Outcome::Invalid => Exit::Usage,
            Outcome::Unable => Exit::Environment,
        }
    }
}

/// All that has been done so far.
pub(crate) struct Verdicts {
    skip_unsupported: bool,
    overrides: Overrides,
    several: bool,
    bar: ProgressBar,
    room: Room,
    done: Vec<Done>,
    /// The first report of each file and seed.
    first: BTreeMap<(PathBuf, Option<u64>), Box<Report>>,
}

impl Verdicts {
    pub(crate) fn new(args: &Args, cases: usize) -> Verdicts {
        let shown = cases > 1 && stderr().is_terminal();
        let target = if shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(Some(cases as u64), target);
        if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} {msg} {elapsed}") {
            bar.set_style(style);
        }
        Verdicts {
            skip_unsupported: args.skip_unsupported,
            overrides: args.overrides.overrides(),
            several: cases > 1,
            bar,
            room: Room::default(),
            done: Vec::new(),
            first: BTreeMap::new(),
        }
    }

    /// Says the lines of programs, above the bar.
    pub(crate) fn lines(&self) -> Lines {
        let (bar, shown) = (self.bar.clone(), !self.bar.is_hidden());
        Lines::new(move |name, line| {
            let tell = || eprintln!("{name} | {line}");
            // The bar would be held as long as nobody takes the line.
            if shown { bar.suspend(tell) } else { tell() }
        })
    }

    /// Takes in how a run ended, and says it.
    pub(crate) fn take(&mut self, case: &Case, conclusion: Conclusion, took: Duration) {
        let (outcome, report, words) = match conclusion {
            Conclusion::Passed(report, words) => (Outcome::Passed, Some(report), words),
            Conclusion::Failed(report, words) => (Outcome::Failed, Some(report), words),
            Conclusion::Invalid(words) => (Outcome::Invalid, None, words),
            Conclusion::InvalidSnapshot(report) => (Outcome::Invalid, Some(report), String::new()),
            Conclusion::Unsupported(report) if self.skip_unsupported => {
                (Outcome::Skipped, Some(report), String::new())
            }
            Conclusion::Unsupported(report) | Conclusion::Unable(report) => {
                (Outcome::Unable, Some(report), String::new())
            }
        };
        let replay = replay_command(&case.path, case.seed, &self.overrides);
        let mut done = Done { case: case.clone(), outcome, report, words, took, whole: true, replay };
        self.compare(&mut done);
        done.whole = self.room.take(done.outcome);
        if let (false, Some(report)) = (done.whole, &mut done.report) {
            // Nobody will look at it, and it is the largest part.
            report.timeline = None;
        }
        self.say(&done);
        self.bar.inc(1);
        self.done.push(done);
    }

    /// A run that counted something else than the first of its file and seed has failed.
    fn compare(&mut self, done: &mut Done) {
        let Some(report) = done.report.as_mut().filter(|report| report.has_run()) else { return };
        let same = (done.case.path.clone(), done.case.seed);
        let Some(first) = self.first.get(&same) else {
            self.first.insert(same, Box::new(Report { timeline: None, ..(**report).clone() }));
            return;
        };
        if let Some(difference) = counts_difference(first, report) {
            done.outcome = Outcome::Failed;
            report.result = report::Outcome::Fail;
            report.reason.push(format!("round {} counted something else than the first", done.case.round));
            done.words.push_str(&difference);
        }
    }

    fn say(&self, done: &Done) {
        let shown = done.case.path.display();
        let seed = match (done.case.seed, self.several) {
            (Some(seed), true) => format!("  seed {seed}"),
            _ => String::new(),
        };
        let round = if done.case.round > 1 { format!("  round {}", done.case.round) } else { String::new() };
        let took = format!("({:.2} s)", done.took.as_secs_f64());
        let line = match done.outcome {
            Outcome::Passed => format!("pass  {shown}{seed}{round}  {took}"),
            Outcome::Failed => format!("FAIL  {shown}{seed}{round}  {took}"),
            Outcome::Unable => format!("ERROR {shown}{seed}{round}"),
            Outcome::Skipped => format!("skip  {shown}{seed}{round}"),
            Outcome::Invalid => String::new(),
        };
        let text = format!("{line}\n{}", done.told());
        self.bar.suspend(|| patiently!("{}", text.strip_prefix('\n').unwrap_or(&text)));
    }

    /// Says what it comes to; the exit code of all, and what was done.
    pub(crate) fn finish(self) -> (Exit, Vec<Done>) {
        self.bar.finish_and_clear();
        if self.several {
            let count = |outcome| self.done.iter().filter(|done| done.outcome == outcome).count();
            let failed = count(Outcome::Failed) + count(Outcome::Invalid) + count(Outcome::Unable);
            let skipped = match count(Outcome::Skipped) {
                0 => String::new(),
                n => format!(", {n} skipped"),
            };
            patiently!("{} passed, {failed} failed{skipped}\n", count(Outcome::Passed));
            let seeded =
                self.done.iter().find(|done| done.outcome == Outcome::Failed && done.case.seed.is_some());
            if let Some(done) = seeded {
                let seed = done.case.seed.unwrap_or_default();
                patiently!("first failing seed {seed}; to see it again: {}\n", done.replay);
            }
        }
        let exit = self.done.iter().fold(Exit::Ok, |exit, done| exit.and(done.outcome.exit()));
        (exit, self.done)
    }
}
