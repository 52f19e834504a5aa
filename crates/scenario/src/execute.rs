//! From a file to a verdict: read, run, compare with the snapshot, and say so in words.

use crate::determinism::{Recorded, difference};
use crate::diagnostic::{Diagnostic, Source, render, render_colored};
use crate::model::{Scenario, Services};
use crate::place::demand_plain;
use crate::read::Overrides;
use crate::report::{Outcome, Report};
use crate::run::{Draws, Run, RunError, Watch, run_watched};
use crate::snapshot::{Policy, SnapshotError, Verdict, settle, snapshot_path};
use squall_faults::Decisions;
use std::fmt::Write;
use std::io;
use std::num::NonZeroUsize;
use std::path::Path;

/// How a scenario is executed.
#[derive(Clone, Debug)]
pub struct Execution {
    /// Threads for the real clock.
    pub shards: NonZeroUsize,
    /// A seed instead of the file's; its snapshot is then not compared.
    pub seed: Option<u64>,
    /// A clock and vars instead of the file's; its snapshot is then not compared either.
    pub overrides: Overrides,
    /// Rewrite a snapshot that differs.
    pub update: bool,
    /// This is continuous integration: no snapshot is written unless `update` asks for it.
    pub ci: bool,
    /// Colour in what is said.
    pub color: bool,
    /// Where decisions are written down, and whether they are made again. With decisions of another run, the snapshot is not
    /// compared.
    pub draws: Draws,
    /// Run it twice, and fail where the runs have not decided and counted the same. Decisions are then not written down.
    pub check_determinism: bool,
    /// What is followed of the run.
    pub watch: Watch,
}

/// What came of a scenario file. The reasons why it is no pass are in the report; the words are what there is to say besides.
#[derive(Debug)]
pub enum Conclusion {
    /// Everything held. The words say what was written, if anything.
    Passed(Box<Report>, String),
    /// Something did not hold: the words say more of it, and how to see it again.
    Failed(Box<Report>, String),
    /// The file is no scenario: the words are its diagnostics.
    Invalid(String),
    /// What stands where its snapshot should is none; the report says so.
    InvalidSnapshot(Box<Report>),
    /// The environment did not let it run, or not to its end.
    Unable(Box<Report>),
    /// This machine cannot do what it asks for, whatever else happens on it.
    Unsupported(Box<Report>),
}

/// Reads a scenario file.
///
/// # Errors
/// In words: why it cannot be read, or every mistake in it.
pub fn check(path: &Path, overrides: &Overrides, color: bool) -> Result<Scenario, String> {
    read(&open(path)?, overrides, color)
}

fn read(source: &Source, overrides: &Overrides, color: bool) -> Result<Scenario, String> {
    crate::read_with(source, overrides).map_err(|diagnostics| {
        let mut words = renderer(color)(source, &diagnostics);
        if let Some(clock) = overrides.clock {
            // Half of the mistakes may be none with the file's own clock.
            words.push_str(&format!("note: read with the {clock} clock, as --clock has it\n"));
        }
        words
    })
}

/// Reads a file of services. Of the overrides only the vars count.
///
/// # Errors
/// As [`check`].
pub fn check_services(path: &Path, overrides: &Overrides, color: bool) -> Result<Services, String> {
    // Whoever keeps services in a pipe has somebody at its other end, also when it is read again.
    let source = Source::open(path).map_err(|error| unreadable(path, &error))?;
    crate::read_services(&source, overrides).map_err(|diagnostics| renderer(color)(&source, &diagnostics))
}

/// Reads a file as what it says that it is: services, or else a scenario.
///
/// # Errors
/// As [`check`].
pub fn check_either(path: &Path, overrides: &Overrides, color: bool) -> Result<(), String> {
    match crate::is_services(&open(path)?) {
        true => check_services(path, overrides, color).map(drop),
        false => check(path, overrides, color).map(drop),
    }
}

fn open(path: &Path) -> Result<Source, String> {
    let read = demand_plain(path).and_then(|()| Source::open(path));
    read.map_err(|error| unreadable(path, &error))
}

fn unreadable(path: &Path, error: &io::Error) -> String {
    format!("error: cannot read {}: {}\n", path.display(), squall_wire::reason(error))
}

fn renderer(color: bool) -> fn(&Source, &[Diagnostic]) -> String {
    if color { render_colored } else { render }
}

/// Executes a scenario file. Blocks; to be called outside of any async runtime.
pub fn execute(path: &Path, execution: &Execution) -> Conclusion {
    let opened = open(path).and_then(|source| {
        let scenario = read(&source, &execution.overrides, execution.color)?;
        Ok((source, scenario))
    });
    let (source, mut scenario) = match opened {
        Ok(opened) => opened,
        Err(words) => return Conclusion::Invalid(words),
    };
    if let Some(seed) = execution.seed {
        scenario.seed = seed;
    }
    let ran = if execution.check_determinism {
        twice(&scenario, execution)
    } else {
        one(&scenario, execution, execution.draws.clone()).map(|run| (run, None))
    };
    match ran {
        Err(error) => unable(&scenario, &error),
        Ok((mut run, difference)) => {
            let broken = run.report.expectations.iter().find(|judgement| !judgement.holds);
            run.report.line = broken.map(|judgement| source.line(judgement.at));
            conclude(path, execution, &scenario, run, difference)
        }
    }
}

fn one(scenario: &Scenario, execution: &Execution, draws: Draws) -> Result<Run, RunError> {
    run_watched(scenario, execution.shards, draws, execution.watch.clone())
}

/// The first of two runs, and the difference between them.
fn twice(scenario: &Scenario, execution: &Execution) -> Result<(Run, Option<String>), RunError> {
    let record = || {
        let decisions = Decisions::default();
        let draws = Draws { decisions: Some(decisions.clone()), ..execution.draws.clone() };
        one(scenario, execution, draws).map(|run| (run, decisions))
    };
    let (first, second) = (record()?, record()?);
    let recorded = |(run, decisions)| Recorded { run, decisions };
    let difference = difference(&recorded((&first.0, &first.1)), &recorded((&second.0, &second.1)));
    Ok((first.0, difference))
}

fn unable(scenario: &Scenario, error: &RunError) -> Conclusion {
    let report = |result| Box::new(Report::not_run(scenario, result, error.to_string()));
    match error.is_unsupported() {
        true => Conclusion::Unsupported(report(Outcome::Unsupported)),
        false => Conclusion::Unable(report(Outcome::Error)),
    }
}

fn conclude(
    path: &Path,
    execution: &Execution,
    scenario: &Scenario,
    run: Run,
    difference: Option<String>,
) -> Conclusion {
    let Run { mut report, history } = run;
    let mut words = String::new();
    if let Some(difference) = difference {
        report.reason.push("a second run decided or counted something else".to_owned());
        report.result = Outcome::Fail;
        words.push_str(&difference);
    }
    let as_it_is =
        execution.seed.is_none() && execution.draws.replay.is_none() && execution.overrides.is_empty();
    if scenario.snapshot.is_some() && as_it_is {
        let passed = report.result == Outcome::Pass;
        let policy = Policy { update: execution.update, ci: execution.ci, passed };
        match settle(&snapshot_path(path), &report.snapshot(), policy) {
            Ok(verdict) => compared(verdict, &mut report, &mut words),
            Err(error) => {
                report.result = Outcome::Error;
                report.reason.push(error.to_string());
                return match error {
                    SnapshotError::Parse { .. } => Conclusion::InvalidSnapshot(Box::new(report)),
                    _ => Conclusion::Unable(Box::new(report)),
                };
            }
        }
    }
    if report.reason.is_empty() {
        return Conclusion::Passed(Box::new(report), words);
    }
    report.result = Outcome::Fail;
    if !history.is_empty() {
        let _ = writeln!(words, "last events:");
        history.iter().for_each(|line| words.push_str(&format!("  {line}\n")));
    }
    for (program, lines) in &report.output {
        let _ = writeln!(words, "last lines of {program}:");
        lines.iter().for_each(|line| words.push_str(&format!("  {line}\n")));
    }
    let again = crate::replay_command(path, execution.seed, &execution.overrides);
    let _ = writeln!(words, "seed {}; to see it again: {again}", report.seed);
    Conclusion::Failed(Box::new(report), words)
}

/// Says how the run stands to its snapshot.
fn compared(verdict: Verdict, report: &mut Report, words: &mut String) {
    match verdict {
        Verdict::Same | Verdict::Skipped => {}
        Verdict::Written(path) => words.push_str(&format!("wrote {}\n", path.display())),
        Verdict::Updated(path) => words.push_str(&format!("updated {}\n", path.display())),
        Verdict::Missing(path) => report.reason.push(format!(
            "there is no snapshot {}; run without CI, look at what is written, and commit it",
            path.display()
        )),
        Verdict::Differs { rendered, new, .. } => {
            report.reason.push("the report differs from its snapshot".to_owned());
            words.push_str(&rendered);
            if let Some(new) = new {
                words.push_str(&format!("wrote {}; --update accepts it\n", new.display()));
            }
        }
    }
}
