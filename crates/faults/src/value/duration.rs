//! Durations: `50ms`, `1.5s`, `200us`, `2m`, `1h`; a unit is required.

use super::number::{largest_unit, split};
use super::{Value, ValueError};
use std::time::Duration;

/// Largest first; the first name of each size is the one shown.
const UNITS: [(&str, u64); 6] = [
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("ns", 1),
];

impl Value for Duration {
    const KIND: &'static str = "duration";

    fn parse(text: &str) -> Result<Self, ValueError> {
        let (number, unit) = split(text, Self::KIND)?;
        let unit = match unit {
            "µs" | "μs" => "us",
            "min" => "m",
            other => other,
        };
        let Some(&(_, ns)) = UNITS.iter().find(|(name, _)| *name == unit) else {
            return Err(if unit.is_empty() {
                ValueError::new(format!("missing unit in `{text}`"))
                    .help(format!("write `{text}ms` or `{text}s`"))
            } else {
                ValueError::new(format!("unknown unit `{unit}` in `{text}`"))
                    .help("units are ns, us, ms, s, m, h")
            });
        };
        number.times(ns).map(Duration::from_nanos).map_err(|e| e.error(text, Self::KIND, "a nanosecond"))
    }

    fn render(&self) -> Option<String> {
        Some(match self.is_zero() {
            true => "0s".to_owned(),
            false => largest_unit(nanos(*self), &UNITS),
        })
    }
}

/// A duration in nanoseconds, capped at what 64 bits hold (584 years).
pub(crate) fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
