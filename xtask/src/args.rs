//! Splits a command's arguments into flags and words.

use crate::failure::Failure;

/// The arguments of one command.
#[derive(Debug)]
pub(crate) struct Args {
    flags: Vec<&'static str>,
    /// What is not a flag, in order.
    pub(crate) words: Vec<String>,
}

impl Args {
    /// Sorts `given` by the flags that are `known`; any other one is an error that names them.
    pub(crate) fn parse(given: &[String], known: &[&'static str]) -> Result<Args, Failure> {
        let mut args = Args { flags: Vec::new(), words: Vec::new() };
        for word in given {
            if !word.starts_with('-') {
                args.words.push(word.clone());
                continue;
            }
            let Some(flag) = known.iter().copied().find(|flag| flag == word) else {
                let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
                return Err(Failure::Usage(format!("unknown option `{word}`; there is {known}")));
            };
            args.flags.push(flag);
        }
        Ok(args)
    }

    /// Whether the flag was given.
    pub(crate) fn has(&self, flag: &str) -> bool {
        self.flags.contains(&flag)
    }

    /// Refuses more than `most` words.
    pub(crate) fn at_most(self, most: usize) -> Result<Args, Failure> {
        match self.words.get(most) {
            Some(word) => Err(Failure::Usage(format!("unexpected argument `{word}`"))),
            None => Ok(self),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn flags_and_words_may_be_mixed() {
        let args = Args::parse(&words("outage --update"), &["--update", "--release"]).unwrap();
        assert!(args.has("--update") && !args.has("--release"));
        assert_eq!(args.words, ["outage"]);
    }

    #[test]
    fn an_unknown_flag_is_refused_with_the_known_ones() {
        let error = Args::parse(&words("--updat"), &["--update"]).unwrap_err();
        assert_eq!(error.to_string(), "unknown option `--updat`; there is --update");
        assert_eq!(error.code(), 2);
    }

    #[test]
    fn a_word_too_many_is_refused() {
        let error = Args::parse(&words("one two"), &[]).unwrap().at_most(1).unwrap_err();
        assert_eq!(error.to_string(), "unexpected argument `two`");
    }
}
