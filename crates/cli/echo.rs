//! `squall echo`: servers that send back what they get, or misbehave on purpose.

mod watch;

use crate::exit::Exit;
use crate::ready::Bound;
use crate::signals::Signals;
use crate::{Failure, parse, serving};
use squall::echo::{Echo, EchoBuilder, EchoError, Mode};
use squall::{Address, Size};
use squall_control::{EchoProtocol, EchoSource};
use std::net::SocketAddr;
use std::time::Duration;
use watch::Watch;

/// Echo servers: send back what they get, or misbehave on purpose.
///
/// Prints `squall echo listening on HOST:PORT` for each TCP address, `... on udp:HOST:PORT` for each UDP address and `... on
/// http://HOST:PORT` for each HTTP address once all are bound. Port 0 takes a free one. A TCP or HTTP address may be unix:PATH.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Listen for TCP connections here; may be given more than once. Without --tcp, --udp and --http: 127.0.0.1:0.
    #[arg(long, value_name = "ADDR", value_parser = parse::listen_at)]
    tcp: Vec<Address>,
    /// Listen for UDP datagrams here; may be given more than once.
    #[arg(long, value_name = "ADDR", value_parser = parse::listen)]
    udp: Vec<SocketAddr>,
    /// Listen for HTTP/1.1 requests here; may be given more than once. The query of a request says how it is answered:
    /// `?delay=50ms:50,1s:1&status=503:10&size=64KiB&close=true&raw=true&seed=7`, each value with its percentage.
    #[arg(long, value_name = "ADDR", value_parser = parse::listen_at)]
    http: Vec<Address>,
    /// What TCP and UDP servers do with what they get: echo, discard, chargen, fixed:SIZE, banner:TEXT, delay:DURATION,
    /// drip:RATE, never-read, never-reply, close-after:SIZE or reset-after:SIZE. Over UDP: echo, discard, fixed, delay and
    /// never-reply.
    #[arg(long, value_name = "SPEC", default_value = "echo", value_parser = parse::mode)]
    mode: Mode,
    /// What the servers call themselves towards clients that ask; each its address by default.
    #[arg(long, value_name = "NAME", value_parser = parse::id)]
    id: Option<String>,
    /// Close connections beyond so many at once, for each address.
    #[arg(long, value_name = "N")]
    max_connections: Option<usize>,
    /// Close connections without bytes for so long; over HTTP it is a minute by default.
    #[arg(long, value_name = "DURATION", value_parser = parse::period)]
    idle_timeout: Option<Duration>,
    /// Read so many bytes at a time, at most 256KiB; of a larger datagram the rest is lost.
    #[arg(long, value_name = "SIZE", default_value = "256KiB", value_parser = parse::piece)]
    buffer: Size,
    /// Serve /metrics here: Prometheus text, or JSON with ?format=json. Without a port: 8998.
    #[arg(long, value_name = "ADDR", value_parser = parse::metrics)]
    metrics: Option<SocketAddr>,
    /// Print a line for each connection that opens or closes, and for bytes that are received (↑) and sent (↓).
    #[arg(long)]
    log_events: bool,
    /// Print a line of totals so often, and at the end.
    #[arg(long, value_name = "DURATION", value_parser = parse::period)]
    summary: Option<Duration>,
    #[command(flatten)]
    serving: serving::Args,
}

pub(crate) fn main(mut args: Args) -> Result<Exit, Failure> {
    if args.tcp.is_empty() && args.udp.is_empty() && args.http.is_empty() {
        args.tcp.push(SocketAddr::from(([127, 0, 0, 1], 0)).into());
    }
    if args.mode != Mode::Echo && args.tcp.is_empty() && args.udp.is_empty() {
        return Err(Failure::usage("--mode is for --tcp and --udp; over HTTP, the query says how to answer"));
    }
    let builders = builders(&args);
    for (_, _, builder) in &builders {
        builder.check().map_err(failure)?;
    }
    let shards = args.serving.start_shards()?;
    serving::block_on(async move {
        let mut signals = Signals::listen()?;
        let (mut servers, mut bound) = (Vec::new(), Bound::default());
        let mut watch = Watch::new(args.log_events, args.summary);
        for (protocol, scheme, mut builder) in builders {
            // Before anybody knows the address, so that no connection is missed.
            watch.listen(&mut builder);
            let server = builder.shards(shards.clone()).start().await.map_err(failure)?;
            let scheme = match (scheme, server.address()) {
                ("http://", Address::Unix(_)) => "http+",
                _ => scheme,
            };
            let name =
                bound.note(name_of(protocol), format!("squall echo listening on {scheme}"), server.address());
            watch.add(EchoSource { name, protocol, totals: server.totals() });
            servers.push(server);
        }
        let metrics = watch.serve(args.metrics).await?;
        if let Some(metrics) = &metrics {
            bound.note("metrics", "squall metrics listening on ", metrics.addr());
        }
        bound.announce(args.serving.port_file.as_deref())?;
        watch.until(&mut signals).await;
        serving::stop(&mut signals, stop(servers, args.serving.grace)).await;
        watch.end().await;
        Ok(Exit::Ok)
    })
}

/// The name of a server in the port file and in metrics.
fn name_of(protocol: EchoProtocol) -> &'static str {
    match protocol {
        EchoProtocol::Tcp => "tcp",
        EchoProtocol::Udp => "udp",
        EchoProtocol::Http => "http",
    }
}

/// The servers that were asked for, each with what its address begins with.
fn builders(args: &Args) -> Vec<(EchoProtocol, &'static str, EchoBuilder)> {
    let modal = |builder: EchoBuilder| builder.mode(args.mode.clone());
    let tcp =
        args.tcp.iter().map(|at| (EchoProtocol::Tcp, "", modal(squall::echo::tcp()).listen_at(at.clone())));
    let udp = args.udp.iter().map(|at| (EchoProtocol::Udp, "udp:", modal(squall::echo::udp()).listen(*at)));
    let http = args
        .http
        .iter()
        .map(|at| (EchoProtocol::Http, "http://", squall::echo::http().listen_at(at.clone())));
    tcp.chain(udp)
        .chain(http)
        .map(|(protocol, scheme, builder)| (protocol, scheme, limited(builder, args)))
        .collect()
}

fn limited(builder: EchoBuilder, args: &Args) -> EchoBuilder {
    let mut builder = builder.buffer(usize::try_from(args.buffer.as_bytes()).unwrap_or(usize::MAX));
    if let Some(id) = &args.id {
        builder = builder.id(id);
    }
    if let Some(limit) = args.max_connections {
        builder = builder.max_connections(limit);
    }
    if let Some(limit) = args.idle_timeout {
        builder = builder.idle_timeout(limit);
    }
    builder
}

fn failure(error: EchoError) -> Failure {
    match error {
        EchoError::Mode { .. } => Failure::usage(error),
        error => Failure::environment(error),
    }
}

/// Stops all servers within one grace and says what they did.
async fn stop(servers: Vec<Echo>, grace: Duration) {
    let deadline = std::time::Instant::now() + grace;
    for server in servers {
        let addr = server.address().clone();
        let counts = server.stop(deadline.saturating_duration_since(std::time::Instant::now())).await;
        let (connections, datagrams, requests) = (counts.accepted, counts.datagrams_in, counts.requests);
        let bytes = counts.bytes_out;
        tracing::info!(%addr, connections, datagrams, requests, bytes, "echo stopped");
    }
}
