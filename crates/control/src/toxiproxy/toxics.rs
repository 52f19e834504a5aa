//! The toxics of a proxy as they come, change and go. None of it waits: the link's plan is replaced, and that is all.

use super::collection::Collection;
use super::entry::Entry;
use super::error::ApiError;
use super::json::{Json, array};
use super::toxic::{Draft, Toxic};
use squall_faults::Carrier;
use squall_proxy::{Proxy, ProxyError};

/// The most toxics that a proxy can have.
const MOST: usize = 1_000;

/// Reads the toxics that come with a proxy, each as if it were added by itself.
pub(super) fn read_all(values: &[Json], carrier: Carrier) -> Result<Vec<Toxic>, ApiError> {
    let mut toxics: Vec<Toxic> = Vec::new();
    for value in values {
        let draft = Draft::read(value)?;
        if toxics.iter().any(|toxic| toxic.name == draft.name) {
            return Err(ApiError::toxic_exists());
        }
        if toxics.len() >= MOST {
            return Err(too_many());
        }
        toxics.push(draft.finish(carrier)?);
    }
    Ok(toxics)
}

impl Collection {
    pub(super) fn toxics(&self, proxy: &str) -> Result<String, ApiError> {
        self.look(proxy, |entry| {
            let (up, down): (Vec<_>, Vec<_>) = entry.toxics.iter().partition(|toxic| toxic.is_upstream());
            array(up.into_iter().chain(down).map(Toxic::to_json))
        })
    }

    pub(super) fn toxic(&self, proxy: &str, name: &str) -> Result<String, ApiError> {
        self.look(proxy, |entry| Ok(entry.toxics[entry.find(name)?].to_json()))?
    }

    pub(super) async fn add_toxic(&self, proxy: &str, value: &Json) -> Result<String, ApiError> {
        let _changing = self.0.changes.lock().await;
        self.with(proxy, |entry| entry.add(value))?
    }

    pub(super) async fn update_toxic(
        &self,
        proxy: &str,
        name: &str,
        value: &Json,
    ) -> Result<String, ApiError> {
        let _changing = self.0.changes.lock().await;
        self.with(proxy, |entry| {
            let place = entry.find(name)?;
            let changed = entry.toxics[place].changed(value, entry.carrier())?;
            if let Some(link) = &entry.proxy {
                change(link, &changed)?;
            }
            entry.toxics[place] = changed;
            Ok(entry.toxics[place].to_json())
        })?
    }

    pub(super) async fn remove_toxic(&self, proxy: &str, name: &str) -> Result<(), ApiError> {
        let _changing = self.0.changes.lock().await;
        self.with(proxy, |entry| {
            let place = entry.find(name)?;
            if let Some(link) = &entry.proxy {
                link.clear(name);
            }
            entry.toxics.remove(place);
            Ok(())
        })?
    }
}

impl Entry {
    fn find(&self, name: &str) -> Result<usize, ApiError> {
        self.toxics.iter().position(|toxic| toxic.name == name).ok_or_else(ApiError::no_toxic)
    }

    fn add(&mut self, value: &Json) -> Result<String, ApiError> {
        let draft = Draft::read(value)?;
        if self.find(&draft.name).is_ok() {
            return Err(ApiError::toxic_exists());
        }
        if self.toxics.len() >= MOST {
            return Err(too_many());
        }
        let toxic = draft.finish(self.carrier())?;
        if let Some(link) = &self.proxy {
            inject(link, &toxic)?;
        }
        let json = toxic.to_json();
        self.toxics.push(toxic);
        Ok(json)
    }

    /// Makes these the proxy's toxics. One that was there under the same name keeps its place and its counts.
    pub(super) fn set_toxics(&mut self, wanted: Vec<Toxic>) -> Result<(), ApiError> {
        let Some(link) = &self.proxy else {
            self.toxics = wanted;
            return Ok(());
        };
        let stays = |old: &Toxic| wanted.iter().any(|new| old.can_become(new));
        for gone in self.toxics.iter().filter(|old| !stays(old)) {
            link.clear(&gone.name);
        }
        self.toxics.retain(|old| stays(old));
        for toxic in &wanted {
            match self.toxics.iter().find(|old| old.name == toxic.name) {
                Some(old) if old.to_json() == toxic.to_json() => {}
                Some(_) => change(link, toxic)?,
                None => inject(link, toxic)?,
            }
        }
        self.toxics = wanted;
        Ok(())
    }
}

fn inject(link: &Proxy, toxic: &Toxic) -> Result<(), ApiError> {
    match toxic.fault() {
        Some(fault) => link.try_inject(fault.clone()).map(squall_proxy::FaultGuard::keep).map_err(unfit),
        None => Ok(()),
    }
}

fn change(link: &Proxy, toxic: &Toxic) -> Result<(), ApiError> {
    match toxic.fault() {
        Some(fault) => link.update(&toxic.name, fault.clone()).map_err(unfit),
        None => Ok(()),
    }
}

fn unfit(error: ProxyError) -> ApiError {
    ApiError::attributes(error)
}

fn too_many() -> ApiError {
    ApiError::new(400, format!("a proxy has at most {MOST} toxics"))
}
