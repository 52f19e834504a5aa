//! A decimal number followed by a unit, read exactly.

use super::ValueError;

/// A decimal number as it was written: `digits` / 10^`scale`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Decimal {
    digits: u128,
    scale: u32,
}

/// Digits that are read at the most: enough for any 64-bit number with nine decimals, few enough never to overflow.
const MAX_DIGITS: usize = 28;

impl Decimal {
    /// The number times `unit`, where that is a whole number below 2^64. A part finer than one is an error, so that nothing
    /// is rounded unseen.
    pub(super) fn times(self, unit: u64) -> Result<u64, Inexact> {
        let product = self.digits.checked_mul(u128::from(unit)).ok_or(Inexact::TooLarge)?;
        let divisor = 10u128.pow(self.scale);
        if product % divisor != 0 {
            return Err(Inexact::TooFine);
        }
        u64::try_from(product / divisor).map_err(|_| Inexact::TooLarge)
    }
}

/// Why a number does not fit its unit.
pub(super) enum Inexact {
    TooLarge,
    TooFine,
}

impl Inexact {
    pub(super) fn error(self, text: &str, kind: &str, smallest: &str) -> ValueError {
        match self {
            Inexact::TooLarge => ValueError::new(format!("`{text}` is too large for a {kind}")),
            Inexact::TooFine => ValueError::new(format!("`{text}` is finer than {smallest}")),
        }
    }
}

/// Splits `text` into its leading number and the unit behind it. No sign, no exponent, at least one digit.
pub(super) fn split<'a>(text: &'a str, kind: &str) -> Result<(Decimal, &'a str), ValueError> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() || fraction.contains('.') || number.ends_with('.') {
        let error = ValueError::new(format!("`{text}` is not a {kind}"));
        return Err(if text.starts_with('-') { error.help("it cannot be negative") } else { error });
    }
    if whole.len() + fraction.len() > MAX_DIGITS {
        return Err(ValueError::new(format!("`{text}` has too many digits")));
    }
    let digits = format!("{whole}{fraction}").parse().unwrap_or(0);
    Ok((Decimal { digits, scale: fraction.len() as u32 }, unit.trim_start()))
}

/// The largest of `units` (largest first) that divides `value` evenly, as `value/unit` and the unit's name.
pub(super) fn largest_unit(value: u64, units: &[(&'static str, u64)]) -> String {
    let (name, unit) = units
        .iter()
        .find(|(_, unit)| value != 0 && value.is_multiple_of(*unit))
        .or(units.last())
        .copied()
        .unwrap_or(("", 1));
    format!("{}{name}", value / unit)
}
