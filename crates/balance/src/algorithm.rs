//! The ways to choose a member, by their names.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// How a member is chosen among those that can take the connection.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Algorithm {
    /// In turn, each as often as its weight says, spread out evenly: after any number of picks, every member's count is
    /// within one of its share.
    #[default]
    RoundRobin,
    /// The fewest connections for its weight; among equals, in turn.
    LeastConnections,
    /// Two drawn by weight, and of these the one with fewer connections for its weight.
    P2c,
    /// Drawn by weight.
    Random,
    /// By the client's address: the same client meets the same member, and when a member leaves, only its own clients move.
    SourceHash,
}

impl Algorithm {
    /// All of them, in the order in which help lists them.
    pub const ALL: [Algorithm; 5] = [
        Algorithm::RoundRobin,
        Algorithm::LeastConnections,
        Algorithm::P2c,
        Algorithm::Random,
        Algorithm::SourceHash,
    ];

    /// The name on the command line, in files and in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Algorithm::RoundRobin => "round_robin",
            Algorithm::LeastConnections => "least_connections",
            Algorithm::P2c => "p2c",
            Algorithm::Random => "random",
            Algorithm::SourceHash => "source_hash",
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A word that names no algorithm.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("there is no algorithm `{word}`; {}", self.help())]
pub struct UnknownAlgorithm {
    /// What was written.
    pub word: String,
    /// The algorithm it was probably meant to be.
    pub nearest: Option<Algorithm>,
}

impl UnknownAlgorithm {
    fn help(&self) -> String {
        match self.nearest {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("there are {}", Algorithm::ALL.map(Algorithm::name).join(", ")),
        }
    }
}

impl FromStr for Algorithm {
    type Err = UnknownAlgorithm;

    /// Reads a name; `-` may stand for `_`.
    fn from_str(text: &str) -> Result<Algorithm, UnknownAlgorithm> {
        let word = text.replace('-', "_");
        let exact = Algorithm::ALL.into_iter().find(|algorithm| algorithm.name() == word);
        exact.ok_or_else(|| UnknownAlgorithm { word: text.to_owned(), nearest: nearest(&word) })
    }
}

/// The algorithm most like `word`: one that it begins, without regard to `_`, else the one with the fewest differing letters.
fn nearest(word: &str) -> Option<Algorithm> {
    let letters = |word: &str| word.to_lowercase().replace('_', "");
    let word = letters(word);
    let begun =
        Algorithm::ALL.into_iter().find(|near| word.len() >= 3 && letters(near.name()).starts_with(&word));
    let like = || {
        let all = Algorithm::ALL.into_iter().map(|near| (distance(&word, &letters(near.name())), near));
        all.filter(|(distance, near)| *distance <= (near.name().len() / 3).max(1)).min().map(|(_, near)| near)
    };
    begun.or_else(like)
}

/// How many letters must be put in, taken out or replaced to make one word the other.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, letter) in from.chars().enumerate() {
        let mut corner = std::mem::replace(&mut row[0], i + 1);
        for (j, other) in to.iter().enumerate() {
            let replaced = corner + usize::from(letter != *other);
            corner = row[j + 1];
            row[j + 1] = replaced.min(corner + 1).min(row[j] + 1);
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_reads_as_itself_with_either_dash() {
        for algorithm in Algorithm::ALL {
            let name = algorithm.to_string();
            assert_eq!(name.parse(), Ok(algorithm));
            assert_eq!(name.replace('_', "-").parse(), Ok(algorithm));
            let json = serde_json::to_string(&algorithm).expect("a word");
            assert_eq!(json, format!("\"{name}\""));
            assert_eq!(serde_json::from_str::<Algorithm>(&json).expect("the word"), algorithm);
        }
    }

    #[test]
    fn an_unknown_name_is_told_the_nearest_or_all() {
        let message = |word: &str| word.parse::<Algorithm>().expect_err("unknown").to_string();
        assert_eq!(
            message("round-robbin"),
            "there is no algorithm `round-robbin`; did you mean `round_robin`?"
        );
        assert_eq!(
            message("leastconn"),
            "there is no algorithm `leastconn`; did you mean `least_connections`?"
        );
        assert_eq!(message("P2C"), "there is no algorithm `P2C`; did you mean `p2c`?");
        assert_eq!(message("rnadom"), "there is no algorithm `rnadom`; did you mean `random`?");
        assert_eq!(
            message("maglev"),
            "there is no algorithm `maglev`; there are round_robin, least_connections, p2c, random, source_hash"
        );
        assert!(message("").ends_with("source_hash"));
    }

    #[test]
    fn a_distance_counts_letters() {
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("abc", ""), 3);
        assert_eq!(distance("same", "same"), 0);
    }
}
