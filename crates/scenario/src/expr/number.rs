//! Numbers that stay exact: fractions of 128-bit integers, floating point only where the report brings it in.

use std::cmp::Ordering;

/// A value in the base unit of its dimension.
#[derive(Debug, Clone, Copy)]
pub enum Number {
    /// A reduced fraction; the denominator is positive.
    Exact {
        /// Above the line.
        numerator: i128,
        /// Below the line, at least 1.
        denominator: i128,
    },
    /// A measured float, or the result of an exact operation that overflowed.
    Float(f64),
}

impl Number {
    /// A whole number.
    pub const fn whole(value: i128) -> Number {
        Number::Exact { numerator: value, denominator: 1 }
    }

    /// A reduced fraction, or nothing when the denominator is zero.
    pub fn fraction(numerator: i128, denominator: i128) -> Option<Number> {
        if denominator == 0 {
            return None;
        }
        let divisor = gcd(numerator.unsigned_abs(), denominator.unsigned_abs());
        let reduced = i128::try_from(divisor).ok().and_then(|divisor| {
            let sign = denominator.signum();
            Some(Number::Exact {
                numerator: (numerator / divisor).checked_mul(sign)?,
                denominator: (denominator / divisor).checked_mul(sign)?,
            })
        });
        Some(reduced.unwrap_or(Number::Float(numerator as f64 / denominator as f64)))
    }

    /// The number of a decimal text such as `12` or `0.5`; nothing when it is not one or has too many digits.
    pub fn from_decimal(text: &str) -> Option<Number> {
        let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
        if whole.is_empty()
            || part.is_empty()
            || !(whole.bytes().chain(part.bytes())).all(|b| b.is_ascii_digit())
        {
            return None;
        }
        let scale = 10i128.checked_pow(u32::try_from(part.len()).ok()?)?;
        let numerator = whole.parse::<i128>().ok()?.checked_mul(scale)?.checked_add(part.parse().ok()?)?;
        Number::fraction(numerator, scale)
    }

    /// The nearest float.
    pub fn to_f64(self) -> f64 {
        match self {
            Number::Exact { numerator, denominator } => numerator as f64 / denominator as f64,
            Number::Float(value) => value,
        }
    }

    /// The value if it is exact and whole.
    pub fn to_whole(self) -> Option<i128> {
        match self {
            Number::Exact { numerator, denominator: 1 } => Some(numerator),
            _ => None,
        }
    }

    pub(super) fn add(self, other: Number) -> Number {
        let exact = |a: i128, b: i128, c: i128, d: i128| {
            let numerator = a.checked_mul(d)?.checked_add(c.checked_mul(b)?)?;
            Number::fraction(numerator, b.checked_mul(d)?)
        };
        self.exactly(other, exact).unwrap_or_else(|| Number::Float(self.to_f64() + other.to_f64()))
    }

    pub(super) fn sub(self, other: Number) -> Number {
        self.add(other.neg())
    }

    pub(super) fn mul(self, other: Number) -> Number {
        let exact =
            |a: i128, b: i128, c: i128, d: i128| Number::fraction(a.checked_mul(c)?, b.checked_mul(d)?);
        self.exactly(other, exact).unwrap_or_else(|| Number::Float(self.to_f64() * other.to_f64()))
    }

    /// The quotient, or nothing when `other` is zero.
    pub(super) fn div(self, other: Number) -> Option<Number> {
        if other.to_f64() == 0.0 {
            return None;
        }
        let exact =
            |a: i128, b: i128, c: i128, d: i128| Number::fraction(a.checked_mul(d)?, b.checked_mul(c)?);
        Some(self.exactly(other, exact).unwrap_or_else(|| Number::Float(self.to_f64() / other.to_f64())))
    }

    pub(super) fn neg(self) -> Number {
        match self {
            Number::Exact { numerator, denominator } => match numerator.checked_neg() {
                Some(numerator) => Number::Exact { numerator, denominator },
                None => Number::Float(-self.to_f64()),
            },
            Number::Float(value) => Number::Float(-value),
        }
    }

    /// The order of two numbers, or nothing when one of them is not a number.
    pub(super) fn order(self, other: Number) -> Option<Ordering> {
        let cross = |a: i128, b: i128, c: i128, d: i128| Some(a.checked_mul(d)?.cmp(&c.checked_mul(b)?));
        self.exactly(other, cross).or_else(|| self.to_f64().partial_cmp(&other.to_f64()))
    }

    /// `f(a, b, c, d)` of the fractions a/b and c/d, where both are exact and `f` does not overflow.
    fn exactly<T>(self, other: Number, f: impl FnOnce(i128, i128, i128, i128) -> Option<T>) -> Option<T> {
        match (self, other) {
            (
                Number::Exact { numerator: a, denominator: b },
                Number::Exact { numerator: c, denominator: d },
            ) => f(a, b, c, d),
            _ => None,
        }
    }
}

/// At least 1, so that it can divide.
fn gcd(a: u128, b: u128) -> u128 {
    let (mut a, mut b) = (a, b);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Number {
        Number::from_decimal(text).expect(text)
    }

    #[test]
    fn a_tenth_ten_times_is_one() {
        let sum = (0..10).fold(Number::whole(0), |sum, _| sum.add(decimal("0.1")));
        assert_eq!(sum.order(Number::whole(1)), Some(Ordering::Equal));
    }

    #[test]
    fn decimals_are_digits_with_at_most_one_point_between() {
        for text in ["", ".", "1.", ".5", "1.2.3", "-1", "1e3", &"9".repeat(40)] {
            assert!(Number::from_decimal(text).is_none(), "{text}");
        }
        assert_eq!(decimal("2.50").order(Number::fraction(5, 2).expect("not zero")), Some(Ordering::Equal));
    }

    #[test]
    fn overflow_falls_back_to_floats_instead_of_wrapping() {
        let huge = Number::whole(i128::MAX);
        assert_eq!(huge.mul(huge).order(huge), Some(Ordering::Greater));
        assert_eq!(Number::whole(i128::MIN).neg().order(Number::whole(0)), Some(Ordering::Greater));
        assert!(Number::fraction(i128::MIN, -1).is_some());
        assert!(Number::fraction(i128::MIN, i128::MIN).is_some());
    }

    #[test]
    fn nothing_is_divided_by_zero() {
        assert!(Number::whole(1).div(Number::whole(0)).is_none());
        assert!(Number::fraction(1, 0).is_none());
    }
}
