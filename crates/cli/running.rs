//! The links of `squall proxy` while they run: kept here, or by the control API where there is one.

use crate::relaying::Settings;
use squall::{Carrier, Events, Metrics, Proxy};
use squall_control::{Collection, ControlError, Server, Source, serve, serve_all};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// Links that run.
pub(crate) enum Running {
    /// As they were asked for, to the end.
    Fixed(Vec<Proxy>),
    /// As clients of the control API have changed them since.
    Controlled {
        all: Collection,
        /// Those that were asked for, in order.
        names: Vec<String>,
    },
}

impl Running {
    /// Gives the links to the control API where there are settings for those that it starts, and lets `hear` have the events of
    /// these.
    pub(crate) fn new(
        links: Vec<Proxy>,
        control: Option<Settings>,
        hear: impl Fn(Events) + Send + Sync + 'static,
    ) -> Running {
        let Some(settings) = control else { return Running::Fixed(links) };
        let all = Collection::new(move |upstream, carrier| {
            let mut builder = settings.apply(match carrier {
                Carrier::Stream => Proxy::tcp(upstream),
                Carrier::Datagram => Proxy::udp(upstream),
            });
            hear(builder.events());
            builder
        });
        let names = links.iter().map(|link| link.name().to_owned()).collect();
        for link in links {
            all.adopt(link);
        }
        Running::Controlled { all, names }
    }

    /// What every link has counted, by name. Links that the control API added come last.
    pub(crate) fn totals(&self) -> Vec<(String, Metrics)> {
        match self {
            Running::Fixed(links) => {
                links.iter().map(|link| (link.name().to_owned(), link.metrics())).collect()
            }
            Running::Controlled { all, names } => {
                let mut totals = all.metrics();
                // Stable, so that what was not asked for keeps the order of its names.
                totals.sort_by_key(|(name, _)| names.iter().position(|n| n == name).unwrap_or(names.len()));
                totals
            }
        }
    }

    /// Serves their metrics: those of links that the control API adds or takes away, too.
    pub(crate) async fn serve(&self, addr: SocketAddr) -> Result<Server, ControlError> {
        match self {
            Running::Fixed(links) => serve(addr, links.iter().map(Source::from).collect()).await,
            Running::Controlled { all, .. } => serve_all(addr, all.clone()).await,
        }
    }

    /// Lets all links drain within one grace.
    pub(crate) async fn drain(&self, grace: Duration) {
        match self {
            Running::Fixed(links) => {
                let deadline = Instant::now() + grace;
                for link in links {
                    link.drain(deadline.saturating_duration_since(Instant::now())).await;
                }
            }
            Running::Controlled { all, .. } => all.drain(grace).await,
        }
    }
}
