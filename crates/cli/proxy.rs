//! `squall proxy`: the relay and the fault-injecting mode.

use crate::exit::Exit;
use crate::ready::Bound;
use crate::running::Running;
use crate::signals::Signals;
use crate::{Failure, access, links, parse, serving, watching};
use squall::{Carrier, Proxy};
use squall_control::{Exposure, Server};
use std::net::SocketAddr;

/// Relay connections, and do to them what networks do.
///
/// `squall proxy --upstream localhost:5432 --fault latency:50ms,jitter=10ms` prints the address to connect to instead.
/// Without --fault it is a plain relay. `--udp` relays datagrams. Faults are drawn from the seed: the same seed and the same bytes meet the same faults
/// at the same offsets on every machine.
#[derive(clap::Args)]
#[command(group = clap::ArgGroup::new("relayed").args(["upstream", "links", "any"]).required(true).multiple(true))]
pub(crate) struct Args {
    #[command(flatten)]
    links: links::Args,
    /// Relay to wherever each client asks for, instead of --upstream: an HTTP proxy (CONNECT and http:// requests) and a SOCKS proxy
    /// on one port.
    #[arg(long, conflicts_with_all = ["upstream", "control"])]
    any: bool,
    /// Serve /metrics here: Prometheus text, or JSON with ?format=json. Without a port: 8998.
    #[arg(long, value_name = "ADDR", value_parser = parse::metrics)]
    metrics: Option<SocketAddr>,
    /// Serve the control API of `squall serve` for these links here. Without a port: 8474.
    #[arg(long, value_name = "ADDR", value_parser = parse::control)]
    control: Option<SocketAddr>,
    #[command(flatten)]
    access: access::Args,
    #[command(flatten)]
    watching: watching::Args,
    #[command(flatten)]
    serving: serving::Args,
}

pub(crate) fn main(args: Args) -> Result<Exit, Failure> {
    let shards = args.serving.start_shards()?;
    serving::block_on(async move {
        let mut signals = Signals::listen()?;
        let decisions = args.links.relaying.decisions()?;
        let settings = args.links.relaying.settings(&shards, decisions.as_ref())?;
        let any = args.any.then(|| args.links.any()).into_iter().collect();
        let links = args.links.start(any, &settings, args.control.is_some()).await?;
        // Before anybody knows the address, so that no connection is missed.
        let (hear, events) = args.watching.listen();
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
        args.watching.watch(|| links.totals(), events, &mut signals).await;
        let stopping = async {
            if let Some(control) = control {
                control.stop().await;
            }
            links.drain(args.serving.grace).await;
        };
        serving::stop(&mut signals, stopping).await;
        watching::say_totals(links.totals());
        args.links.relaying.write(decisions.as_ref())?;
        Ok(Exit::Ok)
    })
}

async fn serve_metrics(args: &Args, links: &Running) -> Result<Option<Server>, Failure> {
    let Some(addr) = args.metrics else { return Ok(None) };
    links.serve(addr).await.map(Some).map_err(Failure::environment)
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
    let mut plan = vec![format!("seed {}", args.links.relaying.seed())];
    let mut bound = Bound::default();
    for link in links {
        plan.extend(link.faults().iter().map(|fault| format!("link {}: {fault}", link.name())));
        let name = if args.links.is_unnamed() { String::new() } else { format!("{} ", link.name()) };
        let scheme = if link.carrier() == Carrier::Datagram { "udp:" } else { "" };
        bound.note(link.name(), format!("squall proxy {name}listening on {scheme}"), link.address());
    }
    (plan, bound)
}
