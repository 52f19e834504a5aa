//! What is known of a fault without one at hand, and a fault with its type erased.

use crate::carrier::{Carrier, Carriers, Misfit};
use crate::catalogue::KINDS;
use crate::direction::Directions;
use crate::engine::{Running, SharedState, share, start};
use crate::fault::{Fault, Rank};
use crate::gate::{Admission, Gate, PortState};
use crate::params::{Items, Param, Params};
use crate::spec::Scope;
use crate::value::ValueError;
use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

/// A kind of fault: its names, parameters and documentation, all from the file that defines it.
#[derive(Debug)]
pub struct Kind {
    /// The name in every interface.
    pub name: &'static str,
    /// Other names that are understood.
    pub aliases: &'static [&'static str],
    /// What it does.
    pub about: &'static [&'static str],
    /// An example for the command line.
    pub example: &'static str,
    /// The parameter that may be given without its key.
    pub main: Option<&'static str>,
    /// Its parameters.
    pub params: &'static [Param],
    /// What it can act on.
    pub on: Carriers,
    /// Why it makes no sense on the carrier that it does not act on.
    pub misfit: Option<Misfit>,
    /// Its place in the line.
    pub rank: Rank,
    /// True where it takes bytes out of the stream or ends connections.
    pub cuts: bool,
    /// True where it alters bytes that it lets pass.
    pub alters: bool,
    /// True where it holds many bytes for long.
    pub keeps: bool,
    /// True where a clock decides what it acts on, not a position or a draw.
    pub timed: bool,
    /// The directions in which it acts by default.
    pub directions: Directions,
    pub(crate) check: fn(&str, &str) -> Result<(), ValueError>,
    pub(crate) read: fn(&Items) -> Result<Body, ValueError>,
}

impl Kind {
    pub(crate) const fn of<F: Fault>() -> Kind {
        Kind {
            name: F::NAME,
            aliases: F::ALIASES,
            about: F::ABOUT,
            example: F::EXAMPLE,
            main: F::MAIN,
            params: F::PARAMS,
            on: F::ON,
            misfit: F::MISFIT,
            rank: F::RANK,
            cuts: F::CUTS,
            alters: F::ALTERS,
            keeps: F::KEEPS,
            timed: F::TIMED,
            directions: F::DIRECTIONS,
            check: F::check,
            read: |items| Ok(Body::Traffic(Arc::new(F::read(items)?))),
        }
    }

    pub(crate) const fn gate<G: Gate>() -> Kind {
        Kind {
            name: G::NAME,
            aliases: G::ALIASES,
            about: G::ABOUT,
            example: G::EXAMPLE,
            main: G::MAIN,
            params: G::PARAMS,
            on: Carriers::Stream,
            misfit: Some(G::MISFIT),
            rank: Rank::Connect,
            cuts: G::CUTS,
            alters: false,
            keeps: false,
            timed: false,
            directions: Directions::Both,
            check: G::check,
            read: |items| Ok(Body::Gate(Arc::new(G::read(items)?))),
        }
    }

    /// True where it acts when a client connects, and has no direction.
    pub fn is_gate(&self) -> bool {
        self.rank == Rank::Connect
    }
}

/// The kind of that name or alias; `-` and `_` are the same.
pub fn find_kind(name: &str) -> Option<&'static Kind> {
    let name = name.replace('-', "_");
    KINDS.iter().find(|kind| kind.name == name || kind.aliases.contains(&name.as_str()))
}

/// The names and aliases of all kinds.
pub fn kind_names() -> impl Iterator<Item = &'static str> {
    KINDS.iter().flat_map(|kind| [kind.name].into_iter().chain(kind.aliases.iter().copied()))
}

/// A fault of any kind, with its parameters.
#[derive(Clone, Debug)]
pub(crate) enum Body {
    Traffic(Arc<dyn Traffic>),
    Gate(Arc<dyn Connecting>),
}

impl Body {
    pub(crate) fn kind(&self) -> &'static Kind {
        match self {
            Body::Traffic(fault) => fault.kind(),
            Body::Gate(fault) => fault.kind(),
        }
    }

    pub(crate) fn validate(&self, scope: &Scope) -> Result<(), String> {
        match self {
            Body::Traffic(fault) => fault.validate(scope),
            Body::Gate(fault) => fault.validate(scope),
        }
    }

    /// The text of a parameter, unless it stands at its default.
    pub(crate) fn show(&self, key: &str) -> Option<String> {
        match self {
            Body::Traffic(fault) => fault.show(key),
            Body::Gate(fault) => fault.show(key),
        }
    }
}

/// A fault on traffic of any kind.
pub(crate) trait Traffic: Debug + Send + Sync {
    fn kind(&self) -> &'static Kind;
    fn validate(&self, scope: &Scope) -> Result<(), String>;
    fn show(&self, key: &str) -> Option<String>;
    fn fits(&self, carrier: Carrier) -> Result<(), Misfit>;
    fn wants(&self) -> Option<&str>;
    fn supply(&self, contents: &str) -> Result<Arc<dyn Traffic>, String>;
    fn delay(&self) -> Duration;
    fn share(&self) -> SharedState;
    fn start(&self, shared: &SharedState) -> Box<dyn Running>;
}

impl<F: Fault> Traffic for F {
    fn kind(&self) -> &'static Kind {
        const { &Kind::of::<F>() }
    }
    fn validate(&self, scope: &Scope) -> Result<(), String> {
        Fault::validate(self, scope)
    }
    fn show(&self, key: &str) -> Option<String> {
        Params::show(self, key)
    }
    fn fits(&self, carrier: Carrier) -> Result<(), Misfit> {
        match (F::ON.include(carrier), F::MISFIT) {
            (true, _) => Fault::fits(self, carrier),
            (false, Some(misfit)) => Err(misfit),
            (false, None) => Err(Misfit { reason: "it does not act there", instead: "" }),
        }
    }
    fn wants(&self) -> Option<&str> {
        Fault::wants(self)
    }
    fn supply(&self, contents: &str) -> Result<Arc<dyn Traffic>, String> {
        Ok(Arc::new(Fault::supply(self, contents)?))
    }
    fn delay(&self) -> Duration {
        Fault::delay(self)
    }
    fn share(&self) -> SharedState {
        share::<F>()
    }
    fn start(&self, shared: &SharedState) -> Box<dyn Running> {
        start(self.clone(), shared)
    }
}

/// A fault at connect time of any kind.
pub(crate) trait Connecting: Debug + Send + Sync {
    fn kind(&self) -> &'static Kind;
    fn validate(&self, scope: &Scope) -> Result<(), String>;
    fn show(&self, key: &str) -> Option<String>;
    fn port(&self) -> PortState;
    fn admit(&self) -> Admission;
}

impl<G: Gate> Connecting for G {
    fn kind(&self) -> &'static Kind {
        const { &Kind::gate::<G>() }
    }
    fn validate(&self, scope: &Scope) -> Result<(), String> {
        if scope.trigger() != crate::spec::Trigger::None {
            let reason = "acts when a client connects, before any byte: it takes no `after` and no `match`";
            return Err(reason.to_owned());
        }
        if self.port() != PortState::Open && scope.picks_clients() {
            let reason = "closes the port to everybody, before there is a connection to count or a client to \
                          know: it takes `for`, `every` and `times`; the nearest that takes this key is ";
            let nearest = match self.port() {
                PortState::Hung => "`accept_delay` or `upstream_hang`",
                _ => "`refuse` with `mode=rst`",
            };
            return Err(format!("{reason}{nearest}"));
        }
        if self.port() != PortState::Open && scope.times.is_some() && scope.window.is_none() {
            return Err("counts its windows: `times` needs `for`".to_owned());
        }
        Gate::validate(self, scope)
    }
    fn show(&self, key: &str) -> Option<String> {
        Params::show(self, key)
    }
    fn port(&self) -> PortState {
        Gate::port(self)
    }
    fn admit(&self) -> Admission {
        Gate::admit(self)
    }
}
