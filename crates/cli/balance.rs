//! `squall balance`: a relay that picks one of several servers for each connection.

mod pool;
pub(crate) mod summary;

use crate::exit::Exit;
use crate::parse::{self, PresetArg};
use crate::ready::Bound;
use crate::relaying::{self, Settings};
use crate::signals::Signals;
use crate::{Failure, access, files, output, serving, watching};
use squall::{Address, Carrier, LinkedSpec, Picks, Proxy, ProxyError};
use squall_control::{Collection, Exposure, Server, Source};
use std::net::SocketAddr;
use std::path::PathBuf;

/// Spread connections over several servers, and do to them what networks do.
///
/// `squall balance --member localhost:8001 --member localhost:8002=3` prints the address to connect to instead. A connection whose
/// member cannot be reached is tried on others. `squall ctl balance` shows members and takes them out of service while it runs,
/// where --control is given.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Where to listen: HOST:PORT, or unix:PATH; port 0 takes a free one.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0", value_parser = parse::listen_at)]
    listen: Address,
    /// The balancer's name in requests, metrics and logs; part of the key of every draw.
    #[arg(long, value_name = "NAME", default_value = "balance", value_parser = parse::name)]
    name: String,
    #[command(flatten)]
    pool: pool::Args,
    /// A fault, [MEMBER:]FAULT[:VALUE,KEY=VALUE...][@up|down|both], on all connections or on those to a member that was given
    /// a name. May be given more than once. `squall faults` lists them.
    #[arg(long = "fault", value_name = "SPEC", value_parser = parse::fault)]
    faults: Vec<LinkedSpec>,
    /// A kind of network, [MEMBER:]NAME: 3g, slow-4g, satellite. `squall presets` lists them. Its faults come before those of
    /// --fault.
    #[arg(long = "preset", value_name = "NAME", value_parser = parse::preset)]
    presets: Vec<PresetArg>,
    #[command(flatten)]
    relaying: relaying::Args,
    /// Write who was picked to FILE at the end: a JSON line for each pick, sorted by connection, without times.
    #[arg(long, value_name = "FILE")]
    picks: Option<PathBuf>,
    /// Serve /metrics here: Prometheus text, or JSON with ?format=json. Without a port: 8998.
    #[arg(long, value_name = "ADDR", value_parser = parse::metrics)]
    metrics: Option<SocketAddr>,
    /// Serve requests about the members here: /squall/balance. Without a port: 8474.
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
        let decisions = args.relaying.decisions()?;
        if let Some(target) = &args.picks {
            output::probe(target)?;
        }
        let picks = args.picks.as_ref().map(|_| Picks::default());
        let settings = args.relaying.settings(&shards, decisions.as_ref())?;
        let proxy = start(&args, &settings, picks.as_ref()).await?;
        args.relaying.check_replay(&settings, std::slice::from_ref(&proxy))?;
        // Before anybody knows the address, so that no connection is missed.
        let (hear, events) = args.watching.listen();
        hear(proxy.events());
        let mut bound = Bound::default();
        bound.note(&args.name, "squall balance listening on ", proxy.address());
        let metrics = match args.metrics {
            Some(addr) => Some(squall_control::serve(addr, vec![Source::from(&proxy)]).await),
            None => None,
        };
        let metrics = metrics.transpose().map_err(Failure::environment)?;
        if let Some(metrics) = &metrics {
            bound.note("metrics", "squall metrics listening on ", metrics.addr());
        }
        let control = serve_control(&args, &settings, &proxy).await?;
        if let Some(control) = &control {
            bound.note("control", "squall control listening on ", control.addr());
        }
        eprintln!("seed {}", args.relaying.seed());
        proxy.faults().iter().for_each(|fault| eprintln!("balance {}: {fault}", args.name));
        bound.announce(args.serving.port_file.as_deref())?;
        let totals = || vec![(proxy.name().to_owned(), proxy.metrics())];
        args.watching.watch(totals, events, &mut signals).await;
        let stopping = async {
            if let Some(control) = control {
                control.stop().await;
            }
            proxy.drain(args.serving.grace).await;
        };
        serving::stop(&mut signals, stopping).await;
        watching::say_totals(totals());
        proxy.metrics().members.iter().for_each(|member| output::say(&summary::line(&args.name, member)));
        if let (Some(target), Some(picks)) = (&args.picks, &picks) {
            if let missed @ 1.. = picks.missed() {
                tracing::warn!("{missed} picks came after the log was full and are not in it");
            }
            output::stream(target, |out| picks.write_json_lines(out))?;
        }
        args.relaying.write(decisions.as_ref())?;
        Ok(Exit::Ok)
    })
}

async fn start(args: &Args, settings: &Settings, picks: Option<&Picks>) -> Result<Proxy, Failure> {
    let mut balance = args.pool.balance()?;
    if let Some(picks) = picks {
        balance = balance.picks(picks.clone());
    }
    let mut builder = settings.apply(Proxy::balance(balance).name(&args.name).listen_at(args.listen.clone()));
    let mut faults = Vec::new();
    for preset in &args.presets {
        let known = squall::find_preset(preset.name);
        let specs = known.map(|known| known.faults(Carrier::Stream)).unwrap_or_default();
        faults.extend(specs.into_iter().map(|spec| (&preset.link, spec)));
    }
    for fault in &args.faults {
        faults.push((&fault.link, files::supply(fault.spec.clone())?));
    }
    for (member, spec) in faults {
        builder = match member {
            Some(member) => builder.member_fault(member, spec),
            None => builder.fault(spec),
        };
    }
    builder.start().await.map_err(|error| match error {
        ProxyError::Plan(_) | ProxyError::Pool(_) | ProxyError::Balance(_) => Failure::usage(error),
        _ => Failure::environment(error),
    })
}

async fn serve_control(args: &Args, settings: &Settings, proxy: &Proxy) -> Result<Option<Server>, Failure> {
    let (Some(addr), Some(balancer)) = (args.control, proxy.balancer()) else { return Ok(None) };
    let settings = settings.clone();
    let all = Collection::new(move |upstream, carrier| {
        settings.apply(match carrier {
            Carrier::Stream => Proxy::tcp(upstream),
            Carrier::Datagram => Proxy::udp(upstream),
        })
    });
    all.add_balancer(balancer);
    let server = squall_control::control(addr, all, args.access.access(), Exposure::new()).await;
    let server = server.map_err(Failure::environment)?;
    args.access.warn(&server);
    Ok(Some(server))
}
