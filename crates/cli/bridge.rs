//! `squall bridge`: one connection between two ends.

use crate::exit::Exit;
use crate::ready::Bound;
use crate::signals::Signals;
use crate::{Failure, files, output, parse, serving};
use serde_json::json;
use squall::{Address, Bridge, BridgeEnd, Bridged, LinkedSpec, ProxyError, Size, bridge};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

/// Connect to A and to B and relay between them until both have finished, then print how many bytes went each way.
///
/// Either may be a unix socket, unix:PATH. `listen:HOST:PORT` or `listen:unix:PATH` for an end waits for the first client there
/// instead; both ends may wait. It prints `squall bridge listening on HOST:PORT` for each once all are bound. An end to be connected to is connected to when those that
/// wait have been found.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The first end: HOST:PORT or unix:PATH, or listen: and one of these. Bytes from here are up.
    #[arg(value_name = "A")]
    a: End,
    /// The second end. Bytes from here are down.
    #[arg(value_name = "B")]
    b: End,
    /// A fault between the ends, as of `squall proxy`; may be given more than once.
    #[arg(long = "fault", value_name = "SPEC", value_parser = parse::fault)]
    faults: Vec<LinkedSpec>,
    /// The seed of every random decision, or `random`.
    #[arg(long, value_name = "N", default_value = "0", value_parser = parse::seed)]
    seed: u64,
    /// End when no byte has moved either way for so long.
    #[arg(long, value_name = "DURATION", value_parser = parse::period)]
    idle_timeout: Option<Duration>,
    /// End with the first end that finishes, once the other has its bytes, instead of carrying the half-close.
    #[arg(long)]
    until_either_ends: bool,
    /// How long connecting to an end may take.
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = parse::period)]
    connect_timeout: Duration,
    /// How many bytes one direction may hold.
    #[arg(long, value_name = "SIZE", default_value = "64MiB", value_parser = parse::size)]
    buffer: Size,
    /// Write the totals as JSON to FILE, or to stdout without one.
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true, default_missing_value = "-")]
    json: Option<PathBuf>,
    /// Write a line NAME=HOST:PORT for each end that waits to this file, once all are bound.
    #[arg(long, value_name = "FILE")]
    port_file: Option<PathBuf>,
}

/// An end as it is written.
#[derive(Clone, Debug)]
enum End {
    Listen(Address),
    Dial(Address),
}

impl FromStr for End {
    type Err = String;

    fn from_str(text: &str) -> Result<End, String> {
        if let Some(addr) = text.strip_prefix("listen:") {
            return parse::listen_at(addr).map(End::Listen);
        }
        let rest = text.strip_prefix("tcp:").unwrap_or(text);
        rest.parse().map(End::Dial).map_err(|error: squall::AddressError| error.to_string())
    }
}

impl From<&End> for BridgeEnd {
    fn from(end: &End) -> BridgeEnd {
        match end {
            End::Listen(address) => BridgeEnd::listen_at(address.clone()),
            End::Dial(address) => address.clone().into(),
        }
    }
}

pub(crate) fn main(args: Args) -> Result<Exit, Failure> {
    let shards = serving::start_shards(Some(NonZeroUsize::MIN))?;
    serving::block_on(async move {
        let mut signals = Signals::listen()?;
        if let Some(target) = &args.json {
            output::probe(target)?;
        }
        let mut builder = bridge(&args.a, &args.b).seed(args.seed).shards(shards);
        builder = builder.connect_timeout(args.connect_timeout).buffer(args.buffer.as_bytes());
        if let Some(limit) = args.idle_timeout {
            builder = builder.idle_timeout(limit);
        }
        if args.until_either_ends {
            builder = builder.until_either_ends();
        }
        for fault in &args.faults {
            if let Some(link) = &fault.link {
                return Err(Failure::usage(format!(
                    "a bridge has no link `{link}`; leave it out of --fault"
                )));
            }
            builder = builder.fault(files::supply(fault.spec.clone())?);
        }
        let bridge = builder.start().map_err(|error| match error {
            ProxyError::Plan(_) => Failure::usage(error),
            _ => Failure::environment(error),
        })?;
        let mut bound = Bound::default();
        for (name, address) in ["a", "b"].into_iter().zip(bridge.addresses()) {
            if let Some(address) = address {
                bound.note(name, "squall bridge listening on ", address);
            }
        }
        bound.announce(args.port_file.as_deref())?;
        let (bridged, cut) = until_end(bridge, &mut signals).await;
        tell(&args, &bridged.map_err(Failure::environment)?)?;
        if let Some(code) = cut {
            std::process::exit(code);
        }
        Ok(Exit::Ok)
    })
}

/// How the bridge ended, and the exit code of the signal that ended it, if one did.
async fn until_end(bridge: Bridge, signals: &mut Signals) -> (Result<Bridged, ProxyError>, Option<i32>) {
    let canceller = bridge.canceller();
    let mut end = std::pin::pin!(bridge.finish());
    tokio::select! {
        biased;
        bridged = &mut end => (bridged, None),
        code = signals.next() => {
            canceller.cancel();
            (end.await, Some(code))
        }
    }
}

fn tell(args: &Args, bridged: &Bridged) -> Result<(), Failure> {
    let (up, down) = (bridged.bytes.up, bridged.bytes.down);
    match &args.json {
        Some(target) => {
            let totals = json!({ "bytes": { "up": up, "down": down }, "reason": bridged.reason.to_string() });
            output::write(target, &format!("{totals:#}\n"))
        }
        None => output::print(&format!("up: {up} bytes | down: {down} bytes | {}\n", bridged.reason)),
    }
}
