//! Probabilities as percentages: `20%`, `0.5%`; the sign is required.

use super::number::split;
use super::{Value, ValueError};
use std::fmt;

/// A probability, kept exactly as it was written in parts of 10^18.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Probability {
    parts: u64,
}

/// Parts in one.
const ONE: u64 = 1_000_000_000_000_000_000;
/// Parts in one percent.
const PERCENT: u64 = ONE / 100;

impl Probability {
    /// Certainty.
    pub const ALWAYS: Probability = Probability { parts: ONE };

    /// So many percent, at most 100.
    pub const fn percent(percent: u8) -> Probability {
        Probability { parts: if percent >= 100 { ONE } else { percent as u64 * PERCENT } }
    }

    /// How many of the 2^64 values of a draw mean yes: from 0 (never) to 2^64 (always).
    pub fn threshold(self) -> u128 {
        (u128::from(self.parts) << 64) / u128::from(ONE)
    }
}

impl Probability {
    /// The threshold of a draw for a loss where losses come in runs of `mean` (Gilbert 1960): after a loss, or after none.
    /// Between runs it is such that this probability holds over all.
    pub(crate) fn in_runs(self, mean: u64, after_loss: bool) -> u128 {
        let (parts, mean) = (u128::from(self.parts), u128::from(mean.max(1)));
        if after_loss {
            return ((mean - 1) << 64) / mean;
        }
        let spared = mean * (u128::from(ONE) - parts);
        (parts << 64).checked_div(spared).unwrap_or(1 << 64)
    }

    /// Whether runs of `mean` can come often enough for this probability: not above `mean` in `mean` + 1.
    pub(crate) fn fits_runs(self, mean: u64) -> bool {
        u128::from(self.parts) <= u128::from(mean) * u128::from(ONE - self.parts)
    }
}

impl Value for Probability {
    const KIND: &'static str = "percentage";

    fn parse(text: &str) -> Result<Self, ValueError> {
        let (number, unit) = split(text, Self::KIND)?;
        if unit != "%" {
            let digits = &text[..text.len() - unit.len()];
            let error = ValueError::new(format!("missing `%` in `{text}`"));
            return Err(error.help(format!("write `{digits}%`, of 100")));
        }
        let parts = number.times(PERCENT).map_err(|e| e.error(text, Self::KIND, "16 decimals"))?;
        if parts > ONE {
            return Err(ValueError::new(format!("`{text}` is more than 100%")));
        }
        Ok(Probability { parts })
    }

    fn render(&self) -> Option<String> {
        Some(self.to_string())
    }
}

impl fmt::Display for Probability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, fraction) = (self.parts / PERCENT, self.parts % PERCENT);
        if fraction == 0 {
            return write!(f, "{whole}%");
        }
        write!(f, "{whole}.{}%", format!("{fraction:016}").trim_end_matches('0'))
    }
}
