//! Lists of values with percentages: `50ms:50,1s:1`.

use squall_faults::Probability;
use squall_faults::value::Value;

/// Values that are drawn with their probabilities, or else none.
#[derive(Debug, Clone)]
pub(super) struct Choice<T> {
    /// Up to which of the 2^64 draws each value is meant.
    upto: Vec<(u128, T)>,
}

/// The most values in a list.
const LONGEST: usize = 100;

impl<T> Choice<T> {
    pub(super) fn none() -> Self {
        Self { upto: Vec::new() }
    }

    /// Reads a list. A value without a percentage gets what the others leave.
    ///
    /// # Errors
    /// What is wrong, as a fragment.
    pub(super) fn read(text: &str, value: impl Fn(&str) -> Result<T, String>) -> Result<Self, String> {
        const ALL: u128 = 1 << 64;
        let (mut upto, mut sum, mut rest) = (Vec::new(), 0, None);
        for part in text.split(',') {
            if upto.len() == LONGEST {
                return Err(format!("there are more than {LONGEST} values"));
            }
            match part.rsplit_once(':') {
                Some((each, percent)) => {
                    let percent = percent.strip_suffix('%').unwrap_or(percent);
                    let percent = Probability::parse(&format!("{percent}%"));
                    sum += percent.map_err(|error| error.message)?.threshold();
                    upto.push((sum, value(each)?));
                }
                None if rest.is_none() => rest = Some(value(part)?),
                None => return Err("only one value may lack its percentage".to_owned()),
            }
        }
        if sum > ALL {
            return Err("the percentages are more than 100 together".to_owned());
        }
        upto.extend(rest.map(|rest| (ALL, rest)));
        Ok(Self { upto })
    }

    /// The value that a uniform draw means.
    pub(super) fn pick(&self, draw: u64) -> Option<&T> {
        self.upto.iter().find(|(upto, _)| u128::from(draw) < *upto).map(|(_, value)| value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Choice<String>, String> {
        Choice::read(text, |value| Ok(value.to_owned()))
    }

    #[test]
    fn each_value_has_its_share_and_one_without_a_percentage_has_the_rest() {
        let picks = |text: &str, percents: [u8; 4]| {
            let choice = read(text).unwrap();
            percents.map(|percent| {
                choice.pick(((u128::from(percent) << 64) / 100) as u64 + 1).cloned().unwrap_or_default()
            })
        };
        assert_eq!(picks("a:50,b:1", [0, 49, 50, 52]), ["a", "a", "b", ""]);
        assert_eq!(picks("a:50%,b", [0, 49, 50, 99]), ["a", "a", "b", "b"]);
        assert_eq!(picks("b,a:50", [0, 49, 50, 99]), ["a", "a", "b", "b"]);
        assert_eq!(picks("a", [0, 1, 50, 99]), ["a", "a", "a", "a"]);
        assert_eq!(picks("a:0.5", [0, 1, 50, 99]), ["a", "", "", ""]);
    }

    #[test]
    fn what_is_wrong_is_told() {
        for (text, told) in [
            ("a:60,b:50", "the percentages are more than 100 together"),
            ("a,b", "only one value may lack its percentage"),
            ("a:x", "`x%` is not a percentage"),
            ("a:101", "`101%` is more than 100%"),
        ] {
            assert_eq!(read(text).unwrap_err(), told);
        }
    }
}
