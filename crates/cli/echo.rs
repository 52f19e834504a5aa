//! `squall echo`: servers that send back what they get.

use crate::exit::Exit;
use crate::ready::Bound;
use crate::signals::Signals;
use crate::{Failure, parse, serving};
use squall::echo::{Echo, EchoBuilder};
use std::net::SocketAddr;
use std::time::Duration;

/// Echo servers: send back what they get.
///
/// Prints `squall echo listening on HOST:PORT` for each TCP address and `... on udp:HOST:PORT` for each UDP address once all
/// are bound. Port 0 takes a free one.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Listen for TCP connections here; may be given more than once. Without --tcp and --udp: 127.0.0.1:0.
    #[arg(long, value_name = "ADDR", value_parser = parse::listen)]
    tcp: Vec<SocketAddr>,
    /// Listen for UDP datagrams here; may be given more than once.
    #[arg(long, value_name = "ADDR", value_parser = parse::listen)]
    udp: Vec<SocketAddr>,
    /// Close connections beyond so many at once.
    #[arg(long, value_name = "N")]
    max_connections: Option<usize>,
    /// Close connections without bytes for so long.
    #[arg(long, value_name = "DURATION", value_parser = parse::period)]
    idle_timeout: Option<Duration>,
    #[command(flatten)]
    serving: serving::Args,
}

pub(crate) fn main(mut args: Args) -> Result<Exit, Failure> {
    if args.tcp.is_empty() && args.udp.is_empty() {
        args.tcp.push(SocketAddr::from(([127, 0, 0, 1], 0)));
    }
    let shards = args.serving.start_shards()?;
    serving::block_on(async move {
        let mut signals = Signals::listen()?;
        let (mut servers, mut bound) = (Vec::new(), Bound::default());
        let tcp = args.tcp.iter().map(|addr| ("tcp", "", squall::echo::tcp().listen(*addr)));
        let udp = args.udp.iter().map(|addr| ("udp", "udp:", squall::echo::udp().listen(*addr)));
        for (name, scheme, builder) in tcp.chain(udp) {
            let server = start(&args, builder.shards(shards.clone())).await?;
            bound.note(name, format!("squall echo listening on {scheme}"), server.addr());
            servers.push(server);
        }
        bound.announce(args.serving.port_file.as_deref())?;
        signals.next().await;
        serving::stop(&mut signals, stop(servers, args.serving.grace)).await;
        Ok(Exit::Ok)
    })
}

async fn start(args: &Args, mut builder: EchoBuilder) -> Result<Echo, Failure> {
    if let Some(limit) = args.max_connections {
        builder = builder.max_connections(limit);
    }
    if let Some(limit) = args.idle_timeout {
        builder = builder.idle_timeout(limit);
    }
    builder.start().await.map_err(Failure::environment)
}

/// Stops all servers within one grace and says what they did.
async fn stop(servers: Vec<Echo>, grace: Duration) {
    let deadline = std::time::Instant::now() + grace;
    for server in servers {
        let addr = server.addr();
        let counts = server.stop(deadline.saturating_duration_since(std::time::Instant::now())).await;
        let (connections, datagrams, bytes) = (counts.accepted, counts.datagrams_in, counts.bytes_out);
        tracing::info!(%addr, connections, datagrams, bytes, "echo stopped");
    }
}
