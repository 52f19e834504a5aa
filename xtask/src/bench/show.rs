//! Figures as they stand in a table.

/// With two digits behind the point.
pub(crate) fn plain(value: f64) -> String {
    format!("{value:.2}")
}

/// With three.
pub(crate) fn fine(value: f64) -> String {
    format!("{value:.3}")
}

/// Without any.
pub(crate) fn whole(value: f64) -> String {
    format!("{value:.0}")
}

/// As a multiple.
pub(crate) fn times(value: f64) -> String {
    format!("{value:.2}x")
}

/// Bytes per second, in GB/s.
pub(crate) fn gigabytes(value: f64) -> String {
    format!("{:.2} GB/s", value / 1e9)
}

/// Microseconds.
pub(crate) fn micros(value: f64) -> String {
    format!("{value:.0} us")
}

/// The same with a digit behind the point.
pub(crate) fn tenths(value: f64) -> String {
    format!("{value:.1} us")
}

/// Seconds, in milliseconds.
pub(crate) fn millis(value: f64) -> String {
    format!("{:.0} ms", value * 1e3)
}

/// Hundredths of the whole.
pub(crate) fn percent(value: f64) -> String {
    format!("{value:.2}%")
}

/// Bytes, in MB.
pub(crate) fn megabytes(value: f64) -> String {
    format!("{:.1} MB", value / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_those_of_the_headings() {
        assert_eq!(gigabytes(2_345_000_000.0), "2.35 GB/s");
        assert_eq!(megabytes(1_250_000.0), "1.2 MB");
        assert_eq!(millis(0.1504), "150 ms");
        assert_eq!(
            (times(0.5), percent(0.051), micros(12.4)),
            ("0.50x".into(), "0.05%".into(), "12 us".into())
        );
        assert_eq!((plain(1.0), fine(0.0826), whole(3.6)), ("1.00".into(), "0.083".into(), "4".into()));
    }
}
