//! How large requests are: one size, a range, or several by weight; drawn by the operation's number.

use crate::draw::{Purpose, below};

/// Sizes in bytes and how often each comes.
///
/// ```
/// use squall_load::Mix;
///
/// let mix = Mix::weighted([(64, 90), (1400, 10)]).expect("weights");
/// assert_eq!((mix.smallest(), mix.largest()), (64, 1400));
/// assert_eq!(mix.to_string(), "64:90,1400:10");
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mix(Kind);

#[derive(Clone, PartialEq, Eq, Debug)]
enum Kind {
    Fixed(u64),
    Range(u64, u64),
    /// Sizes with their weights, none of which is 0.
    Weighted(Vec<(u64, u64)>),
}

impl Mix {
    /// Always `bytes`.
    pub fn fixed(bytes: u64) -> Mix {
        Mix(Kind::Fixed(bytes))
    }

    /// Every size from `smallest` to `largest` alike; none where the one is above the other.
    pub fn range(smallest: u64, largest: u64) -> Option<Mix> {
        (smallest <= largest).then_some(Mix(Kind::Range(smallest, largest)))
    }

    /// Sizes with their weights: percent, or any other numbers; none where they add up to nothing or too much.
    pub fn weighted(sizes: impl IntoIterator<Item = (u64, u64)>) -> Option<Mix> {
        let sizes: Vec<(u64, u64)> = sizes.into_iter().filter(|(_, weight)| *weight > 0).collect();
        let total = sizes.iter().try_fold(0_u64, |sum, (_, weight)| sum.checked_add(*weight))?;
        (total > 0).then_some(Mix(Kind::Weighted(sizes)))
    }

    /// The smallest size, in bytes.
    pub fn smallest(&self) -> u64 {
        match &self.0 {
            Kind::Fixed(bytes) | Kind::Range(bytes, _) => *bytes,
            Kind::Weighted(sizes) => sizes.iter().map(|(size, _)| *size).min().unwrap_or(0),
        }
    }

    /// The largest size, in bytes.
    pub fn largest(&self) -> u64 {
        match &self.0 {
            Kind::Fixed(bytes) | Kind::Range(_, bytes) => *bytes,
            Kind::Weighted(sizes) => sizes.iter().map(|(size, _)| *size).max().unwrap_or(0),
        }
    }

    /// The size for an operation.
    pub(crate) fn size(&self, seed: u64, purpose: Purpose, number: u64) -> u64 {
        match &self.0 {
            Kind::Fixed(bytes) => *bytes,
            Kind::Range(from, to) => from + below(seed, purpose, number, (to - from).saturating_add(1)),
            Kind::Weighted(sizes) => {
                let total = sizes.iter().map(|(_, weight)| weight).sum();
                let mut left = below(seed, purpose, number, total);
                for (size, weight) in sizes {
                    match left.checked_sub(*weight) {
                        Some(rest) => left = rest,
                        None => return *size,
                    }
                }
                0
            }
        }
    }
}

impl std::fmt::Display for Mix {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.0 {
            Kind::Fixed(bytes) => write!(f, "{bytes}"),
            Kind::Range(from, to) => write!(f, "{from}-{to}"),
            Kind::Weighted(sizes) => {
                for (i, (size, weight)) in sizes.iter().enumerate() {
                    let comma = if i == 0 { "" } else { "," };
                    write!(f, "{comma}{size}:{weight}")?;
                }
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn drawn(mix: &Mix) -> BTreeMap<u64, u64> {
        let mut seen = BTreeMap::new();
        for number in 0..10_000 {
            *seen.entry(mix.size(7, Purpose::Size, number)).or_default() += 1;
        }
        seen
    }

    #[test]
    fn a_range_has_all_its_sizes_and_no_other() {
        let seen = drawn(&Mix::range(64, 73).expect("a range"));
        assert_eq!(seen.keys().copied().collect::<Vec<_>>(), (64..=73).collect::<Vec<_>>());
        assert!(seen.values().all(|times| (900..1100).contains(times)), "{seen:?}");
        assert_eq!(Mix::range(2, 1), None);
    }

    #[test]
    fn weights_are_shares() {
        let seen = drawn(&Mix::weighted([(64, 90), (9, 0), (1400, 10)]).expect("weights"));
        assert_eq!(seen.len(), 2);
        assert!((8_800..9_200).contains(&seen[&64]), "{seen:?}");
        assert_eq!(Mix::weighted([(64, 0)]), None);
        assert_eq!(Mix::weighted([(1, u64::MAX), (2, 1)]), None);
    }
}
