//! `cargo xtask e2e`: the built binary against every scenario and every invalid file under fixtures.

mod cases;
mod child;
mod invalid;
mod outcome;
mod scenario;

use crate::args::Args;
use crate::failure::Failure;
use crate::{binary, workspace};
use cases::{Cases, Kind};
use indicatif::{ProgressBar, ProgressStyle};
use outcome::{Outcome, Table};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A scenario that takes longer hangs: the files' own timeouts are shorter.
const LIMIT: Duration = Duration::from_secs(120);

/// What to run, and how.
#[derive(Default, Debug)]
pub(crate) struct Options {
    /// Only files whose path contains this.
    pub(crate) filter: String,
    /// Record what the binary says now.
    pub(crate) update: bool,
    /// Test the release build.
    pub(crate) release: bool,
    /// A missing record is a failure.
    pub(crate) ci: bool,
}

impl Options {
    /// Reads `[FILTER] [--update] [--release]`.
    pub(crate) fn parse(words: &[String]) -> Result<Options, Failure> {
        let mut args = Args::parse(words, &["--update", "--release"])?.at_most(1)?;
        let (update, release) = (args.has("--update"), args.has("--release"));
        Ok(Options { filter: args.words.pop().unwrap_or_default(), update, release, ci: workspace::is_ci() })
    }
}

/// One run over the fixtures: everything a case needs to know.
struct Session<'a> {
    root: &'a Path,
    binary: PathBuf,
    scratch: PathBuf,
    limit: Duration,
    options: &'a Options,
}

/// Builds the binary, runs the cases one after another, and shows a table and every failure in full.
pub(crate) fn run(root: &Path, options: &Options) -> Result<(), Failure> {
    let cases = Cases::find(root, &options.filter)?;
    let binary = binary::locate(root, options.release)?;
    let scratch = std::env::temp_dir().join(format!("squall-e2e-{}", std::process::id()));
    fs::create_dir_all(&scratch).map_err(|error| Failure::file("create", &scratch, &error))?;
    let outcomes = Session { root, binary, scratch: scratch.clone(), limit: LIMIT, options }.run(&cases);
    // Best effort: it is the system's folder for what may be left behind.
    let _ = fs::remove_dir_all(&scratch);
    outcome::conclude(&outcomes?, &cases.leftovers(root), options)
}

impl Session<'_> {
    fn run(&self, cases: &Cases) -> Result<Vec<Outcome>, Failure> {
        let table = Table::new(cases.names());
        let bar = ProgressBar::new(cases.len() as u64).with_style(style());
        println!("{}", table.heading());
        let mut outcomes = Vec::new();
        for case in cases.iter() {
            bar.set_message(case.name().to_owned());
            let outcome = match case.kind {
                Kind::Scenario => scenario::run(self, case)?,
                Kind::Invalid => invalid::run(self, case)?,
                Kind::Orphan => Outcome::orphan(case),
            };
            bar.suspend(|| println!("{}", table.row(&outcome)));
            bar.inc(1);
            outcomes.push(outcome);
        }
        bar.finish_and_clear();
        Ok(outcomes)
    }
}

/// The bar draws itself only where stderr is a terminal.
fn style() -> ProgressStyle {
    let fallback = ProgressStyle::default_bar();
    ProgressStyle::with_template("{bar:30} {pos}/{len} {elapsed} {msg}").unwrap_or(fallback)
}

#[cfg(test)]
mod tests;
