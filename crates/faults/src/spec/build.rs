//! Building a spec from keyed texts: what the command line, scenario files and the control API share.

use super::{FaultSpec, Scope, nearest};
use crate::catalogue::KINDS;
use crate::direction::Directions;
use crate::kind::{Kind, find_kind, kind_names};
use crate::params::{Items, Params};
use crate::value::{Value, ValueError};

/// A spec in the making. Every text is checked as it comes, so that a reader can report all mistakes at once.
#[derive(Debug)]
pub struct SpecBuilder {
    kind: &'static Kind,
    params: Items,
    scope: Items,
    directions: Option<Directions>,
    name: Option<String>,
}

/// Which part of a keyed text is wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Part {
    /// The key.
    Key,
    /// The value.
    Value,
}

/// Why a keyed text was not taken, and which part of it is wrong.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{error}")]
pub struct PartError {
    /// The part that is wrong.
    pub part: Part,
    /// What is wrong with it.
    pub error: ValueError,
}

impl SpecBuilder {
    /// Starts a spec of the fault of that name; `-` and `_` are the same.
    ///
    /// # Errors
    /// Where no fault has that name; the error names the nearest.
    pub fn new(fault: &str) -> Result<SpecBuilder, ValueError> {
        let Some(kind) = find_kind(fault) else {
            let error = ValueError::new(format!("unknown fault `{fault}`"));
            return Err(match nearest(fault, kind_names()) {
                Some(name) => error.help(format!("did you mean `{name}`?")),
                None => {
                    let names: Vec<_> = KINDS.iter().map(|kind| kind.name).collect();
                    error.help(format!("faults are {}", names.join(", ")))
                }
            });
        };
        Ok(SpecBuilder {
            kind,
            params: Items::default(),
            scope: Items::default(),
            directions: None,
            name: None,
        })
    }

    /// The fault of which a spec is being made.
    pub fn kind(&self) -> &'static Kind {
        self.kind
    }

    /// The keys that make sense for [`SpecBuilder::set`]: the fault's parameters, the scope keys, `name`.
    pub fn keys(&self) -> impl Iterator<Item = &'static str> {
        // Before a connection there are no bytes to count or to find.
        let scope = Scope::keys().filter(|key| !self.kind.is_gate() || !Scope::is_trigger(key));
        self.kind.params.iter().map(|p| p.name).chain(scope).chain(["name"])
    }

    /// Sets the fault's main parameter.
    ///
    /// # Errors
    /// Where the fault has none, it was set before, or the text is not a value of its kind.
    pub fn set_main(&mut self, text: &str) -> Result<(), PartError> {
        match self.kind.main {
            Some(main) => self.set(main, text),
            None => {
                let error = ValueError::new(format!("`{}` has no main parameter", self.kind.name));
                let keys: Vec<_> = self.kind.params.iter().map(|p| format!("{}=", p.name)).collect();
                let help = match keys.as_slice() {
                    [] => format!("write `{}`", self.kind.example),
                    keys => format!("write {}", keys.join(" or ")),
                };
                Err(PartError { part: Part::Value, error: error.help(help) })
            }
        }
    }

    /// Sets a parameter, a scope key or the name.
    ///
    /// # Errors
    /// Where there is no such key, it was set before, or the text is not a value of its kind.
    pub fn set(&mut self, key: &str, text: &str) -> Result<(), PartError> {
        let key = key.replace('-', "_");
        let value = |error| PartError { part: Part::Value, error };
        let again =
            || PartError { part: Part::Key, error: ValueError::new(format!("`{key}` is given twice")) };
        if key == "name" {
            check_name(text).map_err(value)?;
            return if self.name.replace(text.to_owned()).is_some() { Err(again()) } else { Ok(()) };
        }
        let items = if self.kind.params.iter().any(|p| p.name == key) {
            (self.kind.check)(&key, text).map_err(value)?;
            &mut self.params
        } else if Scope::keys().any(|k| k == key) {
            Scope::check(&key, text).map_err(value)?;
            &mut self.scope
        } else {
            let error = ValueError::new(format!("`{}` has no parameter `{key}`", self.kind.name));
            let help = match nearest(&key, self.keys()) {
                Some(name) => format!("did you mean `{name}`?"),
                None => format!("it takes {}", self.keys().collect::<Vec<_>>().join(", ")),
            };
            return Err(PartError { part: Part::Key, error: error.help(help) });
        };
        if items.get(&key).is_some() {
            return Err(again());
        }
        items.insert(&key, text);
        Ok(())
    }

    /// Sets the directions.
    ///
    /// # Errors
    /// Where the text names no direction, or the fault has none.
    pub fn set_directions(&mut self, text: &str) -> Result<(), ValueError> {
        if self.kind.is_gate() {
            let name = self.kind.name;
            return Err(ValueError::new(format!(
                "`{name}` acts when a client connects: it has no direction"
            ))
            .help("leave it out"));
        }
        self.directions = Some(Directions::parse(text)?);
        Ok(())
    }

    /// The finished spec.
    ///
    /// # Errors
    /// Where a required parameter is missing, or parameters do not go together.
    pub fn finish(self) -> Result<FaultSpec, ValueError> {
        let fault = (self.kind.read)(&self.params).map_err(|error| {
            let message = format!("`{}` {}", self.kind.name, error.message);
            ValueError::new(message).help(format!("for example `{}`", self.kind.example))
        })?;
        let scope = Scope::read(&self.scope)?;
        scope.validate()?;
        fault.validate(&scope).map_err(|message| {
            ValueError::new(format!("`{}` {message}", self.kind.name))
                .help(format!("for example `{}`", self.kind.example))
        })?;
        let directions = self.directions.unwrap_or(self.kind.directions);
        Ok(FaultSpec { fault, directions, scope, name: self.name })
    }
}

/// Names are used in report paths, so they are kept plain.
fn check_name(text: &str) -> Result<(), ValueError> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if text.is_empty() || !text.chars().all(plain) {
        return Err(
            ValueError::new(format!("`{text}` is not a name")).help("names are letters, digits, `_` and `-`")
        );
    }
    Ok(())
}
