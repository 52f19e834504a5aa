//! What every server command does: threads, a runtime for signals, a graceful stop.

use crate::Failure;
use crate::exit::Exit;
use crate::signals::Signals;
use squall::Shards;
use std::future::Future;
use std::num::NonZeroUsize;
use std::time::Duration;
use tokio::runtime::Runtime;

/// Options of every server command.
#[derive(clap::Args)]
#[group(skip)]
pub(crate) struct Args {
    /// Write a line NAME=HOST:PORT for each bound address to this file, once all are bound.
    #[arg(long, value_name = "FILE")]
    pub(crate) port_file: Option<std::path::PathBuf>,
    /// How long open connections may go on after SIGINT or SIGTERM; a second signal ends them at once.
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = crate::parse::duration)]
    pub(crate) grace: Duration,
    /// Threads that move bytes; one for each core by default.
    #[arg(long, value_name = "N")]
    shards: Option<NonZeroUsize>,
}

impl Args {
    /// Starts the threads, with as many descriptors as the system gives.
    pub(crate) fn start_shards(&self) -> Result<Shards, Failure> {
        start_shards(self.shards)
    }
}

/// As [`Args::start_shards`], so many.
pub(crate) fn start_shards(wanted: Option<NonZeroUsize>) -> Result<Shards, Failure> {
    let (before, after) = squall::raise_descriptor_limit();
    tracing::debug!(before, after, "descriptor limit");
    Shards::start(shard_count(wanted))
        .map_err(|error| Failure::environment(format!("start threads: {error}")))
}

/// How many shards: as wanted, or one for each core.
pub(crate) fn shard_count(wanted: Option<NonZeroUsize>) -> NonZeroUsize {
    wanted.or_else(|| std::thread::available_parallelism().ok()).unwrap_or(NonZeroUsize::MIN)
}

/// Runs a server's main task on a runtime of its own: for signals, metrics and printing, never for traffic.
pub(crate) fn block_on<F>(task: F) -> Result<Exit, Failure>
where
    F: Future<Output = Result<Exit, Failure>>,
{
    runtime()?.block_on(task)
}

/// A runtime for the calling thread.
pub(crate) fn runtime() -> Result<Runtime, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| Failure::environment(format!("start a runtime: {error}")))
}

/// Awaits a graceful stop; a second signal ends the process where it stands.
pub(crate) async fn stop(signals: &mut Signals, stopping: impl Future<Output = ()>) {
    tokio::select! {
        biased;
        () = stopping => {}
        code = signals.next() => std::process::exit(code),
    }
}
