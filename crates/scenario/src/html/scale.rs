//! Where a time or a value stands on a chart.

use super::text::time;
use std::fmt;

/// Width of a chart's own units; its height is 200.
pub(super) const WIDTH: u64 = 10_000;

/// The time axis of a run: everything that is drawn over time shares it.
#[derive(Clone, Copy)]
pub(super) struct Axis {
    length: u64,
}

/// A share of the axis, as a style sheet writes it.
pub(super) struct Percent(f64);

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("{:.2}", self.0);
        write!(f, "{}%", text.trim_end_matches('0').trim_end_matches('.'))
    }
}

impl Percent {
    /// Whether it is the right end.
    pub(super) fn is_all(&self) -> bool {
        self.0 >= 100.0
    }
}

const SECOND: u64 = 1_000_000_000;

impl Axis {
    /// An axis from 0 to `length` nanoseconds.
    pub(super) fn new(length: u64) -> Axis {
        Axis { length: length.max(1) }
    }

    /// Where `at` stands, from the left.
    pub(super) fn percent(self, at: u64) -> Percent {
        Percent(at.min(self.length) as f64 / self.length as f64 * 100.0)
    }

    /// How wide the span between two times is.
    pub(super) fn width(self, from: u64, to: u64) -> Percent {
        let [from, to] = [from, to].map(|at| self.percent(at).0);
        Percent((to - from).max(0.0))
    }

    /// Where `at` stands in a chart's own units.
    pub(super) fn x(self, at: u64) -> u64 {
        let x = u128::from(at.min(self.length)) * u128::from(WIDTH) / u128::from(self.length);
        u64::try_from(x).unwrap_or(WIDTH)
    }

    /// Times for marks: round ones, some five of them, the first at 0.
    pub(super) fn ticks(self) -> Vec<(u64, String)> {
        let step = step(self.length);
        (0..=self.length / step).map(|i| (i * step, label(i * step))).collect()
    }
}

/// A round span of which four to ten make up `length`.
fn step(length: u64) -> u64 {
    let least = (length / 6).max(1);
    if least <= 30 * SECOND {
        return round(least);
    }
    let units = [60, 120, 300, 600, 900, 1800, 3600, 7200, 6 * 3600, 12 * 3600, 24 * 3600];
    let fits = units.into_iter().map(|seconds| seconds * SECOND).find(|step| *step >= least);
    fits.unwrap_or_else(|| least.div_ceil(24 * 3600 * SECOND).saturating_mul(24 * 3600 * SECOND))
}

fn label(at: u64) -> String {
    match at / SECOND {
        0 => {
            if at == 0 {
                "0".to_owned()
            } else {
                time(at)
            }
        }
        s if s < 60 => time(at),
        s if s < 3600 && s % 60 == 0 => format!("{} min", s / 60),
        s if s % 3600 == 0 => format!("{} h", s / 3600),
        s => format!("{}:{:02}", s / 60, s % 60),
    }
}

/// The smallest 1, 2 or 5 times a power of ten that is not below `number`.
pub(super) fn round(number: u64) -> u64 {
    let mut power: u64 = 1;
    loop {
        for factor in [1, 2, 5] {
            if power.saturating_mul(factor) >= number {
                return power.saturating_mul(factor);
            }
        }
        power = power.saturating_mul(10);
    }
}

/// A round number of bytes that is not below `bytes`.
pub(super) fn round_bytes(bytes: u64) -> u64 {
    let mut unit: u64 = 1;
    while unit <= bytes / 1024 {
        unit = unit.saturating_mul(1024);
    }
    // Beyond 500 of a unit comes 1 of the next.
    let number = round(bytes.div_ceil(unit));
    if number == 1000 { unit.saturating_mul(1024) } else { number.saturating_mul(unit) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_time_has_its_place_on_the_axis() {
        let axis = Axis::new(200);
        assert_eq!(
            [0, 1, 50, 200, 300].map(|at| axis.percent(at).to_string()),
            ["0%", "0.5%", "25%", "100%", "100%"]
        );
        assert_eq!((axis.x(50), axis.x(999)), (2500, WIDTH));
        assert_eq!(axis.width(50, 100).to_string(), "25%");
        assert_eq!(axis.width(100, 50).to_string(), "0%");
        assert_eq!(Axis::new(0).percent(0).to_string(), "0%");
    }

    #[test]
    fn marks_are_round_and_few_for_any_length() {
        let labels =
            |length| Axis::new(length).ticks().into_iter().map(|(_, label)| label).collect::<Vec<_>>();
        assert_eq!(labels(900_000_000), ["0", "200 ms", "400 ms", "600 ms", "800 ms"]);
        assert_eq!(labels(600 * SECOND), ["0", "2 min", "4 min", "6 min", "8 min", "10 min"]);
        let mut length = 0;
        while length < u64::MAX / 2 {
            assert!((1..=12).contains(&labels(length).len()), "{length}");
            length = length * 2 + 1;
        }
    }

    #[test]
    fn values_are_rounded_up() {
        assert_eq!([0, 1, 3, 70, 501].map(round), [1, 1, 5, 100, 1000]);
        assert_eq!([0, 501, 1025, 300 << 10].map(round_bytes), [1, 1024, 2048, 500 << 10]);
        assert_eq!(round(u64::MAX), u64::MAX);
        assert_eq!(round_bytes(u64::MAX), u64::MAX);
    }
}
