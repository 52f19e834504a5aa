//! `squall load`: clients that verify every byte, and a report of how they fared.

mod args;
mod junit;
mod live;
mod merge;
mod page;
mod plan;
mod shard;
mod target;
mod verdict;

use crate::exit::Exit;
use crate::signals::Signals;
use crate::{Failure, output, serving};
pub(crate) use args::Args;
use args::{Command, Outputs};
use squall::Shards;
use squall::load::{Document, Load, Outcome, RunInfo, schema};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

pub(crate) fn main(args: Args) -> Result<Exit, Failure> {
    if let Some(Command::Merge(args)) = args.command {
        return merge::main(&args);
    }
    if args.schema {
        return output::print(&format!("{:#}\n", schema())).map(|()| Exit::Ok);
    }
    // Everything that can be wrong is found before anything starts.
    let conditions = verdict::Conditions::read(&args.outputs)?;
    let (load, plan) = plan::read(&args)?;
    let (shards, total) = (shards(&args)?, plan::total(&args));
    let run = RunInfo { version: env!("CARGO_PKG_VERSION").to_owned(), started_unix_ms: unix_ms() };
    serving::block_on(async {
        let (report, signal) = drive(load, &shards, total).await?;
        let mut document = Document::new(&report, plan, run);
        let thresholds = conditions.judge(&document);
        document.judge(thresholds, signal.is_some());
        say(&document, &args.outputs)?;
        Ok(exit(&document, signal))
    })
}

fn shards(args: &Args) -> Result<Shards, Failure> {
    squall::raise_descriptor_limit();
    Shards::start(serving::shard_count(args.shards))
        .map_err(|error| Failure::environment(format!("start threads: {error}")))
}

fn unix_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// Runs the load to its end, or until a signal cuts it short.
async fn drive(
    load: Load,
    shards: &Shards,
    total: live::Total,
) -> Result<(squall::load::Report, Option<i32>), Failure> {
    let mut signals = Signals::listen()?;
    let mut running = load.start(shards);
    let mut live = live::Live::new(total);
    loop {
        tokio::select! {
            biased;
            code = signals.next() => {
                live.clear();
                return Ok((running.snapshot(shards.env(0).now()), Some(code)));
            }
            report = running.wait() => {
                live.clear();
                return Ok((report, None));
            }
            () = live.tick() => {}
        }
        live.show(&running.counts());
    }
}

/// Writes the report wherever it is wanted. What people read goes to stdout unless the JSON does.
pub(crate) fn say(document: &Document, outputs: &Outputs) -> Result<(), Failure> {
    let on_stdout = outputs.json.as_deref().is_some_and(|target| target == Path::new("-"));
    let page = page::page(document);
    if on_stdout {
        eprint!("{page}");
    } else {
        output::print(&page)?;
    }
    if let Some(target) = &outputs.json {
        let text = serde_json::to_string_pretty(document)
            .map_err(|error| Failure::environment(format!("write the report: {error}")))?;
        output::write(target, &format!("{text}\n"))?;
    }
    if let Some(target) = &outputs.junit {
        output::write(target, &junit::text(document))?;
    }
    Ok(())
}

/// The exit code of a report.
pub(crate) fn exit(document: &Document, signal: Option<i32>) -> Exit {
    match (signal, document.result) {
        (Some(code), _) => Exit::Signal(u8::try_from(code).unwrap_or(130)),
        (None, Outcome::Pass) => Exit::Ok,
        (None, Outcome::Fail) => Exit::Failed,
        (None, Outcome::Invalid) => Exit::Environment,
        (None, Outcome::Interrupted) => Exit::Failed,
    }
}
