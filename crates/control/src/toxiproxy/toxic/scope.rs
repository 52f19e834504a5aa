//! Keys with texts, in the order in which they were given: scope keys, and the parameters of faults.

use crate::toxiproxy::error::ApiError;
use crate::toxiproxy::json::{Fields, Json};

#[derive(Clone, Default, Debug)]
pub(super) struct Keys(Vec<(&'static str, String)>);

impl Keys {
    pub(super) fn get(&self, key: &str) -> Option<&str> {
        self.iter().find(|(k, _)| *k == key).map(|(_, text)| text)
    }

    pub(super) fn set(&mut self, key: &'static str, text: String) {
        match self.0.iter_mut().find(|(k, _)| *k == key) {
            Some((_, old)) => *old = text,
            None => self.0.push((key, text)),
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0.iter().map(|(key, text)| (*key, text.as_str()))
    }

    /// Takes over every field of which `find` knows the key. An empty text takes a key off again.
    pub(super) fn merge(
        &mut self,
        fields: Fields<'_>,
        find: impl Fn(&str) -> Result<Option<&'static str>, ApiError>,
    ) -> Result<(), ApiError> {
        for (name, value) in fields.all() {
            let Some(key) = find(name)? else { continue };
            let text = match value {
                Json::String(text) | Json::Number(text) => text.clone(),
                Json::Bool(flag) => flag.to_string(),
                other => {
                    let is = other.kind();
                    return Err(ApiError::attributes(format!("`{key}` is a text, not an {is}")));
                }
            };
            if text.is_empty() {
                self.0.retain(|(k, _)| *k != key);
            } else {
                self.set(key, text);
            }
        }
        Ok(())
    }
}
