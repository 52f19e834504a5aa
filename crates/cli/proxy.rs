//! `squall proxy`: the relay and the fault-injecting mode.

use crate::events::{Console, drops, summary};
use crate::exit::Exit;
use crate::ready::Bound;
use crate::signals::Signals;
use crate::{Failure, links, parse, serving};
use squall::{Carrier, Event, Proxy};
use squall_control::{MetricsServer, Source};
use std::io::{Write, stdout};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::sync::mpsc;

/// Relay connections, and do to them what networks do.
///
/// `squall proxy --upstream localhost:5432 --fault latency:50ms,jitter=10ms` prints the address to connect to instead.
/// Without --fault it is a plain relay. `--udp` relays datagrams. Faults are drawn from the seed: the same seed and the same bytes meet the same faults
/// at the same offsets on every machine.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    links: links::Args,
    /// Serve /metrics here: Prometheus text, or JSON with ?format=json. Without a port: 8998.
    #[arg(long, value_name = "ADDR", value_parser = parse::metrics)]
    metrics: Option<SocketAddr>,
    /// Print a line for each connection that opens or closes, and for bytes as they are delivered.
    #[arg(long)]
    log_events: bool,
    /// Print a line of totals so often.
    #[arg(long, value_name = "DURATION", value_parser = parse::period)]
    summary: Option<Duration>,
    #[command(flatten)]
    serving: serving::Args,
}

pub(crate) fn main(args: Args) -> Result<Exit, Failure> {
    let shards = args.serving.start_shards()?;
    serving::block_on(async move {
        let mut signals = Signals::listen()?;
        let decisions = args.links.decisions();
        let links = args.links.start(&shards, decisions.as_ref()).await?;
        let metrics = serve_metrics(&args, &links).await?;
        // Before anybody knows the address, so that no connection is missed.
        let events = listen(&args, &links);
        announce(&args, &links, metrics.as_ref())?;
        watch(&args, &links, events, &mut signals).await;
        serving::stop(&mut signals, drain(&links, args.serving.grace)).await;
        say_totals(&links);
        args.links.write(decisions.as_ref())?;
        Ok(Exit::Ok)
    })
}

async fn serve_metrics(args: &Args, links: &[Proxy]) -> Result<Option<MetricsServer>, Failure> {
    let Some(addr) = args.metrics else { return Ok(None) };
    squall_control::serve(addr, links.iter().map(Source::from).collect())
        .await
        .map(Some)
        .map_err(Failure::environment)
}

fn announce(args: &Args, links: &[Proxy], metrics: Option<&MetricsServer>) -> Result<(), Failure> {
    eprintln!("seed {}", args.links.seed());
    let mut bound = Bound::default();
    for link in links {
        for fault in link.faults() {
            eprintln!("link {}: {fault}", link.name());
        }
        let name = if args.links.is_unnamed() { String::new() } else { format!("{} ", link.name()) };
        let scheme = if link.carrier() == Carrier::Datagram { "udp:" } else { "" };
        bound.note(link.name(), format!("squall proxy {name}listening on {scheme}"), link.addr());
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
        if let Some(datagrams) = &metrics.datagrams {
            say(&drops(link.name(), datagrams));
        }
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
