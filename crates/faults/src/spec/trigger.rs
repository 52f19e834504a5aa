//! What arms a fault on a connection.

use crate::direction::Direction;
use crate::value::{Pattern, Size, Value, ValueError};
use std::time::Duration;

/// What arms a fault on a connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Trigger<'a> {
    /// Nothing in particular: it is in force from the beginning.
    None,
    /// So many bytes, or so long a time.
    After(After),
    /// These bytes, in the fault's own direction or in this one.
    Match(&'a Pattern, Option<Direction>),
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

impl Value for Direction {
    const KIND: &'static str = "direction";
    const WORDS: &'static [&'static str] = &["up", "down"];

    fn parse(text: &str) -> Result<Self, ValueError> {
        match text {
            "up" | "upstream" => Ok(Direction::Up),
            "down" | "downstream" => Ok(Direction::Down),
            _ => Err(ValueError::word(text, Self::KIND, Self::WORDS)),
        }
    }

    fn render(&self) -> Option<String> {
        Some(self.to_string())
    }
}
