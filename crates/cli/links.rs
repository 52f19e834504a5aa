//! The options that describe links by their upstreams, and their faults.

use crate::parse::{self, LinkArg, PresetArg};
use crate::relaying::{self, Settings};
use crate::{Failure, files};
use squall::{Address, Carrier, LinkedSpec, Proxy, ProxyBuilder, ProxyError};

/// Options of links.
#[derive(clap::Args)]
#[group(skip)]
pub(crate) struct Args {
    /// Where to listen: HOST:PORT, or unix:PATH; port 0 takes a free one.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0", value_parser = parse::listen_at, conflicts_with = "links")]
    listen: Address,
    /// Where to relay to: HOST:PORT, or :PORT on this machine; unix:PATH; udp:HOST:PORT for datagrams.
    #[arg(long, value_name = "ADDR", value_parser = parse::upstream)]
    upstream: Option<(Option<Carrier>, Address)>,
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
    #[command(flatten)]
    pub(crate) relaying: relaying::Args,
}

impl Args {
    /// A link to wherever its clients ask for, on the address to listen on.
    pub(crate) fn any(&self) -> (String, ProxyBuilder) {
        if self.listen.socket_addr().is_some_and(|addr| !addr.ip().is_loopback()) {
            tracing::warn!("whoever reaches {} can go wherever this machine can", self.listen);
        }
        ("any".to_owned(), Proxy::forward().listen_at(self.listen.clone()))
    }

    /// Whether there is a link without a name.
    pub(crate) fn has_upstream(&self) -> bool {
        self.upstream.is_some()
    }

    /// The names of the links that have one.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.links.iter().map(|link| link.name.as_str())
    }

    /// Whether a link without a name listens on a unix socket.
    pub(crate) fn is_on_path(&self) -> bool {
        self.listen.is_unix()
    }

    /// True where there is one link, without a name of its own.
    pub(crate) fn is_unnamed(&self) -> bool {
        self.links.is_empty()
    }

    /// Starts every link, each with its faults, and with them `others`, whose names faults may have as well; `controlled` where
    /// more may come later.
    pub(crate) async fn start(
        &self,
        others: Vec<(String, ProxyBuilder)>,
        settings: &Settings,
        controlled: bool,
    ) -> Result<Vec<Proxy>, Failure> {
        let mut links = Vec::new();
        for (name, builder) in self.builders(others)? {
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
                ProxyError::NoHeader { .. } | ProxyError::NoUnixDatagrams { .. } => Failure::usage(error),
                _ => Failure::environment(error),
            })?);
        }
        // What a control client adds later may be what the file decides for.
        if !controlled {
            self.relaying.check_replay(settings, &links)?;
        }
        Ok(links)
    }

    /// The links that were asked for, by name, behind `builders`.
    fn builders(
        &self,
        mut builders: Vec<(String, ProxyBuilder)>,
    ) -> Result<Vec<(String, ProxyBuilder)>, Failure> {
        if let Some(upstream) = &self.upstream {
            builders.push(("proxy".to_owned(), self.proxy(upstream).listen_at(self.listen.clone())));
        }
        for link in &self.links {
            if builders.iter().any(|(name, _)| *name == link.name) {
                return Err(Failure::usage(format!("two links are named `{}`", link.name)));
            }
            let builder = self.proxy(&link.upstream);
            let builder = match &link.listen {
                Some(address) => builder.listen_at(address.clone()),
                None => builder,
            };
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

    fn proxy(&self, (carrier, upstream): &(Option<Carrier>, Address)) -> ProxyBuilder {
        match carrier {
            Some(Carrier::Datagram) => Proxy::udp(upstream.clone()),
            _ if self.udp => Proxy::udp(upstream.clone()),
            _ => Proxy::tcp(upstream.clone()),
        }
    }
}
