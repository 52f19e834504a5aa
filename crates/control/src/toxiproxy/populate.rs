//! Many proxies at once, from a request or a configuration.

use super::collection::Collection;
use super::entry::{Entry, Wanted, carrier};
use super::error::ApiError;
use super::json::{Fields, Json, array, first_value};
use super::toxic::Toxic;
use super::toxics::read_all;
use squall_wire::lock;

/// A proxy as it is to be.
struct Item<'a> {
    name: &'a str,
    listen: &'a str,
    upstream: &'a str,
    enabled: bool,
    toxics: Vec<Toxic>,
}

impl Collection {
    /// Makes the proxies of `body`, after all of it has been read; the first that cannot be started ends it. Returns those that
    /// were made or were there, as a JSON array, or nothing where none was given.
    pub(super) async fn populate_body(
        &self,
        body: &[u8],
    ) -> Result<Option<String>, (ApiError, Option<String>)> {
        let invalid = |error| (error, None);
        let value = first_value(body).map_err(|error| invalid(ApiError::body(error)))?;
        let items = read(&value).map_err(invalid)?;
        let _changing = self.0.changes.lock().await;
        let mut done = Vec::new();
        let shown = |done: Vec<String>| (!done.is_empty()).then(|| array(done));
        for item in items {
            let name = item.name;
            match self.put(item).await.and_then(|()| self.get(name)) {
                Ok(json) => done.push(json),
                Err(error) => return Err((error, shown(done))),
            }
        }
        Ok(shown(done))
    }

    /// Makes a proxy, or another one in the place of one that differs.
    async fn put(&self, item: Item<'_>) -> Result<(), ApiError> {
        let Item { name, listen, upstream, enabled, toxics } = item;
        let known = self
            .look(name, |entry| (entry.requested.clone(), entry.listen.clone(), entry.upstream == upstream));
        if let Ok((requested, shown, same_upstream)) = known {
            let same = Entry::listens_at([&requested, &shown], listen).await;
            let same_listen = same.map_err(|error| ApiError::new(500, error.to_string()))?;
            if same_upstream && same_listen {
                if toxics.is_empty() {
                    return Ok(());
                }
                return self.with(name, |entry| entry.set_toxics(toxics))?;
            }
            self.stop(name).await?;
        }
        let mut entry = Entry::new(listen, upstream);
        entry.toxics = toxics;
        self.add(name, entry, enabled).await
    }
}

fn read(value: &Json) -> Result<Vec<Item<'_>>, ApiError> {
    let values = match value {
        Json::Array(values) => values.as_slice(),
        Json::Null => &[],
        other => {
            let kind = other.kind();
            let what = format!("json: cannot unmarshal {kind} into Go value of type []toxiproxy.Proxy");
            return Err(ApiError::body(what));
        }
    };
    // In the order of Go: everything is decoded before anything is judged.
    let mut decoded = Vec::new();
    for value in values {
        let fields = Fields::of(value, "Proxy").map_err(ApiError::body)?;
        decoded.push((Wanted::read(fields)?, fields.list("toxics").map_err(ApiError::body)?));
    }
    let mut items = Vec::new();
    for (number, (wanted, toxics)) in (1..).zip(decoded) {
        let (name, upstream) = wanted.required().map_err(|error| error.at_proxy(number))?;
        let listen = wanted.listen.unwrap_or_default();
        let toxics = read_all(toxics, carrier(upstream)).map_err(|error| error.at_proxy(number))?;
        items.push(Item { name, listen, upstream, enabled: wanted.enabled.unwrap_or(true), toxics });
    }
    Ok(items)
}

impl Collection {
    /// How many proxies there are.
    pub fn len(&self) -> usize {
        lock(&self.0.entries).len()
    }

    /// True where there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
