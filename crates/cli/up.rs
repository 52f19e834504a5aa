//! `squall up`: the links, balancers and servers of a file, until they are stopped; read again on SIGHUP.

mod balancers;
mod file;
mod leaving;
mod links;
mod places;
mod ports;
mod servers;
mod services;
mod watch;
mod whereabouts;

use crate::exit::Exit;
use crate::faults::schema;
use crate::ready::Bound;
use crate::signals::Signals;
use crate::{Failure, access, decisions, output, overrides, parse, serving, watching};
use file::File;
use places::Places;
use services::{Running, Setting};
use squall::scenario::{FaultTables, services_schema};
use squall_control::{Exposure, Server, control, serve_services};
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use watch::{Ears, Watch, say_totals};

/// How long connections may go on where neither the file nor the command line says.
const GRACE: Duration = Duration::from_secs(10);

/// Start the links, balancers and echo servers of a file, and keep them up.
///
/// The file is written as a scenario is, with `up = 1` instead of `scenario = 1` and without steps. SIGHUP reads it again: what has not changed
/// goes on, with its connections, and faults and members change under open connections. `squall check FILE` says what is wrong with one.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The file.
    #[arg(value_name = "FILE", required_unless_present = "schema")]
    file: Option<PathBuf>,
    /// Serve /metrics here instead of where the file says: Prometheus text, or JSON with ?format=json. Without a port: 8998.
    #[arg(long, value_name = "ADDR", value_parser = parse::metrics)]
    metrics: Option<SocketAddr>,
    /// Serve the control API of `squall serve` for the links, and of `squall balance` for the balancers, here instead of where the file says. Without a port: 8474.
    #[arg(long, value_name = "ADDR", value_parser = parse::control)]
    control: Option<SocketAddr>,
    #[command(flatten)]
    access: access::Args,
    /// Another text for a var of the file's [vars]; may be given more than once.
    #[arg(long = "var", value_name = "NAME=TEXT", value_parser = overrides::var)]
    vars: Vec<(String, String)>,
    /// The seed of every random decision, or `random`, instead of the file's.
    #[arg(long, value_name = "N", value_parser = parse::seed)]
    seed: Option<u64>,
    /// Write what the faults decided to FILE at the end: JSON lines, sorted, the same for the same seed and bytes.
    #[arg(long, value_name = "FILE")]
    decisions: Option<PathBuf>,
    #[command(flatten)]
    watching: watching::Args,
    /// Write a line NAME=HOST:PORT for each bound address to this file, once all are bound, and again when they have changed.
    #[arg(long, value_name = "FILE")]
    port_file: Option<PathBuf>,
    /// How long open connections may go on after SIGINT or SIGTERM, and on links that are replaced, instead of what the file says; 10s
    /// where it says nothing. A second signal ends them at once.
    #[arg(long, value_name = "DURATION", value_parser = parse::duration)]
    grace: Option<Duration>,
    /// Threads that move bytes; one for each core by default.
    #[arg(long, value_name = "N")]
    shards: Option<NonZeroUsize>,
    /// Print the JSON Schema of such files, for editors, and do nothing else.
    #[arg(long)]
    schema: bool,
}

pub(crate) fn main(args: Args) -> Result<Exit, Failure> {
    if args.schema {
        let faults = FaultTables { tables: schema::tables, defs: schema::defs };
        return output::print(&format!("{:#}\n", services_schema(faults))).map(|()| Exit::Ok);
    }
    let path = args.file.clone().unwrap_or_default();
    let file = File { path, vars: args.vars.clone(), seed: args.seed, grace: args.grace };
    let wanted = match file.read() {
        Ok(wanted) => wanted,
        Err(words) => {
            eprint!("{words}");
            return Ok(Exit::Usage);
        }
    };
    let decisions = decisions::log(args.decisions.as_deref())?;
    let shards = serving::start_shards(args.shards)?;
    serving::block_on(async move {
        let mut signals = Signals::listen()?;
        let mut hangups = signal(SignalKind::hangup())
            .map_err(|error| Failure::environment(format!("listen for signals: {error}")))?;
        let (ears, heard) = Ears::new(args.watching.log_events);
        let setting = Setting { shards, decisions: decisions.clone(), ears, seed: Arc::default() };
        let places =
            Places { metrics: args.metrics.or(wanted.metrics), control: args.control.or(wanted.control) };
        let mut running = Running::start(setting, wanted).await?;
        let servers = Servers::start(&args, &places, &running).await?;
        eprintln!("seed {}", running.seed());
        running.plan().iter().for_each(|line| eprintln!("{line}"));
        let mut bound = servers.bound(&running);
        bound.announce(args.port_file.as_deref())?;
        let mut watch = Watch::new(heard, args.watching.summary);
        while watch.until_asked(&mut running, &mut signals, &mut hangups).await {
            let Some(wanted) = file.again() else { continue };
            let now =
                Places { metrics: args.metrics.or(wanted.metrics), control: args.control.or(wanted.control) };
            places.compare(&now);
            running.change_to(wanted).await;
            let before = std::mem::replace(&mut bound, servers.bound(&running));
            if let Err(failure) = bound.announce_since(&before, args.port_file.as_deref()) {
                tracing::error!("{}", failure.message);
            }
        }
        let stopping = watch.during(async {
            if let Some(control) = servers.control {
                control.stop().await;
            }
            running.stop().await;
        });
        serving::stop(&mut signals, stopping).await;
        say_totals(&running);
        if let (Some(target), Some(decided)) = (&args.decisions, &decisions) {
            decisions::write(target, decided)?;
        }
        Ok(Exit::Ok)
    })
}

/// What is served about the services.
struct Servers {
    metrics: Option<Server>,
    control: Option<Server>,
}

impl Servers {
    async fn start(args: &Args, places: &Places, running: &Running) -> Result<Servers, Failure> {
        let mut servers = Servers { metrics: None, control: None };
        if let Some(addr) = places.metrics {
            let server = serve_services(addr, running.links().clone(), running.echoes().clone()).await;
            servers.metrics = Some(server.map_err(Failure::environment)?);
        }
        if let Some(addr) = places.control {
            let server = control(addr, running.links().clone(), args.access.access(), Exposure::new()).await;
            let server = server.map_err(Failure::environment)?;
            args.access.warn(&server);
            servers.control = Some(server);
        }
        Ok(servers)
    }

    /// Everything that is bound now.
    fn bound(&self, running: &Running) -> Bound {
        let mut bound = Bound::default();
        running.note(&mut bound);
        if let Some(metrics) = &self.metrics {
            bound.note("metrics", "squall metrics listening on ", metrics.addr());
        }
        if let Some(control) = &self.control {
            bound.note("control", "squall control listening on ", control.addr());
        }
        bound
    }
}
