//! A fault as somebody asked for it: which fault, in which directions, on which connections, under which name.

mod build;
mod error;
mod grammar;
mod scope;
mod shape;

pub use build::{Part, PartError, SpecBuilder};
pub use error::{SpecError, nearest};
pub use grammar::LinkedSpec;
pub use scope::{After, Scope};
pub use shape::Shape;

use crate::direction::Directions;
use crate::engine::Running;
use crate::fault::{Fault, Rank};
use crate::kind::{Configured, Kind};
use std::fmt;
use std::sync::Arc;

/// A fault with its directions, scope and name. Read one with [`str::parse`] (`"latency:50ms,jitter=5ms@both"`), or make one
/// from a fault's own type with the methods of [`Shape`]. Cheap to clone.
#[derive(Clone, Debug)]
pub struct FaultSpec {
    fault: Arc<dyn Configured>,
    directions: Directions,
    scope: Scope,
    name: Option<String>,
}

impl FaultSpec {
    /// What is known of this kind of fault.
    pub fn kind(&self) -> &'static Kind {
        self.fault.kind()
    }

    /// The directions in which it acts.
    pub fn directions(&self) -> Directions {
        self.directions
    }

    /// Which connections it acts on, and from when on.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// The name it was given, if any.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    pub(crate) fn rank(&self) -> Rank {
        self.kind().rank
    }

    pub(crate) fn start(&self) -> Box<dyn Running> {
        self.fault.start()
    }

    /// Writes the spec in the command line's grammar, under `name` where the kind's own does not stand for it.
    pub(crate) fn write(&self, f: &mut fmt::Formatter<'_>, name: Option<&str>) -> fmt::Result {
        let kind = self.kind();
        f.write_str(kind.name)?;
        let mut separator = ":";
        let show = |key| self.fault.show(key).or_else(|| self.scope.show_key(key));
        if let Some(main) = kind.main.and_then(show) {
            write!(f, "{separator}{}", Quoted(&main))?;
            separator = ",";
        }
        let keys =
            kind.params.iter().map(|p| p.name).chain(Scope::keys()).filter(|key| Some(*key) != kind.main);
        let items = keys.filter_map(|key| Some((key, show(key)?)));
        let name = name.filter(|name| *name != kind.name).map(|name| ("name", name.to_owned()));
        for (key, text) in items.chain(name) {
            write!(f, "{separator}{key}={}", Quoted(&text))?;
            separator = ",";
        }
        write!(f, "@{}", self.directions)
    }
}

/// A value, in quotes where its characters mean something to the grammar.
struct Quoted<'a>(&'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.contains([',', '@', '"']) { write!(f, "\"{}\"", self.0) } else { f.write_str(self.0) }
    }
}

impl fmt::Display for FaultSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, self.name())
    }
}

impl<F: Fault> From<F> for FaultSpec {
    fn from(fault: F) -> FaultSpec {
        FaultSpec { fault: Arc::new(fault), directions: F::DIRECTIONS, scope: Scope::default(), name: None }
    }
}
