//! The options of a load.

use super::shard::ShardArg;
use super::target::Target;
use crate::parse;
use squall::load::{Arrivals, Close, Mix, ProxyProtocol, Rate, Source, Statuses};
use squall::scenario::terms;
use std::num::{NonZeroU64, NonZeroUsize};
use std::path::PathBuf;
use std::time::Duration;

/// Load a server, verify every byte that comes back, and report latencies from the instant at which each request was due.
///
/// `squall load tcp://127.0.0.1:7000 -c 50 -n 100000` is a closed loop: each connection sends when its last answer has come.
/// With --rate or --stages it is an open loop: requests are due whether earlier ones were answered or not. TARGET is
/// tcp://HOST:PORT (or HOST:PORT), udp://HOST:PORT or http://HOST:PORT/PATH, or a unix socket: unix:FILE, or
/// http+unix:FILE:/PATH. Unless over HTTP, it is to send back what it gets, where --send and --expect do not say otherwise.
/// The exit code is 1 where bytes were wrong or a threshold does not hold, 3 where the result is invalid.
#[derive(clap::Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(super) command: Option<Command>,
    /// What to load.
    #[arg(required_unless_present = "schema", value_parser = super::target::parse)]
    pub(super) target: Option<Target>,
    /// How many connections there are at a time; of UDP, sockets.
    #[arg(short, long, value_name = "N", default_value = "1")]
    pub(super) connections: NonZeroU64,
    /// How many requests in all, dealt evenly to the connections.
    #[arg(short = 'n', long, value_name = "N", conflicts_with = "duration")]
    pub(super) requests: Option<NonZeroU64>,
    /// How long to go on. With --rate that is a fixed number of requests. 10s without it, --requests and --stages.
    #[arg(short, long, value_name = "DURATION", value_parser = parse::period)]
    pub(super) duration: Option<Duration>,
    /// Requests per second, whether earlier ones were answered or not: 500, 2k, 0.5.
    #[arg(long, value_name = "RATE", value_parser = terms::rate_above_zero)]
    pub(super) rate: Option<Rate>,
    /// Stages of such a rate, each going in a straight line to its own: 10s:2k,30s:2k. The first begins at --rate, or at 0.
    #[arg(long, value_name = "LIST", value_parser = stages, conflicts_with_all = ["requests", "duration"])]
    pub(super) stages: Option<Stages>,
    /// How requests with a rate are spread: uniform, poisson, or burst:N.
    #[arg(long, value_name = "HOW", default_value = "uniform", value_parser = terms::arrivals)]
    pub(super) arrivals: Arrivals,
    /// Bytes of a request: 1KiB, 64-1500 (any of these), 64:90,1400:10 (by weight). 1KiB by default.
    #[arg(long, value_name = "SIZES", value_parser = terms::mix_above_zero)]
    pub(super) size: Option<Mix>,
    /// Bytes of a reply, as --size; speaks in frames, which squall's echo understands.
    #[arg(long, value_name = "SIZES", value_parser = terms::mix)]
    pub(super) reply_size: Option<Mix>,
    /// How long the server is to wait before it replies; speaks in frames.
    #[arg(long, value_name = "DURATION", value_parser = parse::duration)]
    pub(super) reply_delay: Option<Duration>,
    /// Speak in frames: what is corrupt, missing, doubled or out of order is then told apart.
    #[arg(long)]
    pub(super) framed: bool,
    /// How many requests may be unanswered on a connection. 1 by default; UDP with a rate has no such bound.
    #[arg(long, value_name = "N")]
    pub(super) pipeline: Option<NonZeroU64>,
    /// Close each connection after so many requests and open another.
    #[arg(long, value_name = "N")]
    pub(super) per_conn: Option<NonZeroU64>,
    /// How connections are ended: fin, rst, or half, with FIN right behind the last request.
    #[arg(long, value_name = "HOW", default_value = "fin", value_parser = terms::close)]
    pub(super) close: Close,
    /// How long each connection is held open when it is done.
    #[arg(long, value_name = "DURATION", default_value = "0s", value_parser = parse::duration)]
    pub(super) hold: Duration,
    /// Connect from these addresses in turn: 127.0.0.0/24.
    #[arg(long, value_name = "CIDR", value_parser = terms::source)]
    pub(super) source: Option<Source>,
    /// Begin connections with a header of the PROXY protocol: v1 or v2.
    #[arg(long, value_name = "VERSION", value_parser = terms::proxy_protocol)]
    pub(super) proxy_protocol: Option<ProxyProtocol>,
    /// How long a request, or connecting, may take.
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = parse::period)]
    pub(super) timeout: Duration,
    /// How long each connection waits between requests; not with a rate.
    #[arg(long, value_name = "DURATION", default_value = "0s", value_parser = parse::duration, conflicts_with_all = ["rate", "stages"])]
    pub(super) pause: Duration,
    /// Requests of this time are counted but not measured.
    #[arg(long, value_name = "DURATION", default_value = "0s", value_parser = parse::duration)]
    pub(super) warmup: Duration,
    /// How often a datagram that is not answered in time is sent again.
    #[arg(long, value_name = "N", default_value = "0")]
    pub(super) retries: u64,
    /// Do not open a lost connection again: what it was still dealt has failed.
    #[arg(long)]
    pub(super) no_reconnect: bool,
    /// Send this text as each request; \r, \n, \t, \0, \\ and \xNN stand for bytes.
    #[arg(long, value_name = "TEXT", requires = "expect", value_parser = text)]
    pub(super) send: Option<Text>,
    /// The text that answers --send; with an empty one, sending is all. Over HTTP, the body that every answer has to have.
    #[arg(long, value_name = "TEXT", value_parser = text)]
    pub(super) expect: Option<Text>,
    /// Over HTTP: the body of each request has to come back, byte for byte.
    #[arg(long, conflicts_with = "expect")]
    pub(super) expect_echo: bool,
    /// Over HTTP: statuses that are a success: 204, 2xx, 200,404. 2xx by default.
    #[arg(long, value_name = "LIST", value_parser = statuses)]
    pub(super) expect_status: Option<Expected>,
    /// The method of HTTP requests.
    #[arg(long, value_name = "METHOD", default_value = "GET")]
    pub(super) method: String,
    /// A header of HTTP requests, NAME: VALUE; may be given more than once.
    #[arg(long = "header", value_name = "HEADER", value_parser = header)]
    pub(super) headers: Vec<(String, String)>,
    /// The body of HTTP requests; --size makes each one of its own, of so many bytes.
    #[arg(long, value_name = "TEXT", conflicts_with = "size", value_parser = text)]
    pub(super) body: Option<Text>,
    /// The seed of payload, sizes and arrivals, or `random`.
    #[arg(long, value_name = "N", default_value = "0", value_parser = parse::seed)]
    pub(super) seed: u64,
    /// Do part I (from 0) of N parts of the plan; with N alone, I is JOB_COMPLETION_INDEX. `squall load merge` joins the reports.
    #[arg(long, value_name = "I/N", value_parser = super::shard::parse)]
    pub(super) shard: Option<ShardArg>,
    /// Threads that send; one for each core by default.
    #[arg(long, value_name = "N")]
    pub(super) shards: Option<NonZeroUsize>,
    #[command(flatten)]
    pub(super) outputs: Outputs,
    /// Print the JSON Schema of the report and do nothing else.
    #[arg(long)]
    pub(super) schema: bool,
}

/// What is done with a report.
#[derive(clap::Args)]
#[group(skip)]
pub(crate) struct Outputs {
    /// A condition on the result: 'latency.p99 < 5ms', 'ok.ratio >= 99.9%', 'latency.p99 < baseline * 1.2'. May be given more
    /// than once.
    #[arg(long = "threshold", value_name = "EXPR")]
    pub(super) thresholds: Vec<String>,
    /// The report that `baseline` in thresholds means: the same value there.
    #[arg(long, value_name = "FILE")]
    pub(super) baseline: Option<PathBuf>,
    /// Write the report as JSON to FILE, or to stdout without one.
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true, default_missing_value = "-")]
    pub(super) json: Option<PathBuf>,
    /// Write the verdicts as JUnit XML to FILE.
    #[arg(long, value_name = "FILE")]
    pub(super) junit: Option<PathBuf>,
}

#[derive(clap::Subcommand)]
pub(super) enum Command {
    Merge(MergeArgs),
}

/// Merge reports of parts of a load, or of loads side by side, and judge the whole.
///
/// Counts and histograms are added, so that the result is exactly that of one load.
#[derive(clap::Args)]
pub(crate) struct MergeArgs {
    /// Reports that --json has written.
    #[arg(value_name = "FILE", required = true)]
    pub(super) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) outputs: Outputs,
}

/// Stages, kept as they were written.
#[derive(Clone)]
pub(super) struct Stages {
    pub(super) written: String,
    pub(super) list: Vec<(Duration, Rate)>,
}

fn stages(written: &str) -> Result<Stages, String> {
    Ok(Stages { written: written.to_owned(), list: terms::stages(written)? })
}

/// Bytes, kept as they were written.
#[derive(Clone)]
pub(super) struct Text {
    pub(super) written: String,
    pub(super) bytes: Vec<u8>,
}

fn text(written: &str) -> Result<Text, String> {
    Ok(Text { written: written.to_owned(), bytes: terms::text(written)? })
}

/// Statuses, kept as they were written.
#[derive(Clone)]
pub(super) struct Expected {
    pub(super) written: String,
    pub(super) statuses: Statuses,
}

fn statuses(written: &str) -> Result<Expected, String> {
    Ok(Expected { written: written.to_owned(), statuses: terms::statuses(written)? })
}

fn header(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once(':').ok_or("write NAME: VALUE")?;
    Ok((name.trim().to_owned(), value.trim().to_owned()))
}
