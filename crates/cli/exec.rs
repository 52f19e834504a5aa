//! `squall exec`: links for as long as a command runs.

mod command;
mod environment;
mod group;
mod orders;
mod outcome;
mod script;

use crate::events::Console;
use crate::exit::Exit;
use crate::{Failure, links, output, parse, serving};
use clap::error::ErrorKind;
use command::{Started, Unstarted};
use environment::{Environment, Variable};
use orders::Orders;
use outcome::Outcome;
use squall::{Carrier, Events, Proxy};
use std::ffi::OsString;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// What squall itself ends with where it cannot run the command, as `env` and `timeout` do.
const OWN_FAILURE: u8 = 125;
/// How long links wait for the last bytes once the command has ended.
const SETTLE: Duration = Duration::from_secs(2);

/// Run a command whose connections meet faults.
///
/// `squall exec --link db=localhost:5432 --fault latency:80ms -- pytest -q` starts the links, sets DB_ADDR, DB_HOST and DB_PORT,
/// runs the command, prints what the links saw, and ends with the command's exit code. `{db}`, `{db.host}` and `{db.port}` in the
/// command and in --env stand for where the link listens. `squall exec --any --preset 3g -- npm test` is for programs that take a
/// proxy from HTTP_PROXY, HTTPS_PROXY or ALL_PROXY.
#[derive(clap::Args)]
#[command(
    group = clap::ArgGroup::new("between").args(["links", "any"]).required(true).multiple(true),
    mut_arg("upstream", |arg| arg.hide(true)),
    mut_arg("listen", |arg| arg.help("Where the proxy of --any listens; port 0 takes a free one")),
    after_help = EXIT_CODES
)]
pub(crate) struct Args {
    #[command(flatten)]
    links: links::Args,
    /// Relay to wherever the command asks for: an HTTP and SOCKS proxy on one port, which HTTP_PROXY, HTTPS_PROXY and ALL_PROXY
    /// name, as a link called `any`.
    #[arg(long)]
    any: bool,
    /// Set a variable for the command; {LINK} in the value stands for HOST:PORT. May be given more than once.
    #[arg(long, value_name = "NAME=VALUE", value_parser = environment::variable)]
    env: Vec<Variable>,
    /// How long the command may take to end after SIGTERM, and what it left running likewise, before SIGKILL.
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = parse::duration)]
    grace: Duration,
    /// Write what the links saw as JSON to FILE, or to stdout without one, once the command has ended.
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true, default_missing_value = "-")]
    json: Option<PathBuf>,
    /// Print no summary, only warnings.
    #[arg(long, short)]
    quiet: bool,
    /// Print a line to stderr for each connection that opens or closes, and for bytes as they are delivered.
    #[arg(long)]
    log_events: bool,
    /// Threads that move bytes; one for each core by default.
    #[arg(long, value_name = "N")]
    shards: Option<NonZeroUsize>,
    /// The command and its arguments.
    #[arg(value_name = "COMMAND", required = true, trailing_var_arg = true, allow_hyphen_values = false)]
    command: Vec<OsString>,
}

const EXIT_CODES: &str = "Exit codes: those of the command; 128+N where signal N ended it; 127 where there is no such command; \
126 where it cannot be run; 125 where squall itself failed.";

/// The exit code of arguments that make no sense, after saying so; and of --help.
pub(crate) fn unparsed(words: &[OsString], error: &clap::Error) -> std::process::ExitCode {
    let _ = error.print();
    let asked_for = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    let exec = crate::arguments::command(words).is_some_and(|at| words[at] == "exec");
    match exec && !asked_for {
        true => Exit::Command(OWN_FAILURE).into(),
        false => std::process::ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2)),
    }
}

pub(crate) fn main(args: Args) -> Result<Exit, Failure> {
    let done = serving::block_on(run(args));
    done.map_err(|failure| Failure { exit: Exit::Command(OWN_FAILURE), ..failure })
}

async fn run(args: Args) -> Result<Exit, Failure> {
    if !args.links.is_unnamed() || args.any {
        environment::check(args.links.names().chain(args.any.then_some("any")))?;
    }
    if args.links.has_upstream() {
        return Err(Failure::usage("a link of a command needs a name: write --link NAME=HOST:PORT"));
    }
    if args.any && args.links.is_on_path() {
        return Err(Failure::usage("commands look for a proxy at a port: leave out --listen unix:"));
    }
    if let Some(target) = &args.json {
        output::probe(target)?;
    }
    // The limit on descriptors is raised once the command has been given its own.
    let shards = squall::Shards::start(serving::shard_count(args.shards))
        .map_err(|error| Failure::environment(format!("start threads: {error}")))?;
    let decisions = args.links.relaying.decisions()?;
    let settings = args.links.relaying.settings(&shards, decisions.as_ref())?;
    let any = args.any.then(|| args.links.any());
    let links = args.links.start(any.into_iter().collect(), &settings, false).await?;
    if args.log_events {
        links.iter().for_each(|link| tell(link.events()));
    }
    let environment = Environment::of(&links, args.any);
    let command = environment.fill(&args.command);
    let began = Instant::now();
    // From now on signals are the command's.
    let mut orders = Orders::listen()?;
    let mut started = match Started::start(&command, &environment.variables(&args.env)) {
        Ok(started) => started,
        Err(Unstarted { code, message }) => {
            eprintln!("error: {message}");
            return Ok(Exit::Command(code));
        }
    };
    squall::raise_descriptor_limit();
    let status = started.wait(&mut orders, args.grace).await?;
    let elapsed = began.elapsed();
    let left_running = started.end_the_rest(&mut orders, args.grace).await;
    settle(&links).await;
    let outcome =
        Outcome { command, status, elapsed, seed: args.links.relaying.seed(), left_running, links: &links };
    eprint!("{}", outcome.text(args.quiet));
    let written = args.links.relaying.write(decisions.as_ref()).and_then(|()| match &args.json {
        Some(target) => output::write(target, &format!("{:#}\n", outcome.document())),
        None => Ok(()),
    });
    match (written, outcome.code()) {
        (Err(failure), 0) => Err(failure),
        (Err(failure), code) => {
            eprintln!("error: {}", failure.message);
            Ok(Exit::Command(code))
        }
        (Ok(()), code) => Ok(Exit::Command(code)),
    }
}

/// Lets what is under way arrive, so that the counts are final; what does not end by itself is cut.
async fn settle(links: &[Proxy]) {
    let deadline = Instant::now() + SETTLE;
    for link in links {
        // Clients of datagrams never say that they are done: what is on its way is all there is to wait for.
        while link.carrier() == Carrier::Datagram && link.metrics().held > 0 && Instant::now() < deadline {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let grace = match link.carrier() {
            Carrier::Stream => deadline.saturating_duration_since(Instant::now()),
            Carrier::Datagram => Duration::ZERO,
        };
        link.drain(grace).await;
    }
}

/// Prints a link's events to its end.
fn tell(mut events: Events) {
    tokio::spawn(async move {
        let mut console = Console::default();
        while let Some(event) = events.recv().await {
            eprintln!("{}", console.line(&event));
        }
    });
}
