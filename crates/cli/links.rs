//! The options that describe links, their faults, and what their faults decide; shared by every command that starts links.

use crate::parse::{self, LinkArg, PresetArg};
use crate::{Failure, decisions, files};
use squall::{
    Carrier, Decisions, Endpoint, LinkedSpec, Proxy, ProxyBuilder, ProxyError, Relay, Replay, Shards, Size,
    Tuning,
};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// Options of links.
#[derive(clap::Args)]
#[group(skip)]
pub(crate) struct Args {
    /// Where to listen; port 0 takes a free one.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0", value_parser = parse::listen, conflicts_with = "links")]
    listen: SocketAddr,
    /// Where to relay to: HOST:PORT, or :PORT on this machine; udp:HOST:PORT for datagrams.
    #[arg(long, value_name = "ADDR", required_unless_present = "links", value_parser = parse::upstream)]
    upstream: Option<(Option<Carrier>, Endpoint)>,
    /// A named link, NAME=UPSTREAM or NAME=LISTEN=UPSTREAM, instead of --listen and --upstream; may be given more than once.
    #[arg(long = "link", value_name = "SPEC", value_parser = parse::link, conflicts_with = "upstream")]
    links: Vec<LinkArg>,
    /// Relay datagrams (UDP) on every link.
    #[arg(long)]
    udp: bool,
    /// A fault, [LINK:]FAULT[:VALUE,KEY=VALUE...][@up|down|both]: latency:50ms,jitter=5ms; bandwidth:1MB/s; reset:p=1%. May
    /// be given more than once; without LINK it is on every link. `squall faults` lists them.
    #[arg(long = "fault", value_name = "SPEC", value_parser = parse::fault)]
    faults: Vec<LinkedSpec>,
    /// A kind of network, [LINK:]NAME: 3g, slow-4g, satellite. `squall presets` lists them. Its faults come before those of
    /// --fault.
    #[arg(long = "preset", value_name = "NAME", value_parser = parse::preset)]
    presets: Vec<PresetArg>,
    /// The seed of every random decision, or `random`.
    #[arg(long, value_name = "N", default_value = "0", value_parser = parse::seed)]
    seed: u64,
    /// Write what the faults decided to FILE at the end: JSON lines, sorted, the same for the same seed and bytes.
    #[arg(long, value_name = "FILE")]
    decisions: Option<PathBuf>,
    /// Decide as FILE says, which --decisions wrote, instead of drawing.
    #[arg(long, value_name = "FILE")]
    replay: Option<PathBuf>,
    /// Turn connections away while so many are open on a link; 10,000 clients of datagrams unless told.
    #[arg(long, value_name = "N")]
    max_connections: Option<u64>,
    /// How long connecting to the upstream may take.
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = parse::period)]
    connect_timeout: Duration,
    /// Close connections without bytes either way for so long; forget clients of datagrams, which happens after 60s unless told.
    #[arg(long, value_name = "DURATION", value_parser = parse::period)]
    idle_timeout: Option<Duration>,
    /// How many bytes one direction of one connection may hold: a delay of 50ms at 1GB/s takes 50MB.
    #[arg(long, visible_alias = "delay-cap", value_name = "SIZE", default_value = "64MiB", value_parser = parse::size)]
    buffer: Size,
    /// How bytes that no fault has to see are relayed: bulk through pipes of the kernel (Linux) and the rest through a buffer,
    /// always through a buffer, or always through pipes, which costs more for small messages.
    #[arg(long, value_name = "HOW", default_value = "auto", value_parser = parse::relay)]
    relay: Relay,
    /// The congestion control of the links' sockets (Linux): cubic, reno, bbr.
    #[arg(long, value_name = "NAME")]
    congestion: Option<String>,
    /// The receive buffer of the links' sockets. Giving it ends the kernel's own sizing: a small one makes senders feel a
    /// throttle sooner, and bounds the speed over long paths.
    #[arg(long, value_name = "SIZE", value_parser = parse::piece)]
    rcvbuf: Option<Size>,
    /// The send buffer of the links' sockets, with the same effect.
    #[arg(long, value_name = "SIZE", value_parser = parse::piece)]
    sndbuf: Option<Size>,
}

impl Args {
    /// The seed that was asked for, or drawn.
    pub(crate) fn seed(&self) -> u64 {
        self.seed
    }

    /// True where there is one link, without a name of its own.
    pub(crate) fn is_unnamed(&self) -> bool {
        self.links.is_empty()
    }

    /// Where decisions are to be noted, if they are.
    ///
    /// # Errors
    /// Where they could not be written.
    pub(crate) fn decisions(&self) -> Result<Option<Decisions>, Failure> {
        decisions::log(self.decisions.as_deref())
    }

    /// Writes the decisions where they were asked for.
    pub(crate) fn write(&self, decisions: Option<&Decisions>) -> Result<(), Failure> {
        match (&self.decisions, decisions) {
            (Some(target), Some(decided)) => decisions::write(target, decided),
            _ => Ok(()),
        }
    }

    /// What all links have in common.
    pub(crate) fn settings(
        &self,
        shards: &Shards,
        decisions: Option<&Decisions>,
    ) -> Result<Settings, Failure> {
        Ok(Settings {
            seed: self.seed,
            shards: shards.clone(),
            connect_timeout: self.connect_timeout,
            buffer: self.buffer,
            relay: self.relay,
            tuning: self.tuning(),
            max_connections: self.max_connections,
            idle_timeout: self.idle_timeout,
            decisions: decisions.cloned(),
            replay: self.replay.as_deref().map(decisions::replay).transpose()?,
        })
    }

    /// Starts every link, each with its faults; `controlled` where more may come later.
    pub(crate) async fn start(&self, settings: &Settings, controlled: bool) -> Result<Vec<Proxy>, Failure> {
        let mut links = Vec::new();
        for (name, builder) in self.builders()? {
            let here = |link: &Option<String>| link.as_ref().is_none_or(|link| *link == name);
            let mut builder = settings.apply(builder.name(&name));
            for preset in self.presets.iter().filter(|preset| here(&preset.link)) {
                builder = builder.preset(preset.name).map_err(Failure::usage)?;
            }
            for fault in self.faults.iter().filter(|fault| here(&fault.link)) {
                builder = builder.fault(files::supply(fault.spec.clone())?);
            }
            links.push(builder.start().await.map_err(|error| match error {
                ProxyError::Plan(_) => Failure::usage(format!("link `{name}`: {error}")),
                _ => Failure::environment(error),
            })?);
        }
        // What a control client adds later may be what the file decides for.
        if let (Some(path), Some(replay), false) = (&self.replay, &settings.replay, controlled) {
            decisions::check(path, replay, &links)?;
        }
        Ok(links)
    }

    fn tuning(&self) -> Tuning {
        let bytes = |size: Size| usize::try_from(size.as_bytes()).unwrap_or(usize::MAX);
        Tuning {
            congestion: self.congestion.clone(),
            receive_buffer: self.rcvbuf.map(bytes),
            send_buffer: self.sndbuf.map(bytes),
        }
    }

    /// The links that were asked for, by name.
    fn builders(&self) -> Result<Vec<(String, ProxyBuilder)>, Failure> {
        let mut builders: Vec<(String, ProxyBuilder)> = Vec::new();
        if let Some(upstream) = &self.upstream {
            builders.push(("proxy".to_owned(), self.proxy(upstream).listen(self.listen)));
        }
        for link in &self.links {
            if builders.iter().any(|(name, _)| *name == link.name) {
                return Err(Failure::usage(format!("two links are named `{}`", link.name)));
            }
            let builder = self.proxy(&link.upstream);
            let builder = if let Some(addr) = link.listen { builder.listen(addr) } else { builder };
            builders.push((link.name.clone(), builder));
        }
        let named = self.faults.iter().map(|fault| &fault.link);
        for link in named.chain(self.presets.iter().map(|preset| &preset.link)).flatten() {
            if !builders.iter().any(|(name, _)| name == link) {
                let names: Vec<_> = builders.iter().map(|(name, _)| name.as_str()).collect();
                let links = names.join(", ");
                return Err(Failure::usage(format!("there is no link `{link}`; links are {links}")));
            }
        }
        Ok(builders)
    }

    fn proxy(&self, (carrier, upstream): &(Option<Carrier>, Endpoint)) -> ProxyBuilder {
        match carrier {
            Some(Carrier::Datagram) => Proxy::udp(upstream.clone()),
            _ if self.udp => Proxy::udp(upstream.clone()),
            _ => Proxy::tcp(upstream.clone()),
        }
    }
}

/// What all links have in common, also those that are started later.
#[derive(Clone)]
pub(crate) struct Settings {
    seed: u64,
    shards: Shards,
    connect_timeout: Duration,
    buffer: Size,
    relay: Relay,
    tuning: Tuning,
    max_connections: Option<u64>,
    idle_timeout: Option<Duration>,
    decisions: Option<Decisions>,
    replay: Option<Replay>,
}

impl Settings {
    pub(crate) fn apply(&self, builder: ProxyBuilder) -> ProxyBuilder {
        let mut builder = builder.seed(self.seed).shards(self.shards.clone()).relay(self.relay);
        builder = builder.connect_timeout(self.connect_timeout).buffer(self.buffer.as_bytes());
        builder = builder.tuning(self.tuning.clone());
        if let Some(limit) = self.max_connections {
            builder = builder.max_connections(limit);
        }
        if let Some(limit) = self.idle_timeout {
            builder = builder.idle_timeout(limit);
        }
        if let Some(log) = &self.decisions {
            builder = builder.decisions(log.clone());
        }
        if let Some(replay) = &self.replay {
            builder = builder.replay(replay.clone());
        }
        builder
    }
}
