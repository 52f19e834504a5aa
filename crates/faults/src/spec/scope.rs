//! The keys that every fault has: which connections it acts on, and from when on.

use crate::key::{Lane, chance};
use crate::params::{Params, params};
use crate::value::{IndexSet, Probability, Size, Subnet, Value, ValueError};
use std::net::IpAddr;
use std::time::Duration;

params! {
    /// On which connections a fault acts, and from when on.
    pub struct Scope {
        /// Which connections, by their place in accept order since the fault was added, from 1: `3`, `1-2`, `*/10`.
        /// Connections that were open by then are not touched when this is set.
        connections: Option<IndexSet>,
        /// With which probability a connection is acted on, drawn once per connection and direction.
        probability: Probability = Probability::ALWAYS,
        /// Only connections from these addresses: `10.0.0.0/8`.
        client: Option<Subnet>,
        /// From when on: after so many bytes in the fault's direction (`64KiB`, exactly there), or so long after the
        /// connection was made (`2s`).
        after: Option<After>,
        /// For how long, from when it armed; what it held is then let go. Without `after` that is one window for the whole link,
        /// from when the fault was added.
        window as "for": Option<Duration>,
        /// How often such a window comes again, from the start of one to the start of the next.
        every: Option<Duration>,
        /// A scenario does not fail where the fault never fired.
        optional: bool = false,
    }
}

/// A draw that no stream position reaches: the one that decides whether a connection is acted on.
const ADMISSION: u64 = u64::MAX;

impl Scope {
    /// The keys, in the order in which they are shown.
    pub fn keys() -> impl Iterator<Item = &'static str> {
        Scope::PARAMS.iter().map(|param| param.name)
    }

    /// True where the connection at `index`, from `client`, is acted on.
    pub(crate) fn admits(&self, index: i64, client: Option<IpAddr>, lane: Lane) -> bool {
        let counted = match (&self.connections, u64::try_from(index)) {
            (None, _) => true,
            (Some(set), Ok(index)) => set.contains(index),
            (Some(_), Err(_)) => false,
        };
        let here = self.client.is_none_or(|range| client.is_some_and(|client| range.contains(client)));
        counted && here && chance(lane.draw(ADMISSION, 0), self.probability)
    }

    /// True where a clock decides when the fault acts.
    pub fn is_timed(&self) -> bool {
        self.window.is_some() || matches!(self.after, Some(After::Time(_)))
    }

    /// Checks what single keys cannot tell.
    pub(super) fn validate(&self) -> Result<(), ValueError> {
        match (self.window, self.every) {
            (Some(window), _) if window.is_zero() => Err(ValueError::new("`for=0s` is no time at all")),
            (None, Some(_)) => {
                Err(ValueError::new("`every` needs `for`").help("for example `for=2s,every=10s`"))
            }
            (Some(window), Some(every)) if every < window => {
                Err(ValueError::new("`every` is shorter than `for`").help("windows must not overlap"))
            }
            _ => Ok(()),
        }
    }

    pub(super) fn show_key(&self, key: &str) -> Option<String> {
        self.show(key)
    }
}

impl Default for Scope {
    fn default() -> Scope {
        Scope {
            connections: None,
            probability: Probability::ALWAYS,
            client: None,
            after: None,
            window: None,
            every: None,
            optional: false,
        }
    }
}

/// When a fault arms on a connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum After {
    /// Once so many bytes have passed in the fault's direction.
    Bytes(Size),
    /// So long after the connection was made.
    Time(Duration),
}

impl Value for After {
    const KIND: &'static str = "size or duration";

    fn parse(text: &str) -> Result<Self, ValueError> {
        if let Ok(delay) = Duration::parse(text) {
            return Ok(After::Time(delay));
        }
        Size::parse(text).map(After::Bytes).map_err(|e| {
            ValueError::new(e.message).help("write bytes such as `64KiB`, or a time such as `2s`")
        })
    }

    fn render(&self) -> Option<String> {
        match self {
            After::Bytes(size) => size.render(),
            After::Time(delay) => delay.render(),
        }
    }
}
