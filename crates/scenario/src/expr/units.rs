//! Numbers with units: how a literal is read, and how a measured value is written.

use std::time::Duration;

use squall_faults::value::{Value, ValueError};
use squall_faults::{Rate, Size};

use super::dimension::Dimension;
use super::number::Number;

/// A number together with what it measures.
#[derive(Debug, Clone, Copy)]
pub struct Quantity {
    /// In the base unit of the dimension.
    pub number: Number,
    /// What it measures.
    pub dimension: Dimension,
}

impl Quantity {
    pub(super) fn new(number: Number, dimension: Dimension) -> Quantity {
        Quantity { number, dimension }
    }
}

/// Reads `digits` followed by `unit`, with the units that faults are written with, and `%` without a ceiling.
pub(super) fn literal(digits: &str, unit: &str) -> Result<Quantity, ValueError> {
    let scaled = |factor: Number, dimension: Dimension| match Number::from_decimal(digits) {
        Some(number) => Ok(Quantity::new(number.mul(factor), dimension)),
        None => Err(ValueError { message: format!("invalid number `{digits}`"), help: None }),
    };
    let text = format!("{digits}{unit}");
    match unit {
        "" => scaled(Number::whole(1), Dimension::Plain),
        "k" => scaled(Number::whole(1_000), Dimension::Plain),
        "M" => scaled(Number::whole(1_000_000), Dimension::Plain),
        "%" => scaled(Number::Exact { numerator: 1, denominator: 100 }, Dimension::Ratio),
        _ if knows::<Duration>(unit) => {
            let nanos = i128::try_from(Duration::parse(&text)?.as_nanos()).unwrap_or(i128::MAX);
            Ok(Quantity::new(Number::whole(nanos), Dimension::Duration))
        }
        _ if knows::<Size>(unit) => {
            let bytes = Size::parse(&text)?.as_bytes();
            Ok(Quantity::new(Number::whole(bytes.into()), Dimension::Bytes))
        }
        // `Mbps` is no unit, but the rates know what to say about it.
        _ if knows::<Rate>(unit) || unit.contains('/') || unit.ends_with("ps") => {
            let bits = Rate::parse(&text)?.bits();
            Ok(Quantity::new(Number::whole(bits.into()).mul(EIGHTH), Dimension::Rate))
        }
        _ => Err(ValueError { message: format!("unknown unit `{unit}`"), help: Some(UNITS.to_owned()) }),
    }
}

const EIGHTH: Number = Number::Exact { numerator: 1, denominator: 8 };
const UNITS: &str =
    "units are ns us ms s m h, B KB MB GB KiB MiB GiB, these per second, kbit/s Mbit/s Gbit/s, %";

/// Whether `unit` is one of the units of `T`, whatever number stands before it.
fn knows<T: Value>(unit: &str) -> bool {
    T::parse(&format!("1{unit}")).is_ok()
}

/// A value as people write it: `812ms`, `16KiB`, `1.25MB/s`, `4.5%`, `17`.
///
/// Durations and sizes are exact, so that a value that misses its bound by a nanosecond does not look like the bound.
pub fn humanize(quantity: Quantity) -> String {
    let number = quantity.number;
    match quantity.dimension {
        Dimension::Plain | Dimension::Count => decimal(number, 6),
        Dimension::Ratio => format!("{}%", decimal(number.mul(Number::whole(100)), 4)),
        Dimension::Duration => {
            scaled(number, &[(1_000_000_000, "s"), (1_000_000, "ms"), (1_000, "us"), (1, "ns")], 9)
        }
        Dimension::Rate => {
            scaled(number, &[(1_000_000_000, "GB/s"), (1_000_000, "MB/s"), (1_000, "KB/s"), (1, "B/s")], 3)
        }
        Dimension::Bytes => match number.to_whole() {
            Some(bytes) => whole_bytes(bytes),
            None => format!("{}B", decimal(number, 3)),
        },
    }
}

/// In the largest binary unit that divides the size evenly.
fn whole_bytes(bytes: i128) -> String {
    let units = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    match units.iter().find(|(size, _)| bytes != 0 && bytes % size == 0) {
        Some((size, unit)) => format!("{}{unit}", bytes / size),
        None => format!("{bytes}B"),
    }
}

/// In the largest unit that the value fills.
fn scaled(number: Number, units: &[(i128, &str)], places: usize) -> String {
    let magnitude = number.to_f64().abs();
    let fits = |(size, _): &&(i128, &str)| magnitude >= *size as f64;
    let Some((size, unit)) = units.iter().find(fits).or(units.last()) else {
        return decimal(number, places);
    };
    let value = number.div(Number::whole(*size)).unwrap_or(number);
    format!("{}{unit}", decimal(value, places))
}

/// Decimal notation with at most `places` digits after the point and no zeros at the end.
fn decimal(number: Number, places: usize) -> String {
    if let Some(value) = number.to_whole() {
        return value.to_string();
    }
    let text = format!("{:.*}", places, number.to_f64());
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_in_the_unit_they_fill() {
        let cases = [
            (Dimension::Duration, 812_000_000, "812ms"),
            (Dimension::Duration, 699_999_999, "699.999999ms"),
            (Dimension::Duration, 90_000_000_000, "90s"),
            (Dimension::Duration, 0, "0ns"),
            (Dimension::Duration, -1_500, "-1.5us"),
            (Dimension::Bytes, 16_384, "16KiB"),
            (Dimension::Bytes, 16_385, "16385B"),
            (Dimension::Bytes, 0, "0B"),
            (Dimension::Rate, 1_250_000, "1.25MB/s"),
            (Dimension::Count, 17, "17"),
        ];
        for (dimension, value, text) in cases {
            assert_eq!(humanize(Quantity { number: Number::whole(value), dimension }), text);
        }
        let share = Number::fraction(9, 200).expect("not zero");
        assert_eq!(humanize(Quantity { number: share, dimension: Dimension::Ratio }), "4.5%");
    }

    #[test]
    fn ambiguous_and_unknown_units_are_refused() {
        for (unit, message) in
            [("Mbps", "could be bits or bytes"), ("furlongs", "unknown unit"), ("/s", "missing")]
        {
            let refusal = literal("5", unit).expect_err(unit);
            assert!(refusal.message.contains(message) || refusal.help.is_some(), "{}", refusal.message);
        }
        assert!(literal("0.5", "ns").err().is_some_and(|refusal| refusal.message.contains("finer")));
    }
}
