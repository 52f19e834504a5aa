//! `squall run`: runs scenario files.

use crate::exit::Exit;
use crate::signals::Signals;
use crate::{Failure, decisions, output, serving};
use squall::scenario::report::Report;
use squall::scenario::snapshot::is_ci;
use squall::scenario::{Conclusion, Draws, Execution, execute};
use std::fs;
use std::io::{IsTerminal, stderr};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Run scenarios: start what a file names, take its steps, and compare what was counted.
///
/// A folder stands for every .toml file in it. A file with a [snapshot] table is compared with NAME.snap.json beside it.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Files, or folders of them.
    #[arg(value_name = "FILE|FOLDER", default_value = "scenarios")]
    paths: Vec<PathBuf>,
    /// Write the report as JSON to FILE, or to stdout without one; for several scenarios a list of reports.
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true, default_missing_value = "-")]
    json: Option<PathBuf>,
    /// Rewrite snapshots that differ.
    #[arg(long)]
    update: bool,
    /// A seed instead of the file's; snapshots are then not compared.
    #[arg(long, value_name = "N", conflicts_with = "update")]
    seed: Option<u64>,
    /// Write what the faults of one scenario decided to FILE, as sorted JSON lines.
    #[arg(long, value_name = "FILE")]
    decisions: Option<PathBuf>,
    /// Decide as FILE says, which --decisions has written, instead of drawing; the snapshot is then not compared.
    #[arg(long, value_name = "FILE", conflicts_with = "update")]
    replay: Option<PathBuf>,
    /// Run each scenario twice, and fail where the two have not decided and counted the same.
    #[arg(long, conflicts_with_all = ["decisions", "update"])]
    check_determinism: bool,
    /// Threads that move bytes under the real clock; one for each core unless told.
    #[arg(long, value_name = "N")]
    shards: Option<NonZeroUsize>,
}

pub(crate) fn main(args: Args) -> Result<Exit, Failure> {
    let files = collect(&args.paths)?;
    let draws = draws(&args, files.len())?;
    squall::raise_descriptor_limit();
    end_on_signals()?;
    let execution = Execution {
        shards: serving::shard_count(args.shards),
        seed: args.seed,
        update: args.update,
        ci: is_ci(std::env::var("CI").ok().as_deref()),
        color: colored(),
        draws,
        check_determinism: args.check_determinism,
    };
    let (mut exit, mut reports) = (Exit::Ok, Vec::new());
    for path in &files {
        let began = Instant::now();
        let (one, report) = say(path, execute(path, &execution), began);
        exit = exit.and(one);
        reports.extend(report);
    }
    if let (Some(target), Some(decided), false) =
        (&args.decisions, &execution.draws.decisions, reports.is_empty())
    {
        decisions::write(target, decided)?;
    }
    if let Some(target) = &args.json {
        write_json(target, &reports, files.len() == 1)?;
    }
    Ok(exit)
}

/// What is to become of decisions. One log is of one scenario: its links have names that others may have too.
fn draws(args: &Args, files: usize) -> Result<Draws, Failure> {
    let asked = [("--decisions", &args.decisions), ("--replay", &args.replay)];
    if let Some((option, _)) = asked.iter().find(|(_, file)| file.is_some() && files != 1) {
        return Err(Failure::usage(format!("{option} goes with one scenario, and these are {files}")));
    }
    let replay = args.replay.as_deref().map(decisions::replay).transpose()?;
    Ok(Draws { decisions: decisions::log(args.decisions.as_deref())?, replay })
}

/// Every scenario file that `paths` stand for.
pub(crate) fn collect(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    for path in paths {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let unreadable = |error| Failure::environment(format!("cannot read {}: {error}", path.display()));
        let mut found = Vec::new();
        for entry in fs::read_dir(path).map_err(unreadable)? {
            let file = entry.map_err(unreadable)?.path();
            if file.extension().is_some_and(|extension| extension == "toml") {
                found.push(file);
            }
        }
        if found.is_empty() {
            return Err(Failure::usage(format!("there is no scenario (.toml) in {}", path.display())));
        }
        found.sort();
        files.extend(found);
    }
    Ok(files)
}

/// Whether stderr shows colours.
pub(crate) fn colored() -> bool {
    stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none()
}

/// Says on stderr how a scenario came out.
fn say(path: &Path, conclusion: Conclusion, began: Instant) -> (Exit, Option<Report>) {
    let took = format!("{:.2} s", began.elapsed().as_secs_f64());
    let shown = path.display();
    match conclusion {
        Conclusion::Passed(report, words) => {
            eprintln!("pass  {shown}  ({took})");
            eprint!("{words}");
            (Exit::Ok, Some(*report))
        }
        Conclusion::Failed(report, words) => {
            eprintln!("FAIL  {shown}  ({took})");
            eprint!("{words}");
            (Exit::Failed, Some(*report))
        }
        Conclusion::Invalid(words) => {
            eprint!("{words}");
            (Exit::Usage, None)
        }
        Conclusion::Unable(words) => {
            eprintln!("ERROR {shown}");
            eprint!("{words}");
            (Exit::Environment, None)
        }
    }
}

fn write_json(target: &Path, reports: &[Report], single: bool) -> Result<(), Failure> {
    let text = match reports {
        [report] if single => serde_json::to_string_pretty(report),
        reports => serde_json::to_string_pretty(reports),
    };
    let mut text = text.map_err(|error| Failure::environment(format!("write the report: {error}")))?;
    text.push('\n');
    output::write(target, &text)
}

/// A signal cuts the run short: everything it started lives in this process and ends with it.
fn end_on_signals() -> Result<(), Failure> {
    let runtime = serving::runtime()?;
    let mut signals = {
        let _context = runtime.enter();
        Signals::listen()?
    };
    let thread = std::thread::Builder::new().name("squall-signals".into()).spawn(move || {
        let code = runtime.block_on(signals.next());
        eprintln!("interrupted");
        std::process::exit(code);
    });
    thread.map(drop).map_err(|error| Failure::environment(format!("start a thread: {error}")))
}
