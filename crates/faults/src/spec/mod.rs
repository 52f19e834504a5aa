//! A fault as somebody asked for it: which fault, in which directions, on which connections, under which name.

mod build;
mod error;
mod grammar;
mod scope;
mod shape;
mod trigger;

pub use build::{Part, PartError, SpecBuilder};
pub use error::{SpecError, nearest};
pub use grammar::LinkedSpec;
pub use scope::Scope;
pub use shape::Shape;
pub use trigger::After;
pub(crate) use trigger::Trigger;

use crate::carrier::Carrier;
use crate::direction::Directions;
use crate::engine::{Running, SharedState};
use crate::fault::{Fault, Rank};
use crate::gate::{Admission, Gate, PortState};
use crate::kind::{Body, Kind};
use crate::value::ValueError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// A fault with its directions, scope and name. Read one with [`str::parse`] (`"latency:50ms,jitter=5ms@both"`), or make one
/// from a fault's own type with the methods of [`Shape`]. Cheap to clone.
#[derive(Clone, Debug)]
pub struct FaultSpec {
    fault: Body,
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

    /// Checks that the fault makes sense on a link that carries `carrier`.
    ///
    /// # Errors
    /// The reason why not, and the nearest fault that does.
    pub fn fits(&self, carrier: Carrier) -> Result<(), String> {
        let misfit = match &self.fault {
            Body::Traffic(fault) => fault.fits(carrier).err(),
            Body::Gate(_) if carrier == Carrier::Stream => None,
            Body::Gate(fault) => fault.kind().misfit,
        };
        match misfit {
            None => Ok(()),
            Some(misfit) => Err(format!(
                "`{}` does not fit a {carrier} link: {}; the nearest that does is `{}`",
                self.kind().name,
                misfit.reason,
                misfit.instead
            )),
        }
    }

    /// Checks what single parameters cannot tell: a spec that was read has been checked, one made in code has not.
    ///
    /// # Errors
    /// A message that says what does not go together.
    pub fn validate(&self) -> Result<(), String> {
        self.scope.validate().map_err(|error| error.message)?;
        self.fault.validate(&self.scope)
    }

    /// The name of a file whose contents the fault needs and has not been [given](FaultSpec::supply).
    pub fn wants(&self) -> Option<&str> {
        match &self.fault {
            Body::Traffic(fault) => fault.wants(),
            Body::Gate(_) => None,
        }
    }

    /// The spec with the contents of the file that it [wants](FaultSpec::wants).
    ///
    /// # Errors
    /// Where they make no sense; the message says in which line.
    pub fn supply(&self, contents: &str) -> Result<FaultSpec, ValueError> {
        let mut spec = self.clone();
        if let Body::Traffic(fault) = &self.fault {
            spec.fault = Body::Traffic(fault.supply(contents).map_err(ValueError::new)?);
        }
        Ok(spec)
    }

    /// True where a clock decides what the fault acts on.
    pub fn is_timed(&self) -> bool {
        self.kind().timed || self.scope.is_timed()
    }

    pub(crate) fn rank(&self) -> Rank {
        self.kind().rank
    }

    pub(crate) fn is_gate(&self) -> bool {
        self.kind().is_gate()
    }

    /// What it does to the port while it is in force.
    pub fn port(&self) -> PortState {
        match &self.fault {
            Body::Gate(gate) => gate.port(),
            Body::Traffic(_) => PortState::Open,
        }
    }

    /// What it does with a client, where it does anything.
    pub(crate) fn admission(&self) -> Option<Admission> {
        match &self.fault {
            Body::Gate(gate) => Some(gate.admit()).filter(|admission| *admission != Admission::Accept),
            Body::Traffic(_) => None,
        }
    }

    pub(crate) fn delay(&self) -> Duration {
        match &self.fault {
            Body::Traffic(fault) => fault.delay(),
            Body::Gate(_) => Duration::ZERO,
        }
    }

    pub(crate) fn share(&self) -> SharedState {
        match &self.fault {
            Body::Traffic(fault) => fault.share(),
            Body::Gate(_) => Arc::new(()),
        }
    }

    /// Nothing to run where it acts at connect time; such a fault has no stage.
    pub(crate) fn start(&self, shared: &SharedState) -> Option<Box<dyn Running>> {
        match &self.fault {
            Body::Traffic(fault) => Some(fault.start(shared)),
            Body::Gate(_) => None,
        }
    }

    /// Its parameters and scope keys that are not at their default, with their texts, in the order in which they are shown.
    pub fn items(&self) -> Vec<(&'static str, String)> {
        let keys = self.kind().params.iter().map(|p| p.name).chain(Scope::keys());
        keys.filter_map(|key| Some((key, self.fault.show(key).or_else(|| self.scope.show_key(key))?)))
            .collect()
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
        if kind.is_gate() {
            return Ok(());
        }
        write!(f, "@{}", self.directions)
    }
}

/// A value, in quotes where its characters mean something to the grammar.
struct Quoted<'a>(&'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.contains([',', '@', '"', '=']) { write!(f, "\"{}\"", self.0) } else { f.write_str(self.0) }
    }
}

impl fmt::Display for FaultSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, self.name())
    }
}

impl<F: Fault> From<F> for FaultSpec {
    fn from(fault: F) -> FaultSpec {
        let directions = F::DIRECTIONS;
        FaultSpec { fault: Body::Traffic(Arc::new(fault)), directions, scope: Scope::default(), name: None }
    }
}

impl FaultSpec {
    pub(crate) fn of_gate<G: Gate>(gate: G) -> FaultSpec {
        let fault = Body::Gate(Arc::new(gate));
        FaultSpec { fault, directions: Directions::Both, scope: Scope::default(), name: None }
    }
}
