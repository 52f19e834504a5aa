//! What a number measures, and which dimensions an operator brings together.

use std::fmt;

use super::ast::{Arithmetic, Node};
use super::number::Number;

/// What a number measures. Its base units are nanoseconds, bytes, bytes per second, and 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dimension {
    /// A literal without a unit: takes on what it stands beside, where that needs no unit.
    Plain,
    /// Things counted.
    Count,
    /// A share of a whole; 1 is 100%.
    Ratio,
    /// Nanoseconds.
    Duration,
    /// Bytes.
    Bytes,
    /// Bytes per second.
    Rate,
}

impl fmt::Display for Dimension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Dimension::Plain => "a plain number",
            Dimension::Count => "a count",
            Dimension::Ratio => "a ratio",
            Dimension::Duration => "a duration",
            Dimension::Bytes => "a size",
            Dimension::Rate => "a rate",
        })
    }
}

impl Dimension {
    /// A literal of this dimension, for help texts.
    pub(super) fn example(self) -> &'static str {
        match self {
            Dimension::Plain | Dimension::Count => "5",
            Dimension::Ratio => "5%",
            Dimension::Duration => "5ms",
            Dimension::Bytes => "5KiB",
            Dimension::Rate => "5MB/s",
        }
    }

    /// Whether it only scales what it is multiplied with.
    fn scales(self) -> bool {
        matches!(self, Dimension::Plain | Dimension::Count | Dimension::Ratio)
    }

    /// The dimension of a sum of the two, or of what a comparison compares; nothing when they do not mix.
    ///
    /// A bare size is bytes, so a plain number stands beside sizes, but never beside durations and rates.
    pub(super) fn alike(self, other: Dimension) -> Option<Dimension> {
        use Dimension::{Bytes, Count, Plain, Ratio};
        match (self, other) {
            (a, b) if a == b => Some(a),
            (Plain, b @ (Count | Ratio | Bytes)) => Some(b),
            (a @ (Count | Ratio | Bytes), Plain) => Some(a),
            _ => None,
        }
    }

    /// The dimension of `self op other`, and by how much the quotient or product of base units must be multiplied.
    pub(super) fn combine(self, op: Arithmetic, other: Dimension) -> Option<(Dimension, Number)> {
        use Dimension::{Bytes, Count, Duration, Plain, Rate, Ratio};
        const ONE: Number = Number::whole(1);
        const NANOS: Number = Number::whole(1_000_000_000);
        const PER_NANO: Number = Number::Exact { numerator: 1, denominator: 1_000_000_000 };
        let dimension = match (op, self, other) {
            (Arithmetic::Add | Arithmetic::Sub, a, b) => a.alike(b)?,
            (Arithmetic::Mul, Rate, Duration) | (Arithmetic::Mul, Duration, Rate) => {
                return Some((Bytes, PER_NANO));
            }
            (Arithmetic::Mul, Plain, b) => b,
            (Arithmetic::Mul, a, Plain) => a,
            (Arithmetic::Mul, Ratio, b) => b,
            (Arithmetic::Mul, a, Ratio) => a,
            (Arithmetic::Mul, Count, b) => b,
            (Arithmetic::Mul, a, Count) => a,
            (Arithmetic::Div, Bytes, Duration) => return Some((Rate, NANOS)),
            (Arithmetic::Div, Bytes, Rate) => return Some((Duration, NANOS)),
            (Arithmetic::Div, Plain, Plain) => Plain,
            (Arithmetic::Div, a, b) if a == b => Ratio,
            (Arithmetic::Div, Plain, Count) => Ratio,
            (Arithmetic::Div, a, b) if b.scales() => a,
            (Arithmetic::Mul | Arithmetic::Div, ..) => return None,
        };
        Some((dimension, ONE))
    }
}

/// What an expression yields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// True or false.
    Truth,
    /// A number of a dimension.
    Number(Dimension),
}

impl From<Dimension> for Kind {
    fn from(dimension: Dimension) -> Kind {
        Kind::Number(dimension)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Kind::Truth => f.write_str("true or false"),
            Kind::Number(dimension) => dimension.fmt(f),
        }
    }
}

/// What to write instead when two operands do not mix.
pub(super) fn remedy(left: (&Node, Dimension), right: (&Node, Dimension)) -> Option<String> {
    let (literal, wanted) = match (left.1, right.1) {
        (Dimension::Plain, wanted) => (left.0, wanted),
        (wanted, Dimension::Plain) => (right.0, wanted),
        _ => return None,
    };
    matches!(literal, Node::Literal { .. })
        .then(|| format!("{wanted} needs a unit, such as {}", wanted.example()))
}
