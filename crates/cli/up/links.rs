//! Links as they start, change, and take each other's place.

use super::services::{Outcome, Running, Started};
use crate::Failure;
use squall::scenario::model::{self, Change, Upstream};
use squall::{Endpoint, FaultSpec, Proxy, ProxyError};
use squall_control::Collection;

impl Running {
    /// Makes a link what it is to be; nothing where it is that.
    pub(super) async fn change_link(
        &mut self,
        link: &model::Link,
        change: Option<&Change>,
        old: Option<Proxy>,
    ) -> Option<Outcome> {
        let moved = self.started.get(&link.name).is_some_and(|started| {
            let leads_elsewhere =
                self.resolve(&link.upstream).is_ok_and(|upstream| upstream != started.upstream);
            leads_elsewhere || started.seed != self.services.seed
        });
        match change {
            Some(Change::Faults { gone, changed, new, .. }) if !moved => {
                let wanted: Vec<_> = changed.iter().chain(new).cloned().collect();
                match self.links.change_faults(&link.name, gone, &wanted).await {
                    Some(done) => Some(self.note_faults(link, gone, &wanted, done)),
                    // Clients of the control API have stopped it, or taken it away.
                    None => Some(self.begin_link(link, old).await),
                }
            }
            Some(_) => Some(self.begin_link(link, old).await),
            None if moved => Some(self.begin_link(link, old).await),
            None => None,
        }
    }

    /// Starts a link, in place of the one of its name. Its port is the same where the file says the same.
    async fn begin_link(&mut self, link: &model::Link, old: Option<Proxy>) -> Outcome {
        let name = &link.name;
        let old = match old {
            Some(old) => Some(old),
            None => released(&self.links, name).await,
        };
        let stays = self.services.link(name).is_some_and(|was| was.listen == link.listen);
        let place = self.started.get(name).map(|started| started.addr).filter(|_| stays);
        let started = match self.resolve(&link.upstream) {
            Ok(upstream) => {
                let builder = link.builder(|_| upstream.clone()).listen(place.unwrap_or(link.listen));
                self.setting.apply(builder).start().await.map(|proxy| (proxy, upstream)).map_err(failure)
            }
            Err(why) => Err(Failure::environment(why)),
        };
        match started {
            Ok((proxy, upstream)) => {
                let (addr, seed) = (proxy.addr(), proxy.seed());
                self.started.insert(name.clone(), Started { addr, upstream, seed });
                let (setting, own) = (self.setting.clone(), link.clone());
                self.links.adopt_as(proxy, move |upstream, carrier| {
                    setting.apply(model::Link { carrier, ..own.clone() }.plain(|_| upstream.clone()))
                });
                let verb = if old.is_some() { "replaced" } else { "started" };
                if let Some(old) = old {
                    self.leave(old).await;
                }
                self.services.apply(&Change::Link(link.clone()));
                Ok(format!("link {name} {verb}, on {addr}"))
            }
            Err(Failure { exit, message }) => {
                let mut told = format!("link {name}: {message}");
                if let Some(old) = old {
                    told.push_str("; it stays as it was");
                    if let Err(error) = old.restore().await {
                        told.push_str(&format!(", but for its port: {error}"));
                    }
                    self.links.put_back(old);
                }
                Err(Failure { exit, message: told })
            }
        }
    }

    /// Notes what became of a link's faults.
    fn note_faults(
        &mut self,
        link: &model::Link,
        gone: &[String],
        wanted: &[FaultSpec],
        done: Result<(), ProxyError>,
    ) -> Outcome {
        let name = &link.name;
        // As far as it came: the next reading tries the rest.
        done.map_err(|error| Failure::environment(format!("link {name}: {error}")))?;
        self.services.apply(&Change::Link(link.clone()));
        let put: Vec<String> = wanted.iter().map(|fault| format!("{fault}")).collect();
        let off = gone
            .iter()
            .filter(|gone| !wanted.iter().any(|new| new.name() == Some(gone)))
            .map(|gone| format!("without {gone}"));
        let told: Vec<String> = put.into_iter().chain(off).collect();
        Ok(format!("link {name} changed: {}", told.join(", ")))
    }

    /// Where an upstream is.
    fn resolve(&self, upstream: &Upstream) -> Result<Endpoint, String> {
        let missing = |kind: &str, name: &str| format!("its upstream {kind}.{name} does not run");
        match upstream {
            Upstream::Echo(name) => {
                let server = self.servers.get(name).and_then(|servers| servers.last());
                server.map(|server| server.addr().into()).ok_or_else(|| missing("echo", name))
            }
            Upstream::Link(name) => {
                self.started.get(name).map(|link| link.addr.into()).ok_or_else(|| missing("link", name))
            }
            Upstream::Process(name) => Err(missing("process", name)),
            // Files of services have none.
            Upstream::Pool(_) => Err("a balancer picks its upstream".to_owned()),
            Upstream::Address(text) => text.parse().map_err(|error: squall::AddressError| error.to_string()),
        }
    }
}

/// The running link of that name, without its port.
async fn released(links: &Collection, name: &str) -> Option<Proxy> {
    let link = links.release(name).await?;
    link.close_port().await;
    Some(link)
}

fn failure(error: ProxyError) -> Failure {
    match error {
        ProxyError::Plan(_) => Failure::usage(error),
        error => Failure::environment(error),
    }
}
