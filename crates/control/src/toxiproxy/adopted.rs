//! Links that the program around a collection has started itself, and may take back.

use super::collection::{Collection, run};
use super::entry::{Entry, Make};
use super::toxic::Toxic;
use squall_faults::{Carrier, FaultSpec};
use squall_proxy::{FaultGuard, Proxy, ProxyBuilder, ProxyError};
use squall_wire::{Address, lock};
use std::sync::Arc;

impl Collection {
    /// Takes a running link with one upstream in as a proxy, its faults as toxics. One of the same name is replaced; what it has
    /// counted goes on being counted.
    pub fn adopt(&self, proxy: Proxy) {
        self.take_in(proxy, None);
    }

    /// As [`Collection::adopt`], and where clients stop and start the proxy, or lead it elsewhere, `make` makes its link.
    pub fn adopt_as(
        &self,
        proxy: Proxy,
        make: impl Fn(Address, Carrier) -> ProxyBuilder + Send + Sync + 'static,
    ) {
        self.take_in(proxy, Some(Arc::new(make)));
    }

    fn take_in(&self, proxy: Proxy, make: Option<Arc<Make>>) {
        let name = proxy.name().to_owned();
        let scheme = if proxy.carrier() == Carrier::Datagram { "udp:" } else { "" };
        let upstream = proxy.upstream().map(ToString::to_string).unwrap_or_default();
        let mut entry = Entry::new(&proxy.address().to_string(), &format!("{scheme}{upstream}"));
        entry.toxics = toxics(&proxy);
        entry.make = make;
        let mut entries = lock(&self.0.entries);
        entry.counts = entries.get_mut(&name).map(|old| std::mem::take(&mut old.counts)).unwrap_or_default();
        run(&mut entry, proxy);
        let replaced = entries.insert(name, entry);
        drop(entries);
        drop(replaced);
    }

    /// Takes the link of that name out, if it runs; its proxy stays, disabled, with what it has counted. Waits for changes that
    /// clients are making.
    pub async fn release(&self, name: &str) -> Option<Proxy> {
        let _changing = self.0.changes.lock().await;
        self.with(name, |entry| entry.proxy.take()).ok()?
    }

    /// Gives back a link that was taken out, as if it had not been.
    pub fn put_back(&self, proxy: Proxy) {
        let mut entries = lock(&self.0.entries);
        match entries.get_mut(proxy.name()) {
            Some(entry) => {
                let replaced = entry.proxy.replace(proxy);
                drop(entries);
                drop(replaced);
            }
            None => {
                drop(entries);
                self.adopt(proxy);
            }
        }
    }

    /// Removes the proxy of that name; its link, if it runs. Waits for changes that clients are making.
    pub async fn remove(&self, name: &str) -> Option<Proxy> {
        let _changing = self.0.changes.lock().await;
        lock(&self.0.entries).remove(name)?.proxy
    }

    /// Takes faults off a running link, by name, and then puts others on it, each in place of the one of its name where that is
    /// of its kind: connections go on, and so do the state and the counts of faults that stay. Nothing where no such link runs.
    /// Waits for changes that clients are making.
    ///
    /// # Errors
    /// Where a fault cannot be put on; those before it are.
    pub async fn change_faults(
        &self,
        name: &str,
        gone: &[String],
        wanted: &[FaultSpec],
    ) -> Option<Result<(), ProxyError>> {
        let _changing = self.0.changes.lock().await;
        let change = |entry: &mut Entry| {
            let link = entry.proxy.as_ref()?;
            for name in gone {
                link.clear(name);
            }
            let done = wanted.iter().try_for_each(|fault| put(link, fault));
            // Toxics that are no faults stay, and those that have not changed keep the words of their clients.
            let mut now = toxics(link);
            entry.toxics.retain(|old| !gone.contains(&old.name));
            for old in &mut entry.toxics {
                let changed = wanted.iter().any(|fault| fault.name() == Some(old.name.as_str()));
                if let Some(place) = now.iter().position(|new| new.name == old.name) {
                    let new = now.remove(place);
                    if changed {
                        *old = new;
                    }
                }
            }
            entry.toxics.extend(now);
            Some(done)
        };
        self.with(name, change).ok()?
    }
}

/// The faults of a link as toxics.
fn toxics(proxy: &Proxy) -> Vec<Toxic> {
    proxy.specs().into_iter().map(|(name, spec)| Toxic::of(&name, spec)).collect()
}

/// Puts a fault on a link, in place of the one of its name if there is one.
fn put(link: &Proxy, fault: &FaultSpec) -> Result<(), ProxyError> {
    let specs = link.specs();
    let old = specs.iter().find(|(name, _)| Some(name.as_str()) == fault.name());
    if let Some((name, old)) = old {
        if old.kind().name == fault.kind().name {
            return link.update(name, fault.clone());
        }
        link.clear(name);
    }
    link.try_inject(fault.clone()).map(FaultGuard::keep)
}
