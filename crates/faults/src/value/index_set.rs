//! Sets of connection indices: `3`, `1-2`, `1..=2`, `*/10`, and lists of these.

use super::{Value, ValueError};
use std::fmt;
use std::ops::RangeInclusive;

/// Which connections, counted from 1.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct IndexSet {
    terms: Vec<Term>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Term {
    Span { first: u64, last: u64 },
    Every(u64),
}

impl IndexSet {
    /// True where the set holds `index`.
    pub fn contains(&self, index: u64) -> bool {
        self.terms.iter().any(|term| match *term {
            Term::Span { first, last } => (first..=last).contains(&index),
            Term::Every(n) => index > 0 && index.is_multiple_of(n),
        })
    }
}

impl From<RangeInclusive<u64>> for IndexSet {
    fn from(range: RangeInclusive<u64>) -> IndexSet {
        IndexSet { terms: vec![Term::Span { first: *range.start(), last: *range.end() }] }
    }
}

impl From<u64> for IndexSet {
    fn from(index: u64) -> IndexSet {
        IndexSet::from(index..=index)
    }
}

fn index(text: &str) -> Result<u64, ValueError> {
    match text.parse() {
        Ok(0) => Err(ValueError::new("`0` is no connection").help("connections are counted from 1")),
        Ok(index) => Ok(index),
        Err(_) => Err(ValueError::new(format!("`{text}` is not a connection number"))
            .help("write `3`, `1-2`, `*/10`, or a quoted list of these")),
    }
}

fn term(text: &str) -> Result<Term, ValueError> {
    if let Some(n) = text.strip_prefix("*/") {
        return Ok(Term::Every(index(n)?));
    }
    let (first, last) = if let Some(ends) = text.split_once("..=") {
        ends
    } else if let Some((first, last)) = text.split_once("..") {
        return Err(ValueError::new(format!("`{text}` leaves open whether {last} is meant"))
            .help(format!("write `{first}-{last}`, which includes both ends")));
    } else {
        text.split_once('-').unwrap_or((text, text))
    };
    let (first, last) = (index(first)?, index(last)?);
    if first > last {
        return Err(
            ValueError::new(format!("`{text}` runs backwards")).help(format!("write `{last}-{first}`"))
        );
    }
    Ok(Term::Span { first, last })
}

impl Value for IndexSet {
    const KIND: &'static str = "connection set";

    fn parse(text: &str) -> Result<Self, ValueError> {
        let terms = text.split(',').map(|t| term(t.trim())).collect::<Result<_, _>>()?;
        Ok(IndexSet { terms })
    }

    fn render(&self) -> Option<String> {
        Some(self.to_string())
    }
}

impl fmt::Display for IndexSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, term) in self.terms.iter().enumerate() {
            if i > 0 {
                f.write_str(",")?;
            }
            match *term {
                Term::Span { first, last } if first == last => write!(f, "{first}")?,
                Term::Span { first, last } => write!(f, "{first}-{last}")?,
                Term::Every(n) => write!(f, "*/{n}")?,
            }
        }
        Ok(())
    }
}
