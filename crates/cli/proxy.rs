//! `squall proxy`: the relay and the fault-injecting mode.

use crate::events::{Console, drops, summary};
use crate::exit::Exit;
use crate::ready::Bound;
use crate::running::Running;
use crate::signals::Signals;
use crate::{Failure, access, links, parse, serving};
use squall::{Carrier, Event, Events, Proxy};
use squall_control::{Exposure, Server};
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
    /// Serve the control API of `squall serve` for these links here. Without a port: 8474.
    #[arg(long, value_name = "ADDR", value_parser = parse::control)]
    control: Option<SocketAddr>,
    #[command(flatten)]
    access: access::Args,
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
        let decisions = args.links.decisions()?;
        let settings = args.links.settings(&shards, decisions.as_ref())?;
        let links = args.links.start(&settings, args.control.is_some()).await?;
        // Before anybody knows the address, so that no connection is missed.
        let (sender, events) = mpsc::channel(256);
        let log_events = args.log_events;
        let hear = move |heard| {
            if log_events {
                forward(heard, sender.clone());
            }
        };
        links.iter().for_each(|link| hear(link.events()));
        let (plan, mut bound) = describe(&args, &links);
        let links = Running::new(links, args.control.is_some().then_some(settings), hear);
        let metrics = serve_metrics(&args, &links).await?;
        if let Some(metrics) = &metrics {
            bound.note("metrics", "squall metrics listening on ", metrics.addr());
        }
        let control = serve_control(&args, &links).await?;
        if let Some(control) = &control {
            bound.note("control", "squall control listening on ", control.addr());
        }
        // Once everything is bound, so that an error is all there is to read.
        plan.iter().for_each(|line| eprintln!("{line}"));
        bound.announce(args.serving.port_file.as_deref())?;
        watch(&args, &links, events, &mut signals).await;
        let stopping = async {
            if let Some(control) = control {
                control.stop().await;
            }
            links.drain(args.serving.grace).await;
        };
        serving::stop(&mut signals, stopping).await;
        say_totals(&links);
        args.links.write(decisions.as_ref())?;
        Ok(Exit::Ok)
    })
}

async fn serve_metrics(args: &Args, links: &Running) -> Result<Option<Server>, Failure> {
    let Some(addr) = args.metrics else { return Ok(None) };
    squall_control::serve(addr, links.sources()).await.map(Some).map_err(Failure::environment)
}

async fn serve_control(args: &Args, links: &Running) -> Result<Option<Server>, Failure> {
    let (Some(addr), Running::Controlled { all, .. }) = (args.control, links) else { return Ok(None) };
    let server = squall_control::control(addr, all.clone(), args.access.access(), Exposure::new()).await;
    let server = server.map_err(Failure::environment)?;
    args.access.warn(&server);
    Ok(Some(server))
}

/// What the links are, in lines, and where.
fn describe(args: &Args, links: &[Proxy]) -> (Vec<String>, Bound) {
    let mut plan = vec![format!("seed {}", args.links.seed())];
    let mut bound = Bound::default();
    for link in links {
        plan.extend(link.faults().iter().map(|fault| format!("link {}: {fault}", link.name())));
        let name = if args.links.is_unnamed() { String::new() } else { format!("{} ", link.name()) };
        let scheme = if link.carrier() == Carrier::Datagram { "udp:" } else { "" };
        bound.note(link.name(), format!("squall proxy {name}listening on {scheme}"), link.addr());
    }
    (plan, bound)
}

/// Passes the events of a link on, to its end.
fn forward(mut heard: Events, sender: mpsc::Sender<Event>) {
    tokio::spawn(async move {
        while let Some(event) = heard.recv().await {
            if sender.send(event).await.is_err() {
                return;
            }
        }
    });
}

/// Prints what was asked for until the first signal.
async fn watch(args: &Args, links: &Running, mut events: mpsc::Receiver<Event>, signals: &mut Signals) {
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
            () = tick => say(&summary(&links.totals().into_iter().map(|(_, totals)| totals).collect::<Vec<_>>())),
            Some(event) = events.recv() => say(&console.line(&event)),
        }
    }
}

fn say_totals(links: &Running) {
    let (names, totals): (Vec<_>, Vec<_>) = links.totals().into_iter().unzip();
    say(&summary(&totals));
    for (link, metrics) in names.iter().zip(&totals) {
        if let Some(datagrams) = &metrics.datagrams {
            say(&drops(link, datagrams));
        }
        for fault in &metrics.faults {
            say(&format!("[METRICS] {link} {} | fired: {}", fault.name, fault.fired));
        }
    }
}

/// Prints a line now. Nobody may be reading any more; the relay goes on all the same.
fn say(line: &str) {
    let mut out = stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}
