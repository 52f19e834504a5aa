//! Decisions as files: where they are written, and read again to be replayed.

use crate::{Failure, files, output};
use squall::{Decisions, Proxy, Replay};
use std::path::Path;

/// A log for what is decided, where `target` is to have it; fails at once where nothing could be written there.
pub(crate) fn log(target: Option<&Path>) -> Result<Option<Decisions>, Failure> {
    let Some(target) = target else { return Ok(None) };
    output::probe(target)?;
    Ok(Some(Decisions::default()))
}

/// Writes what was decided.
pub(crate) fn write(target: &Path, decisions: &Decisions) -> Result<(), Failure> {
    if let missed @ 1.. = decisions.missed() {
        tracing::warn!("{missed} decisions came after the log was full and are not in it");
    }
    output::stream(target, |out| decisions.write_json_lines(out))
}

/// The largest log that is read, in MiB: a full one has 4 million lines.
const LARGEST: u64 = 1024;

/// Reads what was decided.
pub(crate) fn replay(path: &Path) -> Result<Replay, Failure> {
    let text = files::read(path, LARGEST).map_err(Failure::usage)?;
    Replay::parse(&text).map_err(|error| Failure::usage(format!("{}: {error}", path.display())))
}

/// Refuses a replay with decisions of faults that none of `links` has: nothing would come of them.
pub(crate) fn check(path: &Path, replay: &Replay, links: &[Proxy]) -> Result<(), Failure> {
    let known: Vec<(&str, Vec<String>)> = links
        .iter()
        .map(|link| (link.name(), link.metrics().faults.into_iter().map(|fault| fault.name).collect()))
        .collect();
    let wrong =
        replay.decided().find_map(|(link, fault)| match known.iter().find(|(name, _)| *name == link) {
            None => {
                let names: Vec<_> = known.iter().map(|(name, _)| *name).collect();
                Some(format!("there is no link `{link}`; links are {}", names.join(", ")))
            }
            Some((_, faults)) if !faults.iter().any(|name| name == fault) => {
                let faults = if faults.is_empty() { "none".to_owned() } else { faults.join(", ") };
                Some(format!("there is no fault `{fault}` on link `{link}`; its faults: {faults}"))
            }
            Some(_) => None,
        });
    match wrong {
        Some(wrong) => Err(Failure::usage(format!("{}: {wrong}", path.display()))),
        None => Ok(()),
    }
}
