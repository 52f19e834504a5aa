//! What an operator wants of a member, and what condition it is in.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// What an operator wants of a member.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AdminState {
    /// In service as its health allows.
    #[default]
    Up,
    /// No new connections; those it has go on.
    Drain,
    /// No new connections; those it has are for the caller to close.
    Down,
}

impl AdminState {
    /// All of them.
    pub const ALL: [AdminState; 3] = [AdminState::Up, AdminState::Drain, AdminState::Down];

    /// The name in requests and reports.
    pub const fn name(self) -> &'static str {
        match self {
            AdminState::Up => "up",
            AdminState::Drain => "drain",
            AdminState::Down => "down",
        }
    }
}

impl fmt::Display for AdminState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A word that names no state.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("there is no member state `{0}`; there are up, drain, down")]
pub struct UnknownAdminState(pub String);

impl FromStr for AdminState {
    type Err = UnknownAdminState;

    fn from_str(text: &str) -> Result<AdminState, UnknownAdminState> {
        let found = AdminState::ALL.into_iter().find(|state| state.name() == text);
        found.ok_or_else(|| UnknownAdminState(text.to_owned()))
    }
}

/// The condition of a member. Where several apply, it is the one that comes first here.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// An operator took it down.
    Down,
    /// An operator drains it.
    Drain,
    /// Its probes fail.
    Unhealthy,
    /// Too many dials in a row failed; it comes back by itself.
    Ejected,
    /// Its weight is 0.
    Weightless,
    /// It has as many connections as it may have.
    Full,
    /// This connection has tried it already. Only ever a reason why there was no member to pick.
    Tried,
    /// It takes connections, fewer than its weight says, because it came back not long ago.
    SlowStart,
    /// It takes connections.
    Up,
}

impl Condition {
    /// The name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Condition::Down => "down",
            Condition::Drain => "drain",
            Condition::Unhealthy => "unhealthy",
            Condition::Ejected => "ejected",
            Condition::Weightless => "weightless",
            Condition::Full => "full",
            Condition::Tried => "tried",
            Condition::SlowStart => "slow_start",
            Condition::Up => "up",
        }
    }

    /// Whether a member in this condition takes new connections.
    pub const fn takes_connections(self) -> bool {
        matches!(self, Condition::Up | Condition::SlowStart)
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
