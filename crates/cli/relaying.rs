//! The options of whatever relays, one link or many: seed, decisions, limits, sockets, and what is said of clients.

use crate::parse;
use crate::{Failure, decisions};
use squall::{Decisions, Proxy, ProxyBuilder, ProxyProtocol, Relay, Replay, Shards, Size, Tuning};
use std::path::PathBuf;
use std::time::Duration;

/// Options of every link.
#[derive(clap::Args)]
#[group(skip)]
pub(crate) struct Args {
    /// The seed of every random decision, or `random`.
    #[arg(long, value_name = "N", default_value = "0", value_parser = parse::seed)]
    seed: u64,
    /// Write what the faults decided to FILE at the end: JSON lines, sorted, the same for the same seed and bytes.
    #[arg(long, value_name = "FILE")]
    decisions: Option<PathBuf>,
    /// Decide as FILE says, which --decisions wrote, instead of drawing.
    #[arg(long, value_name = "FILE")]
    replay: Option<PathBuf>,
    /// Turn connections away while so many are open on a link; over UDP, 10,000 clients by default.
    #[arg(long, value_name = "N")]
    max_connections: Option<u64>,
    /// How long connecting to the upstream may take.
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = parse::period)]
    connect_timeout: Duration,
    /// Close connections without bytes either way for so long; over UDP, forget clients, after 60s by default.
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
    /// Tell servers where clients come from, in a header of the PROXY protocol before anything else: v1 or v2.
    #[arg(long, value_name = "VERSION", value_parser = parse::proxy_protocol)]
    proxy_protocol: Option<ProxyProtocol>,
    /// Have clients say where they come from, in such a header of either version; without one they are turned away. Only for
    /// clients that are trusted.
    #[arg(long)]
    accept_proxy: bool,
}

impl Args {
    /// The seed that was asked for, or drawn.
    pub(crate) fn seed(&self) -> u64 {
        self.seed
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
            proxy_protocol: self.proxy_protocol,
            accept_proxy: self.accept_proxy,
            decisions: decisions.cloned(),
            replay: self.replay.as_deref().map(decisions::replay).transpose()?,
        })
    }

    /// Refuses a replay with decisions of faults that no link has.
    pub(crate) fn check_replay(&self, settings: &Settings, links: &[Proxy]) -> Result<(), Failure> {
        match (&self.replay, &settings.replay) {
            (Some(path), Some(replay)) => decisions::check(path, replay, links),
            _ => Ok(()),
        }
    }

    fn tuning(&self) -> Tuning {
        let bytes = |size: Size| usize::try_from(size.as_bytes()).unwrap_or(usize::MAX);
        Tuning {
            congestion: self.congestion.clone(),
            receive_buffer: self.rcvbuf.map(bytes),
            send_buffer: self.sndbuf.map(bytes),
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
    proxy_protocol: Option<ProxyProtocol>,
    accept_proxy: bool,
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
        if let Some(version) = self.proxy_protocol {
            builder = builder.proxy_protocol(version);
        }
        if self.accept_proxy {
            builder = builder.accept_proxy();
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
