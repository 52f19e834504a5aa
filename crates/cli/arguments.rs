//! The command line before it is parsed: as Toxiproxy's programs are started, too.

use std::ffi::{OsStr, OsString};
use std::path::Path;

/// The arguments as they are meant. Under the name of Toxiproxy's server the program is `squall serve`, under that of its
/// client `squall ctl`; and `squall serve` takes its options with one dash as well as with two.
pub(crate) fn meant(given: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut words: Vec<OsString> = given.into_iter().collect();
    let name = words.first().and_then(|word| Path::new(word).file_name()).and_then(OsStr::to_str);
    match name {
        Some("toxiproxy" | "toxiproxy-server") => words.insert(1, "serve".into()),
        Some("toxiproxy-cli") => {
            words.insert(1, "ctl".into());
            // There it names the server, and help is a word.
            for word in words.iter_mut().filter(|word| *word == "-h") {
                *word = "--host".into();
            }
        }
        _ => {}
    }
    if let Some(at) = command(&words).filter(|&at| words[at] == "serve") {
        for word in words.iter_mut().skip(at + 1) {
            if let Some(long) = with_two_dashes(word) {
                *word = long;
            }
        }
    }
    words
}

/// Where the name of the command stands, behind options for all commands.
pub(crate) fn command(words: &[OsString]) -> Option<usize> {
    let mut at = 1;
    loop {
        let word = words.get(at)?.to_str()?;
        at += match word {
            "--log" | "--log-format" => 2,
            _ if word.starts_with('-') => 1,
            _ => return Some(at),
        };
    }
}

/// An option of several letters behind one dash, behind two.
fn with_two_dashes(word: &OsStr) -> Option<OsString> {
    let name = word.to_str()?.strip_prefix('-')?;
    let mut letters = name.chars();
    let long = letters.next()?.is_ascii_lowercase() && letters.next()?.is_ascii_lowercase();
    long.then(|| format!("--{name}").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meant_by(line: &str) -> String {
        let words = meant(line.split(' ').map(OsString::from));
        words.iter().map(|word| word.to_str().expect("text")).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_server_takes_one_dash_or_two() {
        assert_eq!(
            meant_by("squall serve -host=0.0.0.0 -port 8474 --config x.json -proxy-metrics"),
            "squall serve --host=0.0.0.0 --port 8474 --config x.json --proxy-metrics"
        );
        assert_eq!(meant_by("squall serve -h -V"), "squall serve -h -V");
        assert_eq!(meant_by("squall proxy -host=x"), "squall proxy -host=x");
        assert_eq!(meant_by("squall --log debug serve -port 1"), "squall --log debug serve --port 1");
        assert_eq!(meant_by("squall exec app serve -port 1"), "squall exec app serve -port 1");
    }

    #[test]
    fn the_names_of_toxiproxys_programs_are_commands() {
        assert_eq!(meant_by("bin/toxiproxy -host=0.0.0.0"), "bin/toxiproxy serve --host=0.0.0.0");
        assert_eq!(meant_by("toxiproxy-server -seed -5"), "toxiproxy-server serve --seed -5");
        assert_eq!(meant_by("toxiproxy-cli -h a:1 list"), "toxiproxy-cli ctl --host a:1 list");
    }
}
