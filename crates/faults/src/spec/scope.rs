//! The keys that every fault has: which connections it acts on, and from when on.

use super::{After, Trigger};
use crate::direction::Direction;
use crate::key::{Lane, chance};
use crate::params::{Params, params};
use crate::tick::Tick;
use crate::value::{HexPattern, IndexSet, Pattern, Probability, Subnet, ValueError, nanos};
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
        /// From when on: behind the first occurrence of this text on the connection, which itself passes. It is found across
        /// reads; on datagrams within one.
        pattern as "match": Option<Pattern>,
        /// As `match`, in hexadecimal: `0d0a`.
        match_hex: Option<HexPattern>,
        /// In which direction the text is looked for; by default in the fault's own.
        match_on: Option<Direction>,
        /// For how long, from when it armed; what it held is then let go. Without `after` or `match` that is one window for the
        /// whole link, from when the fault was added.
        window as "for": Option<Duration>,
        /// How often such a window comes again, from the start of one to the start of the next.
        every: Option<Duration>,
        /// How often at the most, counted over the link: windows where `for` is set, arming connections where `after` or
        /// `match` is, else what the fault itself counts.
        times: Option<u64>,
        /// A scenario does not fail where the fault never fired.
        optional: bool = false,
    }
}

/// Windows that come again more often would leave no time for anything else.
const SHORTEST: Duration = Duration::from_micros(1);

/// A draw that no stream position reaches: the one that decides whether a connection is acted on.
const ADMISSION: u64 = u64::MAX;

impl Scope {
    /// The keys, in the order in which they are shown.
    pub fn keys() -> impl Iterator<Item = &'static str> {
        Scope::PARAMS.iter().map(|param| param.name)
    }

    /// Whether the key says where in a connection's bytes a fault arms.
    pub(crate) fn is_trigger(key: &str) -> bool {
        ["after", "match", "match_hex", "match_on"].contains(&key)
    }

    /// What arms the fault on a connection.
    pub(crate) fn trigger(&self) -> Trigger<'_> {
        match (&self.pattern, &self.match_hex, self.after) {
            (Some(pattern), ..) | (None, Some(HexPattern(pattern)), _) => {
                Trigger::Match(pattern, self.match_on)
            }
            (None, None, Some(after)) => Trigger::After(after),
            (None, None, None) => Trigger::None,
        }
    }

    /// True where only some clients or connections are meant.
    pub(crate) fn picks_clients(&self) -> bool {
        self.connections.is_some() || self.client.is_some() || self.probability != Probability::ALWAYS
    }

    /// True where the connection at `index`, from `client`, is among those that may be acted on.
    pub(crate) fn admits(&self, index: i64, client: Option<IpAddr>) -> bool {
        let counted = match (&self.connections, u64::try_from(index)) {
            (None, _) => true,
            (Some(set), Ok(index)) => set.contains(index),
            (Some(_), Err(_)) => false,
        };
        counted && self.client.is_none_or(|range| client.is_some_and(|client| range.contains(client)))
    }

    /// True where the draw of `lane` lets the fault act.
    pub(crate) fn chooses(&self, lane: Lane) -> bool {
        chance(lane.draw(ADMISSION, 0), self.probability)
    }

    /// The window that holds `at`, or the next, where windows count from `start`: when it begins and ends. `None` where there
    /// is none any more.
    pub(crate) fn window_at(&self, start: Tick, at: Tick) -> Option<(Tick, Tick)> {
        let Some(length) = self.window.map(nanos) else { return Some((start, Tick::NEVER)) };
        let every = self.every.map(nanos);
        let mut number = every.map_or(0, |every| at.since(start) / every);
        let begin = |number: u64| start.plus(every.unwrap_or(0).saturating_mul(number));
        if at >= begin(number).plus(length) {
            number += 1;
            every?;
        }
        // Windows that a trigger sets off are counted as they come, over all connections.
        let used_up = self.trigger() == Trigger::None && self.times.is_some_and(|times| number >= times);
        (!used_up).then(|| (begin(number), begin(number).plus(length)))
    }

    /// True where a clock decides when the fault acts.
    pub fn is_timed(&self) -> bool {
        self.window.is_some() || matches!(self.after, Some(After::Time(_)))
    }

    /// Checks what single keys cannot tell.
    pub(super) fn validate(&self) -> Result<(), ValueError> {
        if let (Some(_), Some(_)) = (&self.pattern, &self.match_hex) {
            return Err(ValueError::new("`match` and `match_hex` exclude each other"));
        }
        match (self.trigger(), self.after, self.match_on) {
            (Trigger::Match(..), Some(_), _) => {
                return Err(
                    ValueError::new("`after` and `match` exclude each other").help("one of them arms")
                );
            }
            (Trigger::None | Trigger::After(_), _, Some(_)) => {
                return Err(ValueError::new("`match_on` needs `match`").help("say what to look for"));
            }
            _ => {}
        }
        match (self.window, self.every) {
            _ if self.times == Some(0) => {
                Err(ValueError::new("`times=0` is never").help("leave the fault off"))
            }
            (Some(window), _) if window.is_zero() => Err(ValueError::new("`for=0s` is no time at all")),
            (Some(_), Some(every)) if every < SHORTEST => {
                Err(ValueError::new("`every` is shorter than a microsecond").help("write `1us` or longer"))
            }
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
            pattern: None,
            match_hex: None,
            match_on: None,
            window: None,
            every: None,
            times: None,
            optional: false,
        }
    }
}
