//! One thing that is looked at: how it stands, and what to do.

use serde_json::{Map, Value};

/// How something stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum State {
    /// As squall would have it.
    Active,
    /// It works, but less well than it could.
    Limited,
    /// It does not work here; squall does without.
    Inactive,
    /// The system does not tell.
    Unknown,
}

impl State {
    pub(super) fn word(self) -> &'static str {
        match self {
            State::Active => "active",
            State::Limited => "limited",
            State::Inactive => "inactive",
            State::Unknown => "unknown",
        }
    }

    /// As it should be, or merely working.
    pub(super) fn active_if(good: bool) -> State {
        if good { State::Active } else { State::Limited }
    }
}

/// One thing that was looked at.
#[derive(Debug)]
pub(super) struct Check {
    pub(super) name: &'static str,
    pub(super) state: State,
    /// In a few words.
    pub(super) found: String,
    /// For programs, with the unit in the key.
    pub(super) figures: Map<String, Value>,
    /// What to do: a command where there is one.
    pub(super) advice: Option<String>,
}

impl Check {
    pub(super) fn new(name: &'static str, state: State, found: impl Into<String>) -> Check {
        Check { name, state, found: found.into(), figures: Map::new(), advice: None }
    }

    /// What cannot be looked at on this system.
    pub(super) fn unknown(name: &'static str, why: impl std::fmt::Display) -> Check {
        Check::new(name, State::Unknown, why.to_string())
    }

    pub(super) fn with(mut self, key: &str, figure: impl Into<Value>) -> Check {
        self.figures.insert(key.to_owned(), figure.into());
        self
    }

    /// What to do, unless all is well already.
    pub(super) fn advise(mut self, what: impl Into<String>) -> Check {
        if self.state != State::Active {
            self.advice = Some(what.into());
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_all_is_well_there_is_nothing_to_do() {
        let check = |good| Check::new("a", State::active_if(good), "b").advise("c").advice;
        assert_eq!(check(true), None);
        assert_eq!(check(false).as_deref(), Some("c"));
    }
}
