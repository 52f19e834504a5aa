//! The words after `cargo xtask bench`.

use crate::args::Args;
use crate::failure::Failure;
use std::path::PathBuf;

/// What to measure, and how.
#[derive(Default, PartialEq, Eq, Debug)]
pub(crate) struct Options {
    /// Only rows whose name contains this.
    pub(crate) filter: String,
    /// One short round.
    pub(crate) quick: bool,
    /// Only name the rows.
    pub(crate) list: bool,
    /// How often everything is measured.
    pub(crate) rounds: Option<usize>,
    /// Where to write the raw figures.
    pub(crate) json: Option<PathBuf>,
}

impl Options {
    /// Reads `[FILTER] [--quick] [--list] [--rounds N] [--json FILE]`.
    pub(crate) fn parse(words: &[String]) -> Result<Options, Failure> {
        let (mut rest, mut json, mut rounds) = (Vec::new(), None, None);
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let (name, given) = match word.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (word.as_str(), None),
            };
            let mut value = |what: &str| {
                let value = given.or_else(|| words.next().map(String::as_str));
                let value = value.filter(|word| !word.starts_with("--"));
                value.ok_or_else(|| Failure::Usage(format!("`{name}` needs {what}")))
            };
            match name {
                "--json" => json = Some(value("a file")?.into()),
                "--rounds" => rounds = Some(number(value("a number")?)?),
                _ => rest.push(word.clone()),
            }
        }
        let mut args = Args::parse(&rest, &["--quick", "--list"])?.at_most(1)?;
        let (quick, list) = (args.has("--quick"), args.has("--list"));
        Ok(Options { filter: args.words.pop().unwrap_or_default(), quick, list, rounds, json })
    }

    /// Whether a row of this name is asked for.
    pub(crate) fn wants(&self, name: &str) -> bool {
        name.contains(&self.filter)
    }
}

fn number(word: &str) -> Result<usize, Failure> {
    let number = word.parse().ok().filter(|number| *number > 0);
    number.ok_or_else(|| Failure::Usage(format!("`{word}` is no number of rounds")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Options, String> {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        Options::parse(&words).map_err(|failure| failure.to_string())
    }

    #[test]
    fn every_option_is_read_in_any_order() {
        let (filter, json) = ("bulk".to_owned(), Some("a.json".into()));
        let expected = Options { filter, quick: true, list: false, rounds: Some(5), json };
        assert_eq!(parse("--json a.json bulk --rounds 5 --quick").unwrap(), expected);
        assert_eq!(parse("bulk --quick --json=a.json --rounds=5").unwrap(), expected);
        assert_eq!(parse("").unwrap(), Options::default());
    }

    #[test]
    fn a_filter_selects_by_a_part_of_the_name() {
        let options = parse("delay").unwrap();
        assert!(options.wants("delay") && options.wants("bulk-delay") && !options.wants("bulk-1"));
        assert!(parse("").unwrap().wants("bulk-1"));
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        assert_eq!(parse("--json").unwrap_err(), "`--json` needs a file");
        assert_eq!(parse("--rounds --json a").unwrap_err(), "`--rounds` needs a number");
        assert_eq!(parse("--rounds 0").unwrap_err(), "`0` is no number of rounds");
        assert!(parse("--jsonx").unwrap_err().starts_with("unknown option `--jsonx`"));
        assert_eq!(parse("one two").unwrap_err(), "unexpected argument `two`");
    }
}
