//! The command that runs a scenario again as it was run.

use crate::model::Clock;
use crate::read::Overrides;
use std::fmt::Write;
use std::path::Path;

/// `squall run` with the seed, clock and vars that are not the file's, as a shell takes it.
///
/// ```
/// use squall_scenario::{Overrides, replay_command};
///
/// let overrides = Overrides { clock: None, vars: vec![("note".into(), "two words".into())] };
/// let command = replay_command("db.toml".as_ref(), Some(7), &overrides);
/// assert_eq!(command, "squall run --seed 7 --var 'note=two words' db.toml");
/// ```
pub fn command(path: &Path, seed: Option<u64>, overrides: &Overrides) -> String {
    let mut text = "squall run".to_owned();
    // Writing to a string cannot fail, here and below.
    if let Some(seed) = seed {
        let _ = write!(text, " --seed {seed}");
    }
    if let Some(clock) = overrides.clock {
        let _ = write!(text, " --clock {clock}");
    }
    for (name, value) in &overrides.vars {
        let _ = write!(text, " --var {}", word(&format!("{name}={value}")));
    }
    let _ = write!(text, " {}", word(&path.display().to_string()));
    text
}

impl std::fmt::Display for Clock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Clock::Real => "real",
            Clock::Virtual => "virtual",
        })
    }
}

/// A word of a command line, in quotes where it needs them.
fn word(text: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || ":=,.%@_/+-".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}
