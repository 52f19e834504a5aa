//! `squall doctor`: what of this machine squall can use, why not the rest, and what to do about it.

mod check;
mod congestion;
mod datagrams;
mod document;
mod limits;
mod pipes;
mod streams;
mod sysctl;
mod terminal;
mod timer;

use crate::exit::Exit;
use crate::{Failure, output, serving};
use check::Check;
use std::path::PathBuf;

/// Say what makes squall fast and exact on this machine, and what stands against it.
///
/// Tries out timers, pipes, datagram sockets, resets and connects that hang, and reads the system's limits. Nothing is changed.
/// Where something could be better, the command that makes it so stands below.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Write it as JSON to FILE, or to stdout without one.
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true, default_missing_value = "-")]
    json: Option<PathBuf>,
}

pub(crate) fn main(args: Args) -> Result<Exit, Failure> {
    let checks = examine()?;
    match &args.json {
        Some(target) => output::write(target, &format!("{:#}\n", document::of(&checks)))?,
        None => output::print(&terminal::text(&checks))?,
    }
    Ok(Exit::Ok)
}

/// Every check, in the order in which they are shown.
fn examine() -> Result<Vec<Check>, Failure> {
    // Before anything raises it.
    let descriptors = limits::descriptors();
    let runtime = serving::runtime()?;
    let mut checks = vec![runtime.block_on(timer::check())?, limits::cores()];
    checks.extend(pipes::checks());
    checks.extend(datagrams::checks());
    checks.push(runtime.block_on(async { streams::reset() }));
    checks.push(streams::hang());
    checks.push(streams::abort_on_overflow());
    checks.push(descriptors);
    checks.push(limits::ports());
    checks.push(limits::backlog());
    checks.push(congestion::check());
    Ok(checks)
}
