//! `squall run`: runs scenario files.

mod cases;
mod github;
mod interrupt;
mod junit;
mod page;
mod targets;
mod verdicts;
mod workers;

use crate::exit::Exit;
use crate::{Failure, decisions, output, overrides, serving};
use cases::{Case, Seeds};
use squall::scenario::report::Report;
use squall::scenario::snapshot::is_ci;
use squall::scenario::{Conclusion, Draws, Execution, Watch};
use std::io::{IsTerminal, stderr};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use verdicts::Verdicts;

pub(crate) use cases::collect;

/// Run scenarios: start what a file names, take its steps, and compare what was counted.
///
/// A folder stands for every .toml file in it and in the folders below. A file with a [snapshot] table is compared with NAME.snap.json beside it.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Files, or folders of them.
    #[arg(value_name = "FILE|FOLDER", default_value = "scenarios")]
    paths: Vec<PathBuf>,
    /// Only files with this in their path.
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
    /// How many run at a time. More than one makes the timings of each less than honest.
    #[arg(long, value_name = "N", default_value = "1")]
    jobs: NonZeroUsize,
    /// Run each so many times, and fail where the counts are not the same every time.
    #[arg(long, value_name = "N", default_value = "1")]
    repeat: NonZeroUsize,
    /// A seed instead of the file's; snapshots are then not compared.
    #[arg(long, value_name = "N", conflicts_with = "update")]
    seed: Option<u64>,
    /// Run each with every seed from the first to the last, and name the first that fails; snapshots are then not compared.
    #[arg(long, value_name = "FIRST-LAST", conflicts_with_all = ["update", "seed"])]
    seeds: Option<Seeds>,
    #[command(flatten)]
    overrides: overrides::Args,
    /// Start nothing more once one has failed.
    #[arg(long)]
    fail_fast: bool,
    /// Pass over what this machine cannot do, instead of ending with exit code 3.
    #[arg(long)]
    skip_unsupported: bool,
    /// Rewrite snapshots that differ.
    #[arg(long, conflicts_with_all = ["vars", "clock"])]
    update: bool,
    /// Run each scenario twice, and fail where the two have not decided and counted the same.
    #[arg(long, conflicts_with_all = ["decisions", "update"])]
    check_determinism: bool,
    /// Write what the faults of one scenario decided to FILE, as sorted JSON lines.
    #[arg(long, value_name = "FILE")]
    decisions: Option<PathBuf>,
    /// Decide as FILE says, which --decisions has written, instead of drawing; the snapshot is then not compared.
    #[arg(long, value_name = "FILE", conflicts_with = "update")]
    replay: Option<PathBuf>,
    /// Write the report as JSON to FILE, or to stdout without one; for several runs a list of reports. A file that is no scenario
    /// has none: it is missing in the list, and null where it is the only one.
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true, default_missing_value = "-")]
    json: Option<PathBuf>,
    /// Write a JUnit report to FILE: a test case for each run, with the seed and the command that repeats it.
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Write one page to FILE that shows what happened: charts over time, connections, faults, expectations.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Print the JSON Schema of the report and do nothing else.
    #[arg(long)]
    schema: bool,
    /// Threads that move bytes under the real clock; one for each core by default.
    #[arg(long, value_name = "N")]
    shards: Option<NonZeroUsize>,
}

pub(crate) fn main(args: Args) -> Result<Exit, Failure> {
    if args.schema {
        return output::print(&format!("{:#}\n", squall::scenario::report_schema())).map(|()| Exit::Ok);
    }
    let cases = cases::of(&args)?;
    let targets = [&args.json, &args.junit, &args.html, &args.decisions];
    let targets: Vec<&Path> = targets.into_iter().flatten().map(PathBuf::as_path).collect();
    let draws = draws(&args, cases.len())?;
    targets::check(&targets, &cases)?;
    squall::raise_descriptor_limit();
    interrupt::end_on_signals()?;
    targets::empty(&targets)?;
    let mut verdicts = Verdicts::new(&args, cases.len());
    let execution = Execution {
        shards: serving::shard_count(args.shards),
        seed: args.seed,
        overrides: args.overrides.overrides(),
        update: args.update,
        ci: is_ci(std::env::var("CI").ok().as_deref()),
        color: colored(),
        draws,
        check_determinism: args.check_determinism,
        watch: Watch { timeline: args.html.is_some(), lines: Some(verdicts.lines()) },
    };
    let enough = |conclusion: &Conclusion| {
        let passed_over = args.skip_unsupported && matches!(conclusion, Conclusion::Unsupported(_));
        args.fail_fast && !matches!(conclusion, Conclusion::Passed(..)) && !passed_over
    };
    workers::run(&cases, &execution, args.jobs, enough, |case, conclusion, took| {
        interrupt::heed();
        verdicts.take(case, conclusion, took);
    });
    interrupt::heed();
    let (exit, done) = verdicts.finish();
    let mut written = Written(exit);
    if let (Some(target), Some(decided), true) = (
        &args.decisions,
        &execution.draws.decisions,
        done.iter().filter_map(|done| done.report.as_ref()).any(|report| report.has_run()),
    ) {
        written.heed(decisions::write(target, decided));
    }
    if let Some(target) = &args.junit {
        written.heed(output::write(target, &junit::document(&done)));
    }
    written.heed(github::tell(&done));
    if let Some(target) = &args.json {
        let reports: Vec<&Report> = done.iter().filter_map(|done| done.report.as_deref()).collect();
        written.heed(write_json(target, &reports, cases.len() == 1));
    }
    if let Some(target) = &args.html {
        written.heed(output::replace(target, &page::render(&done, args.replay.as_deref())));
    }
    Ok(written.0)
}

/// The exit code so far: what cannot be written about a run does not hide how it came out, nor what else there is to write.
struct Written(Exit);

impl Written {
    fn heed(&mut self, done: Result<(), Failure>) {
        if let Err(failure) = done {
            patiently!("error: {}\n", failure.message);
            self.0 = self.0.and(failure.exit);
        }
    }
}

/// What is to become of decisions. One log is of one run: its links have names that others may have too.
fn draws(args: &Args, runs: usize) -> Result<Draws, Failure> {
    let asked = [("--decisions", &args.decisions), ("--replay", &args.replay)];
    if let Some((option, _)) = asked.iter().find(|(_, file)| file.is_some() && runs != 1) {
        return Err(Failure::usage(format!(
            "{option} goes with one run of one scenario, and these are {runs}"
        )));
    }
    let replay = args.replay.as_deref().map(decisions::replay).transpose()?;
    Ok(Draws { decisions: decisions::log(args.decisions.as_deref())?, replay })
}

/// Whether stderr shows colours.
pub(crate) fn colored() -> bool {
    stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none()
}

fn write_json(target: &Path, reports: &[&Report], single: bool) -> Result<(), Failure> {
    let text = match reports {
        // What stands in the file from before must not be taken for the report of this run.
        reports if single => serde_json::to_string_pretty(&reports.first()),
        reports => serde_json::to_string_pretty(reports),
    };
    let mut text = text.map_err(|error| Failure::environment(format!("write the report: {error}")))?;
    text.push('\n');
    output::write(target, &text)
}
