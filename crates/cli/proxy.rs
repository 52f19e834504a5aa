//! `squall proxy`: the relay and the fault-injecting mode.

use crate::events::{Console, summary};
use crate::exit::Exit;
use crate::parse::{self, LinkArg};
use crate::ready::Bound;
use crate::signals::Signals;
use crate::{Failure, serving};
use squall::{Endpoint, Event, LinkedSpec, Proxy, ProxyBuilder, Shards, Size};
use squall_control::{MetricsServer, Source};
use std::io::{Write, stdout};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::sync::mpsc;

/// Relay connections, and do to them what networks do.
///
/// `squall proxy --upstream localhost:5432 --fault latency:50ms,jitter=10ms` prints the address to connect to instead.
/// Without --fault it is a plain relay. Faults are drawn from the seed: the same seed and the same bytes meet the same faults
/// at the same offsets on every machine.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Where to listen; port 0 takes a free one.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0", value_parser = parse::listen, conflicts_with = "links")]
    listen: SocketAddr,
    /// Where to relay to: HOST:PORT, or :PORT on this machine.
    #[arg(long, value_name = "ADDR", required_unless_present = "links")]
    upstream: Option<Endpoint>,
    /// A named link, NAME=UPSTREAM or NAME=LISTEN=UPSTREAM, instead of --listen and --upstream; may be given more than once.
    #[arg(long = "link", value_name = "SPEC", value_parser = parse::link, conflicts_with = "upstream")]
    links: Vec<LinkArg>,
    /// A fault, [LINK:]FAULT[:VALUE,KEY=VALUE...][@up|down|both]: latency:50ms,jitter=5ms; bandwidth:1MB/s; reset:p=1%. May
    /// be given more than once; without LINK it is on every link.
    #[arg(long = "fault", value_name = "SPEC", value_parser = parse::fault)]
    faults: Vec<LinkedSpec>,
    /// The seed of every random decision, or `random`.
    #[arg(long, value_name = "N", default_value = "0", value_parser = parse::seed)]
    seed: u64,
    /// Serve /metrics here: Prometheus text, or JSON with ?format=json. Without a port: 8998.
    #[arg(long, value_name = "ADDR", value_parser = parse::metrics)]
    metrics: Option<SocketAddr>,
    /// Print a line for each connection that opens or closes, and for bytes as they are delivered.
    #[arg(long)]
    log_events: bool,
    /// Print a line of totals so often.
    #[arg(long, value_name = "DURATION", value_parser = parse::period)]
    summary: Option<Duration>,
    /// Turn connections away while so many are open on a link.
    #[arg(long, value_name = "N")]
    max_connections: Option<u64>,
    /// How long connecting to the upstream may take.
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = parse::period)]
    connect_timeout: Duration,
    /// Close connections without bytes either way for so long.
    #[arg(long, value_name = "DURATION", value_parser = parse::period)]
    idle_timeout: Option<Duration>,
    /// How many bytes one direction of one connection may hold.
    #[arg(long, value_name = "SIZE", default_value = "64MiB", value_parser = parse::size)]
    buffer: Size,
    #[command(flatten)]
    serving: serving::Args,
}

pub(crate) fn main(args: Args) -> Result<Exit, Failure> {
    let shards = args.serving.start_shards()?;
    serving::block_on(async move {
        let mut signals = Signals::listen()?;
        let links = start(&args, &shards).await?;
        let metrics = serve_metrics(&args, &links).await?;
        // Before anybody knows the address, so that no connection is missed.
        let events = listen(&args, &links);
        announce(&args, &links, metrics.as_ref())?;
        watch(&args, &links, events, &mut signals).await;
        serving::stop(&mut signals, drain(&links, args.serving.grace)).await;
        say_totals(&links);
        Ok(Exit::Ok)
    })
}

/// Starts every link, each with its faults.
async fn start(args: &Args, shards: &Shards) -> Result<Vec<Proxy>, Failure> {
    let mut links = Vec::new();
    for (name, builder) in builders(args)? {
        let builder = args.faults.iter().fold(builder, |builder, fault| match &fault.link {
            Some(link) if *link != name => builder,
            _ => builder.fault(fault.spec.clone()),
        });
        let builder = builder.name(&name).seed(args.seed).shards(shards.clone());
        let mut builder = builder.connect_timeout(args.connect_timeout).buffer(args.buffer.as_bytes());
        if let Some(limit) = args.max_connections {
            builder = builder.max_connections(limit);
        }
        if let Some(limit) = args.idle_timeout {
            builder = builder.idle_timeout(limit);
        }
        links.push(builder.start().await.map_err(|error| match error {
            squall::ProxyError::NameTaken(_) => Failure::usage(error),
            _ => Failure::environment(error),
        })?);
    }
    Ok(links)
}

/// The links that were asked for, by name.
fn builders(args: &Args) -> Result<Vec<(String, ProxyBuilder)>, Failure> {
    let mut builders: Vec<(String, ProxyBuilder)> = Vec::new();
    if let Some(upstream) = &args.upstream {
        builders.push(("proxy".to_owned(), Proxy::tcp(upstream.clone()).listen(args.listen)));
    }
    for link in &args.links {
        if builders.iter().any(|(name, _)| *name == link.name) {
            return Err(Failure::usage(format!("two links are named `{}`", link.name)));
        }
        let builder = Proxy::tcp(link.upstream.clone());
        let builder = if let Some(addr) = link.listen { builder.listen(addr) } else { builder };
        builders.push((link.name.clone(), builder));
    }
    for link in args.faults.iter().filter_map(|fault| fault.link.as_ref()) {
        if !builders.iter().any(|(name, _)| name == link) {
            let names: Vec<_> = builders.iter().map(|(name, _)| name.as_str()).collect();
            return Err(Failure::usage(format!("there is no link `{link}`; links are {}", names.join(", "))));
        }
    }
    Ok(builders)
}

async fn serve_metrics(args: &Args, links: &[Proxy]) -> Result<Option<MetricsServer>, Failure> {
    let Some(addr) = args.metrics else { return Ok(None) };
    squall_control::serve(addr, links.iter().map(Source::from).collect())
        .await
        .map(Some)
        .map_err(Failure::environment)
}

fn announce(args: &Args, links: &[Proxy], metrics: Option<&MetricsServer>) -> Result<(), Failure> {
    eprintln!("seed {}", args.seed);
    let mut bound = Bound::default();
    for link in links {
        for fault in link.faults() {
            eprintln!("link {}: {fault}", link.name());
        }
        let name = if args.links.is_empty() { String::new() } else { format!("{} ", link.name()) };
        bound.note(link.name(), format!("squall proxy {name}listening on "), link.addr());
    }
    if let Some(metrics) = metrics {
        bound.note("metrics", "squall metrics listening on ", metrics.addr());
    }
    bound.announce(args.serving.port_file.as_deref())
}

/// The events of all links, where they are to be printed.
fn listen(args: &Args, links: &[Proxy]) -> mpsc::Receiver<Event> {
    let (sender, events) = mpsc::channel(256);
    for link in links.iter().filter(|_| args.log_events) {
        let (mut heard, sender) = (link.events(), sender.clone());
        tokio::spawn(async move {
            while let Some(event) = heard.recv().await {
                if sender.send(event).await.is_err() {
                    return;
                }
            }
        });
    }
    events
}

/// Prints what was asked for until the first signal.
async fn watch(args: &Args, links: &[Proxy], mut events: mpsc::Receiver<Event>, signals: &mut Signals) {
    let mut console = Console::default();
    let mut ticks =
        args.summary.map(|period| tokio::time::interval_at(tokio::time::Instant::now() + period, period));
    loop {
        let tick = async {
            match &mut ticks {
                Some(ticks) => drop(ticks.tick().await),
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            _ = signals.next() => return,
            () = tick => say(&summary(&totals(links))),
            Some(event) = events.recv() => say(&console.line(&event)),
        }
    }
}

/// Lets all links drain within one grace.
async fn drain(links: &[Proxy], grace: Duration) {
    let deadline = std::time::Instant::now() + grace;
    for link in links {
        link.drain(deadline.saturating_duration_since(std::time::Instant::now())).await;
    }
}

fn totals(links: &[Proxy]) -> Vec<squall::Metrics> {
    links.iter().map(Proxy::metrics).collect()
}

fn say_totals(links: &[Proxy]) {
    let totals = totals(links);
    say(&summary(&totals));
    for (link, metrics) in links.iter().zip(&totals) {
        for fault in &metrics.faults {
            say(&format!("[METRICS] {} {} | fired: {}", link.name(), fault.name, fault.fired));
        }
    }
}

/// Prints a line now. Nobody may be reading any more; the relay goes on all the same.
fn say(line: &str) {
    let mut out = stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}
