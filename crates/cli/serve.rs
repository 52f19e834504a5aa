//! `squall serve`: a server that Toxiproxy's clients control.

use crate::exit::Exit;
use crate::ready::Bound;
use crate::signals::Signals;
use crate::{Failure, access, parse, process, serving};
use squall::{Carrier, Proxy};
use squall_control::{Collection, Exposure, PopulateError, Server};
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use tokio::signal::unix::{SignalKind, signal};

/// Serve the control API of Toxiproxy: every client of it works unchanged, and every fault is a toxic.
///
/// Options may be written with one dash, as its own server takes them. SIGHUP reads --config again. Without --log, LOG_LEVEL
/// says which log lines are shown.
#[derive(clap::Args)]
#[command(version)]
pub(crate) struct Args {
    /// Where to listen for clients.
    #[arg(long, default_value = "localhost")]
    host: String,
    /// The port to listen on; 0 takes a free one.
    #[arg(long, value_name = "N", default_value_t = 8474)]
    port: u16,
    /// Proxies to begin with: a JSON array of objects with name, upstream, listen, enabled and toxics.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The seed of every random decision, or `random`.
    #[arg(long, value_name = "N", default_value = "0", value_parser = parse::any_seed, allow_hyphen_values = true)]
    seed: u64,
    /// Serve /metrics with the bytes of every proxy.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_value = "false", default_missing_value = "true", hide_default_value = true)]
    proxy_metrics: bool,
    /// Serve /metrics with numbers of the process.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_value = "false", default_missing_value = "true", hide_default_value = true)]
    runtime_metrics: bool,
    /// Serve the /metrics of `squall proxy` for all proxies here: Prometheus text, or JSON with ?format=json. Without a port: 8998.
    #[arg(long, value_name = "ADDR", value_parser = parse::metrics)]
    metrics: Option<SocketAddr>,
    #[command(flatten)]
    access: access::Args,
    #[command(flatten)]
    serving: serving::Args,
}

pub(crate) fn main(args: Args) -> Result<Exit, Failure> {
    let shards = args.serving.start_shards()?;
    serving::block_on(async move {
        let mut signals = Signals::listen()?;
        let mut hangups = signal(SignalKind::hangup())
            .map_err(|error| Failure::environment(format!("listen for signals: {error}")))?;
        let seed = args.seed;
        let all = Collection::new(move |upstream, carrier| {
            let builder = match carrier {
                Carrier::Stream => Proxy::tcp(upstream),
                Carrier::Datagram => Proxy::udp(upstream),
            };
            // Clients look whether a proxy is there by connecting, also where its server is not.
            builder.seed(seed).shards(shards.clone()).fin_unreached(true)
        });
        if let Some(config) = &args.config {
            load(&all, config).await?;
        }
        let server = start(&args, &all).await?;
        let metrics = serve_metrics(args.metrics, &all).await?;
        announce(&args, &all, &server, metrics.as_ref())?;
        loop {
            tokio::select! {
                biased;
                _ = signals.next() => break,
                _ = hangups.recv() => reload(&all, args.config.as_deref()).await,
            }
        }
        let stopping = async {
            server.stop().await;
            all.drain(args.serving.grace).await;
        };
        serving::stop(&mut signals, stopping).await;
        Ok(Exit::Ok)
    })
}

async fn start(args: &Args, all: &Collection) -> Result<Server, Failure> {
    let bare = args.host.contains(':') && !args.host.starts_with('[');
    let host = if bare { format!("[{}]", args.host) } else { args.host.clone() };
    let addr = parse::listen(&format!("{host}:{}", args.port)).map_err(Failure::environment)?;
    let mut exposure = Exposure::new();
    if args.proxy_metrics {
        exposure = exposure.proxies();
    }
    if args.runtime_metrics {
        exposure = exposure.process(process::gauges());
    }
    let server = squall_control::control(addr, all.clone(), args.access.access(), exposure).await;
    let server = server.map_err(Failure::environment)?;
    args.access.warn(&server);
    Ok(server)
}

async fn serve_metrics(addr: Option<SocketAddr>, all: &Collection) -> Result<Option<Server>, Failure> {
    let Some(addr) = addr else { return Ok(None) };
    squall_control::serve_all(addr, all.clone()).await.map(Some).map_err(Failure::environment)
}

fn announce(args: &Args, all: &Collection, server: &Server, metrics: Option<&Server>) -> Result<(), Failure> {
    eprintln!("seed {}", args.seed);
    let mut bound = Bound::default();
    bound.note("control", "squall control listening on ", server.addr());
    if let Some(metrics) = metrics {
        bound.note("metrics", "squall metrics listening on ", metrics.addr());
    }
    for (name, addr) in all.addresses() {
        // Names may hold anything, line ends too.
        let name = name.escape_debug().to_string();
        bound.note(&name, format!("squall proxy {name} listening on "), addr);
    }
    bound.announce(args.serving.port_file.as_deref())
}

async fn load(all: &Collection, config: &Path) -> Result<(), Failure> {
    let shown = config.display();
    let text = fs::read_to_string(config)
        .map_err(|error| Failure::environment(format!("cannot read {shown}: {error}")))?;
    all.populate(&text).await.map_err(|error| match error {
        PopulateError::Invalid(why) => Failure::usage(format!("{shown}: {why}")),
        PopulateError::Start(why) => Failure::environment(format!("{shown}: {why}")),
    })
}

/// Reads the configuration again. What is wrong with it is told, and everything goes on as it was.
async fn reload(all: &Collection, config: Option<&Path>) {
    let Some(config) = config else { return tracing::info!("SIGHUP: there is no --config to read again") };
    match load(all, config).await {
        Ok(()) => tracing::info!("{} read again", config.display()),
        Err(failure) => tracing::error!("{}", failure.message),
    }
}
