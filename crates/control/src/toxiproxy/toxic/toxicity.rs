//! Toxicity: the probability with which a toxic acts on a connection, exact to the last decimal.

/// Decimals of a percentage that are told apart.
const DECIMALS: usize = 16;

/// The toxicity as a percentage, nothing where it is certain. What is not from 0 to 1 counts as the nearest that is.
pub(super) fn probability(toxicity: f32) -> Option<String> {
    if toxicity >= 1.0 {
        return None;
    }
    // The shortest decimals that mean this number: 0.1 is a tenth, not the float beside it.
    let text = toxicity.max(0.0).to_string();
    let decimals = text.split_once('.').map_or("", |(_, decimals)| decimals);
    let padded = format!("{decimals:0<2}");
    let (percent, rest) = padded.split_at(2);
    let rest: String = rest.chars().take(DECIMALS).collect();
    let percent = percent.trim_start_matches('0');
    let percent = if percent.is_empty() { "0" } else { percent };
    Some(if rest.is_empty() { format!("{percent}%") } else { format!("{percent}.{rest}%") })
}

#[cfg(test)]
mod tests {
    use super::*;
    use squall_faults::Probability;
    use squall_faults::value::Value;

    #[test]
    fn decimals_are_taken_as_they_are_written() {
        for (toxicity, text) in [
            (0.5, Some("50%")),
            (0.1, Some("10%")),
            (0.05, Some("5%")),
            (0.123, Some("12.3%")),
            (0.001, Some("0.1%")),
            (0.0, Some("0%")),
            (-1.0, Some("0%")),
            (1.0, None),
            (2.5, None),
        ] {
            assert_eq!(probability(toxicity).as_deref(), text, "{toxicity}");
        }
    }

    #[test]
    fn every_toxicity_is_a_probability() {
        for toxicity in [f32::MIN_POSITIVE, 1e-17, 1e-20, 0.333_333_34, 0.999_999_94] {
            let text = probability(toxicity).expect("not certain");
            assert!(Probability::parse(&text).is_ok(), "{toxicity} as {text}");
        }
    }
}
