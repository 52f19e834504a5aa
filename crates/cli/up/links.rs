//! Links and balancers as they start, change, and take each other's place.

use super::services::{Outcome, Running, Started};
use crate::Failure;
use squall::scenario::model::{self, Change, Services};
use squall::{FaultSpec, Proxy, ProxyError};

impl Running {
    /// Makes a link what it is to be, by the changes that are about it; nothing where it is that. `before` is what the file had.
    pub(super) async fn change_link(
        &mut self,
        link: &model::Link,
        changes: &[&Change],
        before: &Services,
        old: Option<Proxy>,
    ) -> Option<Outcome> {
        let started = self.started.get(&link.name);
        if started.is_none() && self.links.has(&link.name) {
            let message =
                format!("{}: a client of the control API has made a proxy of that name", title(link));
            return Some(Err(Failure::environment(message)));
        }
        let leads_elsewhere = started
            .is_some_and(|started| self.ends(link.ends()).is_ok_and(|ends| !started.ends.include(&ends)));
        let reseeded = started.is_some_and(|started| started.seed != self.services.seed);
        let replaced = changes.iter().any(|change| matches!(change, Change::Link(_)));
        if replaced || reseeded || (leads_elsewhere && link.pool().is_none()) {
            return Some(self.begin_link(link, old).await);
        }
        if link.pool().is_some() {
            let changes_at_all = leads_elsewhere || !changes.is_empty();
            return changes_at_all.then(|| self.change_balancer(link, changes, before));
        }
        let Some(Change::Faults { gone, changed, new, .. }) = changes.first() else { return None };
        let wanted: Vec<_> = changed.iter().chain(new).cloned().collect();
        match self.links.change_faults(&link.name, gone, &wanted).await {
            Some(done) => Some(self.note_faults(link, gone, &wanted, done)),
            // Clients of the control API have stopped it, or taken it away.
            None => Some(self.begin_link(link, old).await),
        }
    }

    /// Starts a link, in place of the one of its name. Its port is the same where the file says the same.
    async fn begin_link(&mut self, link: &model::Link, old: Option<Proxy>) -> Outcome {
        let (name, title) = (&link.name, title(link));
        let ends = match self.ends(link.ends()) {
            Ok(ends) => ends,
            Err(why) => return self.stays_as_it_was(link, old, Failure::environment(why)).await,
        };
        let old = match old {
            Some(old) => Some(old),
            None => self.release(name).await,
        };
        let stays = self.services.link(name).is_some_and(|was| was.listen == link.listen);
        let place = self.started.get(name).map(|started| started.addr.clone()).filter(|_| stays);
        if let (Some(old), Some(_)) = (&old, &place) {
            old.close_port().await;
        }
        let builder = link.builder(|upstream| ends.of(upstream));
        let builder = builder.listen_at(place.unwrap_or_else(|| link.listen.clone()));
        match self.setting.apply(builder).start().await {
            Ok(proxy) => {
                let (addr, seed) = (proxy.address().clone(), proxy.seed());
                self.keep(link, proxy).await;
                self.started.insert(name.clone(), Started { addr: addr.clone(), ends, seed });
                let verb = if old.is_some() { "replaced" } else { "started" };
                self.retired.0.extend(old);
                self.services.apply(&Change::Link(link.clone()));
                Ok(format!("{title} {verb}, on {addr}"))
            }
            Err(error) => self.stays_as_it_was(link, old, failure(error)).await,
        }
    }

    /// Gives a link that cannot become what it is to be its place back, where it was taken out for that.
    async fn stays_as_it_was(&mut self, link: &model::Link, old: Option<Proxy>, why: Failure) -> Outcome {
        let mut told = format!("{}: {}", title(link), why.message);
        if old.is_some() || self.services.link(&link.name).is_some() {
            told.push_str("; it stays as it was");
        }
        if let Some(old) = old {
            if let Err(error) = old.restore().await {
                told.push_str(&format!(", but for its port: {error}"));
            }
            match old.balancer() {
                Some(_) => drop(self.balancers.insert(link.name.clone(), old)),
                None => self.links.put_back(old),
            }
        }
        Err(Failure { message: told, ..why })
    }

    /// The running link, or balancer, of that name, with its port.
    pub(super) async fn release(&mut self, name: &str) -> Option<Proxy> {
        match self.balancers.remove(name) {
            Some(old) => Some(old),
            None => self.links.release(name).await,
        }
    }

    /// Keeps what has been started where clients and metrics find it: links as proxies, balancers beside them.
    async fn keep(&mut self, link: &model::Link, proxy: Proxy) {
        if let Some(handle) = proxy.balancer() {
            // What a link of that name has been, or a client has put there.
            if let Some(old) = self.links.remove(&link.name).await {
                self.leave(old).await;
            }
            self.links.add_balancer(handle);
            self.balancers.insert(link.name.clone(), proxy);
            return;
        }
        self.links.remove_balancer(&link.name);
        let (setting, own) = (self.setting.clone(), link.clone());
        let made = move |upstream: squall::Address, carrier| {
            setting.apply(model::Link { carrier, ..own.clone() }.plain(|_| upstream.clone()))
        };
        self.links.adopt_as(proxy, made);
    }

    /// Notes what became of a link's faults.
    fn note_faults(
        &mut self,
        link: &model::Link,
        gone: &[String],
        wanted: &[FaultSpec],
        done: Result<(), ProxyError>,
    ) -> Outcome {
        // As far as it came: the next reading tries the rest.
        done.map_err(|error| Failure::environment(format!("{}: {error}", title(link))))?;
        self.services.apply(&Change::Link(link.clone()));
        Ok(format!("{} changed: {}", title(link), told_of_faults(gone, wanted).join(", ")))
    }
}

/// What a link is called in messages: `link api`, `balance pool`.
pub(super) fn title(link: &model::Link) -> String {
    link.path().replacen('.', " ", 1)
}

/// What was done to faults, in words.
pub(super) fn told_of_faults(gone: &[String], wanted: &[FaultSpec]) -> Vec<String> {
    let put = wanted.iter().map(|fault| format!("{fault}"));
    let off = gone.iter().filter(|gone| !wanted.iter().any(|new| new.name() == Some(gone)));
    put.chain(off.map(|gone| format!("without {gone}"))).collect()
}

pub(super) fn failure(error: ProxyError) -> Failure {
    match error {
        ProxyError::Plan(_) => Failure::usage(error),
        error => Failure::environment(error),
    }
}
