//! All proxies by name, and what may be done to them.
//!
//! What changes proxies goes one after another, and waits for nothing but ports that are bound or closed. The proxies
//! themselves stand behind one lock that nobody holds while waiting, so that reading waits for nobody.

use super::balance::Balancing;
use super::entry::{Entry, Make, Start, Wanted};
use super::error::ApiError;
use super::json::Object;
use super::toxic::Toxic;
use squall_faults::Carrier;
use squall_proxy::{Metrics, Proxy, ProxyBuilder};
use squall_wire::{Address, lock};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::task::JoinSet;

/// The proxies of a control server. Cheap to clone; all clones are the same. Dropping the last one closes every link.
#[derive(Clone)]
pub struct Collection(pub(super) Arc<Inner>);

pub(super) struct Inner {
    make: Box<Make>,
    /// Held by whoever changes a proxy, from the first look to the last step.
    pub(super) changes: tokio::sync::Mutex<()>,
    pub(super) entries: Mutex<BTreeMap<String, Entry>>,
    pub(super) balancers: Mutex<BTreeMap<String, Balancing>>,
}

/// The most proxies there can be.
const MOST: usize = 10_000;

/// Why a text did not become proxies.
#[derive(Debug, thiserror::Error)]
pub enum PopulateError {
    /// It makes no sense; nothing was changed.
    #[error("{0}")]
    Invalid(String),
    /// A proxy could not be started; those before it were.
    #[error("{0}")]
    Start(String),
}

impl Collection {
    /// No proxies yet. `make` makes the links that they will be: seed, shards, limits; name, address and faults are set
    /// afterwards. It is called inside a tokio runtime and must not block.
    pub fn new(make: impl Fn(Address, Carrier) -> ProxyBuilder + Send + Sync + 'static) -> Collection {
        let entries = Mutex::default();
        Collection(Arc::new(Inner {
            make: Box::new(make),
            changes: Default::default(),
            entries,
            balancers: Mutex::default(),
        }))
    }

    /// Makes the proxies of a configuration: a JSON array of objects with `name`, `upstream`, and optionally `listen`,
    /// `enabled` and `toxics`. One that is there already and is to be the same stays as it is, but for the toxics where some
    /// are given; none is removed.
    ///
    /// # Errors
    /// Where the text is invalid, or a proxy cannot be started. When cancelled, the proxies before that one are made.
    pub async fn populate(&self, json: &str) -> Result<(), PopulateError> {
        match self.populate_body(json.as_bytes()).await {
            Ok(_) => Ok(()),
            Err((error, _)) if error.status == 500 => Err(PopulateError::Start(error.message)),
            Err((error, _)) => Err(PopulateError::Invalid(error.message)),
        }
    }

    /// The running proxies with their addresses, by name.
    pub fn addresses(&self) -> Vec<(String, Address)> {
        let entries = lock(&self.0.entries);
        let running = entries.iter().filter_map(|(name, entry)| Some((name, entry.proxy.as_ref()?)));
        running.map(|(name, proxy)| (name.clone(), proxy.address().clone())).collect()
    }

    /// Whether a proxy has that name, running or not. Balancers are none.
    pub fn has(&self, name: &str) -> bool {
        lock(&self.0.entries).contains_key(name)
    }

    /// What every proxy and every balancer has counted, by name.
    pub fn metrics(&self) -> Vec<(String, Metrics)> {
        let mut all: Vec<_> =
            lock(&self.0.entries).iter().map(|(name, entry)| (name.clone(), entry.counts.read())).collect();
        all.extend(self.balancer_metrics());
        all.sort_by(|one, other| one.0.cmp(&other.0));
        all
    }

    /// What the proxy or the balancer of that name has counted.
    pub(super) fn metrics_of(&self, name: &str) -> Result<Metrics, ApiError> {
        let own = self.look(name, |entry| entry.counts.read());
        own.or_else(|missing| self.balancer_metrics_of(name).ok_or(missing))
    }

    /// Reads what one proxy has counted; nothing once it is gone.
    pub fn meter(&self, name: &str) -> impl Fn() -> Metrics + Send + Sync + Clone + 'static {
        let (all, name) = (self.clone(), name.to_owned());
        move || all.look(&name, |entry| entry.counts.read()).unwrap_or_default()
    }

    /// Closes all ports, lets open connections end for up to `grace`, then closes the rest. The proxies are disabled
    /// afterwards.
    pub async fn drain(&self, grace: Duration) {
        let _changing = self.0.changes.lock().await;
        let links: Vec<_> =
            lock(&self.0.entries).values_mut().filter_map(|entry| entry.proxy.take()).collect();
        let mut draining = JoinSet::new();
        for link in links {
            draining.spawn(async move { link.drain(grace).await });
        }
        draining.join_all().await;
    }

    pub(super) fn list(&self) -> String {
        let entries = lock(&self.0.entries);
        let fields = entries.iter().map(|(name, entry)| (name, entry.to_json(name)));
        fields.fold(Object::default(), |object, (name, json)| object.raw(name, &json)).end()
    }

    pub(super) fn get(&self, name: &str) -> Result<String, ApiError> {
        self.look(name, |entry| entry.to_json(name))
    }

    /// Reads one proxy.
    pub(super) fn look<T>(&self, name: &str, read: impl FnOnce(&Entry) -> T) -> Result<T, ApiError> {
        lock(&self.0.entries).get(name).map(read).ok_or_else(ApiError::no_proxy)
    }

    /// Changes one proxy, which nobody may remove meanwhile: `changes` is held.
    pub(super) fn with<T>(&self, name: &str, act: impl FnOnce(&mut Entry) -> T) -> Result<T, ApiError> {
        lock(&self.0.entries).get_mut(name).map(act).ok_or_else(ApiError::no_proxy)
    }

    /// A new proxy, with its toxics in force before the first connection.
    pub(super) async fn create(&self, wanted: Wanted<'_>, toxics: Vec<Toxic>) -> Result<String, ApiError> {
        let (name, upstream) = wanted.required()?;
        let _changing = self.0.changes.lock().await;
        if self.look(name, |_| ()).is_ok() {
            return Err(ApiError::proxy_exists());
        }
        let mut entry = Entry::new(wanted.listen.unwrap_or_default(), upstream);
        entry.toxics = toxics;
        self.add(name, entry, wanted.enabled.unwrap_or(true)).await?;
        self.get(name)
    }

    /// Puts an entry in place, started where that is wanted. `changes` is held.
    pub(super) async fn add(&self, name: &str, mut entry: Entry, enabled: bool) -> Result<(), ApiError> {
        let full = {
            let entries = lock(&self.0.entries);
            entries.len() >= MOST && !entries.contains_key(name)
        };
        if self.is_balancer(name) {
            return Err(ApiError::proxy_exists());
        }
        if full {
            return Err(ApiError::new(500, format!("there are {MOST} proxies, and no more can be")));
        }
        let proxy = if enabled {
            let Entry { listen, upstream, toxics, .. } = &entry;
            Some(Start { name, listen, upstream, toxics }.start(&self.0.make).await?)
        } else {
            None
        };
        let mut entries = lock(&self.0.entries);
        // What another proxy of that name has counted goes on being counted.
        entry.counts = entries.get_mut(name).map(|old| std::mem::take(&mut old.counts)).unwrap_or_default();
        if let Some(proxy) = proxy {
            run(&mut entry, proxy);
        }
        entries.insert(name.to_owned(), entry);
        Ok(())
    }

    /// Changes what a proxy is: absent fields stay.
    pub(super) async fn update(&self, name: &str, wanted: Wanted<'_>) -> Result<String, ApiError> {
        let _changing = self.0.changes.lock().await;
        let (requested, listen, upstream, was) = self.look(name, |entry| {
            let Entry { requested, listen, upstream, .. } = entry;
            (requested.clone(), listen.clone(), upstream.clone(), entry.is_enabled())
        })?;
        let moved = match wanted.listen {
            Some(wanted) => {
                let same = Entry::listens_at([&requested, &listen], wanted).await;
                !same.map_err(|error| ApiError::new(500, error.to_string()))?
            }
            None => false,
        };
        let enabled = wanted.enabled.unwrap_or(was);
        if moved || wanted.upstream.is_some_and(|wanted| wanted != upstream) {
            self.stop(name).await?;
            self.with(name, |entry| {
                if let Some(wanted) = wanted.listen.filter(|_| moved) {
                    wanted.clone_into(&mut entry.requested);
                    wanted.clone_into(&mut entry.listen);
                }
                if let Some(wanted) = wanted.upstream {
                    wanted.clone_into(&mut entry.upstream);
                }
            })?;
        }
        self.enable(name, enabled).await?;
        self.get(name)
    }

    /// Starts or stops a proxy; no-op where it is so already. `changes` is held.
    async fn enable(&self, name: &str, enabled: bool) -> Result<(), ApiError> {
        match self.look(name, Entry::is_enabled)? {
            is if is == enabled => Ok(()),
            true => self.stop(name).await,
            false => self.start(name).await,
        }
    }

    async fn start(&self, name: &str) -> Result<(), ApiError> {
        let (listen, upstream, toxics) =
            self.look(name, |entry| (entry.listen.clone(), entry.upstream.clone(), entry.toxics.clone()))?;
        let start = Start { name, listen: &listen, upstream: &upstream, toxics: &toxics };
        let own = self.look(name, |entry| entry.make.clone())?;
        let proxy = start.start(own.as_deref().unwrap_or(&*self.0.make)).await?;
        self.with(name, |entry| run(entry, proxy))
    }

    /// Closes a proxy's port and drops its connections; returns once the port is free. `changes` is held.
    pub(super) async fn stop(&self, name: &str) -> Result<(), ApiError> {
        if let Some(link) = self.with(name, |entry| entry.proxy.take())? {
            link.cut().await;
        }
        Ok(())
    }

    pub(super) async fn delete(&self, name: &str) -> Result<(), ApiError> {
        let _changing = self.0.changes.lock().await;
        self.stop(name).await?;
        let removed = lock(&self.0.entries).remove(name);
        drop(removed);
        Ok(())
    }

    /// Enables every proxy and takes off every toxic; the first that cannot be started ends it.
    pub(super) async fn reset(&self) -> Result<(), ApiError> {
        let _changing = self.0.changes.lock().await;
        let names: Vec<_> = lock(&self.0.entries).keys().cloned().collect();
        for name in names {
            self.enable(&name, true).await?;
            self.with(&name, |entry| entry.set_toxics(Vec::new()))??;
        }
        Ok(())
    }
}

/// The entry's link runs from now on.
pub(super) fn run(entry: &mut Entry, proxy: Proxy) {
    entry.listen = proxy.address().to_string();
    entry.counts.follow(proxy.meter());
    entry.proxy = Some(proxy);
}

impl fmt::Debug for Collection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(lock(&self.0.entries).keys()).finish()
    }
}
