//! Which files there are to run, and which have lost the file they belong to.

use crate::failure::Failure;
use crate::workspace;
use std::path::{Path, PathBuf};

const SCENARIOS: &str = "fixtures/scenarios";
const INVALID: &str = "fixtures/invalid";
const SNAPSHOT: &str = ".snap.json";
const LEFTOVER: &str = ".snap.json.new";
const RECORD: &str = ".stderr";

/// What is done with a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// It is run, and must match its snapshot.
    Scenario,
    /// It is checked, and must be refused in the recorded words.
    Invalid,
    /// A record whose file is gone: always a failure.
    Orphan,
}

/// One file under fixtures.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) kind: Kind,
    /// Relative to the workspace, with `/`: so it appears in messages on every machine.
    pub(crate) path: String,
}

impl Case {
    /// A name that is short, and selects this case as a FILTER.
    pub(crate) fn name(&self) -> &str {
        self.path.strip_prefix("fixtures/").unwrap_or(&self.path)
    }

    /// The file with `extension` in the place of `.toml`, below `root`.
    fn beside(&self, root: &Path, extension: &str) -> PathBuf {
        root.join(format!("{}{extension}", self.path.trim_end_matches(".toml")))
    }

    /// Where a scenario's snapshot is.
    pub(crate) fn snapshot(&self, root: &Path) -> PathBuf {
        self.beside(root, SNAPSHOT)
    }

    /// Where the words about an invalid file are recorded.
    pub(crate) fn record(&self, root: &Path) -> PathBuf {
        self.beside(root, RECORD)
    }
}

/// The cases of one run, sorted by path.
pub(crate) struct Cases(Vec<Case>);

impl Cases {
    /// Every case with `filter` in its path; none is an error.
    pub(crate) fn find(root: &Path, filter: &str) -> Result<Cases, Failure> {
        let mut paths = Vec::new();
        for folder in [SCENARIOS, INVALID] {
            let files = workspace::below(root, folder)?;
            paths.extend(files.iter().map(|path| path.to_string_lossy().replace('\\', "/")));
        }
        let kinds = paths.iter().filter_map(|path| Some((kind(path, &paths)?, path)));
        let cases: Vec<Case> = kinds
            .filter(|(_, path)| path.contains(filter))
            .map(|(kind, path)| Case { kind, path: path.clone() })
            .collect();
        if cases.is_empty() {
            let looked = format!("{SCENARIOS} and {INVALID}");
            return Err(Failure::Usage(match filter {
                "" => format!("there is nothing to run in {looked}"),
                filter => format!("`{filter}` is in the path of no file in {looked}"),
            }));
        }
        Ok(Cases(cases))
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Case> {
        self.0.iter()
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(Case::name)
    }

    /// What a mismatch has left beside these scenarios, in this run or an earlier one.
    pub(crate) fn leftovers(&self, root: &Path) -> Vec<String> {
        let names = self.0.iter().map(|case| format!("{}{LEFTOVER}", case.path.trim_end_matches(".toml")));
        names.filter(|name| root.join(name).exists()).collect()
    }
}

/// None for a record whose file is there, and for what is neither.
fn kind(path: &str, all: &[String]) -> Option<Kind> {
    let (kind, record) =
        if path.starts_with(SCENARIOS) { (Kind::Scenario, SNAPSHOT) } else { (Kind::Invalid, RECORD) };
    if path.ends_with(".toml") {
        return Some(kind);
    }
    let owner = format!("{}.toml", path.strip_suffix(record)?);
    (!all.contains(&owner)).then_some(Kind::Orphan)
}
