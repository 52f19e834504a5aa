//! A binary logarithm in fixed point, the same bits on every machine.

/// Binary digits after the point.
const DIGITS: u32 = 48;

/// −log2(`numerator`/2^64) in units of 2^-48, rounded up; 0 counts as 1. It never grows with the numerator.
///
/// The integer part is the place of the highest bit. Each further digit comes from squaring what is left: the logarithm
/// doubles, and its integer part is the digit. The cut-off halves of the products change less than the last digit.
pub(crate) fn neg_log2(numerator: u64) -> u64 {
    let numerator = numerator.max(1);
    let zeros = numerator.leading_zeros();
    let mut log = u64::from(63 - zeros);
    // In [1, 2), with 63 digits after the point.
    let mut rest = numerator << zeros;
    for _ in 0..DIGITS {
        let square = (u128::from(rest) * u128::from(rest)) >> 63;
        let digit = (square >> 64) as u64;
        rest = (square >> digit) as u64;
        log = log << 1 | digit;
    }
    (64 << DIGITS) - log
}

/// A number no larger than [`neg_log2`] of the same, at the cost of a shift: −log2(x) is at least 1−x below 1.
pub(crate) fn neg_log2_floor(numerator: u64) -> u64 {
    !numerator >> (64 - DIGITS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::Lane;

    const ONE: u64 = 1 << DIGITS;

    #[test]
    fn powers_of_two_are_exact() {
        assert_eq!(neg_log2(1 << 63), ONE);
        assert_eq!(neg_log2(1 << 60), 4 * ONE);
        assert_eq!(neg_log2(1), 64 * ONE);
        assert_eq!(neg_log2(0), 64 * ONE);
    }

    #[test]
    fn golden_values_never_change() {
        // round up of -log2(n/2^64) * 2^48, worked out with 60 decimal digits
        for (numerator, expected) in GOLDEN {
            assert_eq!(neg_log2(numerator), expected, "{numerator:#x}");
        }
    }

    const GOLDEN: [(u64, u64); 5] = [
        (u64::MAX, 1),
        (0xc000_0000_0000_0000, 116_822_670_443_562),
        (0xffff_ffff_0000_0000, 94_549),
        (0x0123_4567_89ab_cdef, 2_199_383_878_819_978),
        (3, 17_568_271_226_504_234),
    ];

    #[test]
    fn it_falls_and_stays_above_its_floor() {
        let lane = Lane::new(3, &[b"log"]);
        let mut numbers: Vec<u64> = (0..20_000).map(|index| lane.draw(index) >> (index % 60)).collect();
        numbers.extend([u64::MAX, u64::MAX - 1, 1, 2, 3]);
        numbers.sort_unstable();
        let logs: Vec<u64> = numbers.iter().map(|&number| neg_log2(number)).collect();
        assert!(logs.is_sorted_by(|a, b| a >= b));
        assert!(numbers.iter().zip(&logs).all(|(&number, &log)| neg_log2_floor(number) <= log && log > 0));
    }
}
