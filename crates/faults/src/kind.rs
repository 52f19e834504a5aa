//! What is known of a fault without one at hand, and a fault with its type erased.

use crate::catalogue::KINDS;
use crate::direction::Directions;
use crate::engine::{Running, start};
use crate::fault::{Carrier, Fault, Rank};
use crate::params::{Items, Param};
use crate::spec::Scope;
use crate::value::ValueError;
use std::fmt::Debug;
use std::sync::Arc;

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
    pub on: Carrier,
    /// Its place in the line.
    pub rank: Rank,
    /// True where it takes bytes out of the stream or ends connections.
    pub cuts: bool,
    /// True where it alters bytes that it lets pass.
    pub alters: bool,
    /// True where a clock decides what it acts on, not a position or a draw.
    pub timed: bool,
    /// The directions in which it acts unless told.
    pub directions: Directions,
    pub(crate) check: fn(&str, &str) -> Result<(), ValueError>,
    pub(crate) read: fn(&Items) -> Result<Arc<dyn Configured>, ValueError>,
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
            rank: F::RANK,
            cuts: F::CUTS,
            alters: F::ALTERS,
            timed: F::TIMED,
            directions: F::DIRECTIONS,
            check: F::check,
            read: |items| Ok(Arc::new(F::read(items)?)),
        }
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
pub(crate) trait Configured: Debug + Send + Sync {
    fn kind(&self) -> &'static Kind;
    fn validate(&self, scope: &Scope) -> Result<(), String>;
    /// The text of a parameter, unless it stands at its default.
    fn show(&self, key: &str) -> Option<String>;
    fn start(&self) -> Box<dyn Running>;
}

impl<F: Fault> Configured for F {
    fn kind(&self) -> &'static Kind {
        const { &Kind::of::<F>() }
    }
    fn validate(&self, scope: &Scope) -> Result<(), String> {
        Fault::validate(self, scope)
    }
    fn show(&self, key: &str) -> Option<String> {
        crate::params::Params::show(self, key)
    }
    fn start(&self) -> Box<dyn Running> {
        start(self.clone())
    }
}
