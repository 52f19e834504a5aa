//! The snapshot file beside a scenario: when it is read, written, or left alone.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::Value;

use super::compare::{Difference, compare, pretty, render};

/// What may be done to snapshot files.
#[derive(Debug, Clone, Copy)]
pub struct Policy {
    /// Rewrite a snapshot that differs.
    pub update: bool,
    /// Under continuous integration, where a missing snapshot is a failure and nothing is written unless `update` asks
    /// for it.
    pub ci: bool,
    /// Whether the run passed so far. Nothing is ever written from a run that did not.
    pub passed: bool,
}

/// How a run stands to its snapshot.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// The same.
    Same,
    /// There was none, and it was written to this file.
    Written(PathBuf),
    /// It differed, and was rewritten as asked.
    Updated(PathBuf),
    /// There is none at this place, and none may be written under continuous integration: a failure.
    Missing(PathBuf),
    /// There is none, and none is written because the run failed for another reason.
    Skipped,
    /// It differs: a failure.
    Differs {
        /// Where.
        differences: Vec<Difference>,
        /// The differences and a diff, ready to print.
        rendered: String,
        /// The file that holds the new values, where one was written.
        new: Option<PathBuf>,
    },
}

/// A snapshot file could not be used.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// It is there, but cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is not JSON.
    #[error("{} is not a snapshot: {source}", path.display())]
    Parse {
        /// The file.
        path: PathBuf,
        /// Why.
        source: serde_json::Error,
    },
    /// It cannot be written.
    #[error("cannot write {}: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// `NAME.snap.json` beside `NAME.toml`.
pub fn snapshot_path(scenario: &Path) -> PathBuf {
    scenario.with_extension("snap.json")
}

/// Whether the value of the environment variable `CI` means continuous integration: set, and not empty, `false` or `0`.
pub fn is_ci(value: Option<&str>) -> bool {
    value.is_some_and(|value| !matches!(value, "" | "false" | "0"))
}

/// Compares `actual` with the snapshot at `path`, and writes what `policy` allows.
///
/// Files are replaced whole or not at all. A match removes the `.new` file that an earlier mismatch left.
///
/// # Errors
///
/// The snapshot is unreadable or not JSON, or a file cannot be written.
pub fn settle(path: &Path, actual: &Value, policy: Policy) -> Result<Verdict, SnapshotError> {
    // Read back, so that both sides of a float went through the same parser.
    let text = pretty(actual);
    let actual: Value = parse(path, &text)?;
    let new = with_suffix(path, ".new");
    let Some(expected) = read(path)? else {
        return match policy {
            Policy { passed: false, .. } => Ok(Verdict::Skipped),
            Policy { ci: true, update: false, .. } => Ok(Verdict::Missing(path.to_owned())),
            _ => write(path, &text).map(|()| Verdict::Written(path.to_owned())),
        };
    };
    if expected == actual {
        if !policy.ci {
            remove(&new)?;
        }
        return Ok(Verdict::Same);
    }
    if policy.update && policy.passed {
        write(path, &text)?;
        remove(&new)?;
        return Ok(Verdict::Updated(path.to_owned()));
    }
    let keep = policy.passed && !policy.ci;
    if keep {
        write(&new, &text)?;
    }
    Ok(Verdict::Differs {
        differences: compare(&expected, &actual),
        rendered: render(&expected, &actual),
        new: keep.then_some(new),
    })
}

fn read(path: &Path) -> Result<Option<Value>, SnapshotError> {
    match fs::read_to_string(path) {
        Ok(text) => parse(path, &text).map(Some),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(SnapshotError::Read { path: path.to_owned(), source }),
    }
}

fn parse(path: &Path, text: &str) -> Result<Value, SnapshotError> {
    serde_json::from_str(text).map_err(|source| SnapshotError::Parse { path: path.to_owned(), source })
}

fn remove(path: &Path) -> Result<(), SnapshotError> {
    match fs::remove_file(path) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => {
            Err(SnapshotError::Write { path: path.to_owned(), source })
        }
        _ => Ok(()),
    }
}

/// Writes a file beside `path` and renames it over `path`, which nobody ever sees half written.
fn write(path: &Path, text: &str) -> Result<(), SnapshotError> {
    // Scenarios run in parallel, in this process and in others.
    static SERIAL: AtomicU64 = AtomicU64::new(0);
    let serial = SERIAL.fetch_add(1, Ordering::Relaxed);
    let temporary = with_suffix(path, &format!(".{}-{serial}.tmp", std::process::id()));
    let replace = || {
        let mut file = File::create_new(&temporary)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&temporary, path)
    };
    replace().map_err(|source| {
        // The first error is the one to report.
        let _ = fs::remove_file(&temporary);
        SnapshotError::Write { path: path.to_owned(), source }
    })
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use tempfile::TempDir;

    const LAPTOP: Policy = Policy { update: false, ci: false, passed: true };
    const CI: Policy = Policy { ci: true, ..LAPTOP };

    struct Place {
        folder: TempDir,
        path: PathBuf,
    }

    impl Place {
        fn new() -> Place {
            let folder = TempDir::new().expect("a temporary folder");
            let path = snapshot_path(&folder.path().join("outage.toml"));
            Place { folder, path }
        }

        fn settle(&self, actual: &Value, policy: Policy) -> Verdict {
            settle(&self.path, actual, policy).expect("readable and writable")
        }

        fn files(&self) -> Vec<String> {
            let entries = fs::read_dir(self.folder.path()).expect("the folder");
            let mut names: Vec<String> = entries
                .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
                .collect();
            names.sort();
            names
        }
    }

    #[test]
    fn ci_is_any_value_but_empty_false_and_zero() {
        assert!(is_ci(Some("true")) && is_ci(Some("1")) && is_ci(Some("yes")));
        assert!(!is_ci(None) && !is_ci(Some("")) && !is_ci(Some("false")) && !is_ci(Some("0")));
    }

    #[test]
    fn a_missing_snapshot_is_written_on_a_laptop_and_then_compares_equal() {
        let place = Place::new();
        let value = json!({"ok": 1, "rate": 0.1 + 0.2, "big": u64::MAX});
        assert_eq!(place.settle(&value, LAPTOP), Verdict::Written(place.path.clone()));
        assert_eq!(place.settle(&value, CI), Verdict::Same);
        assert_eq!(place.files(), ["outage.snap.json"]);
    }

    #[test]
    fn a_missing_snapshot_is_a_failure_under_ci() {
        let place = Place::new();
        assert_eq!(place.settle(&json!(1), CI), Verdict::Missing(place.path.clone()));
        assert_eq!(place.files(), [""; 0]);
    }

    #[test]
    fn a_failed_run_writes_nothing() {
        let place = Place::new();
        let failed = Policy { passed: false, update: true, ..LAPTOP };
        assert_eq!(place.settle(&json!(1), failed), Verdict::Skipped);
        place.settle(&json!(1), LAPTOP);
        assert!(matches!(place.settle(&json!(2), failed), Verdict::Differs { new: None, .. }));
        assert_eq!(place.files(), ["outage.snap.json"]);
        assert_eq!(place.settle(&json!(1), CI), Verdict::Same);
    }

    #[test]
    fn a_mismatch_leaves_the_new_values_beside_the_old_ones_until_they_match() {
        let place = Place::new();
        place.settle(&json!({"ok": 1}), LAPTOP);
        let Verdict::Differs { differences, rendered, new } = place.settle(&json!({"ok": 2}), LAPTOP) else {
            panic!("the values differ");
        };
        assert_eq!(differences.len(), 1);
        assert!(rendered.starts_with("ok: expected 1, actual 2\n"), "{rendered}");
        assert_eq!(
            new.and_then(|path| fs::read_to_string(path).ok()).as_deref(),
            Some("{\n  \"ok\": 2\n}\n")
        );
        assert_eq!(place.files(), ["outage.snap.json", "outage.snap.json.new"]);
        assert_eq!(place.settle(&json!({"ok": 1}), LAPTOP), Verdict::Same);
        assert_eq!(place.files(), ["outage.snap.json"]);
    }

    #[test]
    fn a_mismatch_under_ci_writes_nothing() {
        let place = Place::new();
        place.settle(&json!(1), LAPTOP);
        assert!(matches!(place.settle(&json!(2), CI), Verdict::Differs { new: None, .. }));
        assert_eq!(place.files(), ["outage.snap.json"]);
    }

    #[test]
    fn update_rewrites_what_differs() {
        let place = Place::new();
        place.settle(&json!(1), LAPTOP);
        assert_eq!(
            place.settle(&json!(2), Policy { update: true, ..LAPTOP }),
            Verdict::Updated(place.path.clone())
        );
        assert_eq!(place.settle(&json!(2), CI), Verdict::Same);
    }

    #[test]
    fn a_broken_snapshot_is_an_error_that_names_the_file() {
        let place = Place::new();
        fs::write(&place.path, "{").expect("writable");
        let error = settle(&place.path, &json!(1), LAPTOP).expect_err("not JSON");
        assert!(error.to_string().contains("outage.snap.json is not a snapshot"), "{error}");
    }

    #[test]
    fn a_folder_that_is_not_there_is_an_error_and_not_a_panic() {
        let path = Path::new("/nonexistent/for/squall/a.snap.json");
        assert!(matches!(settle(path, &json!(1), LAPTOP), Err(SnapshotError::Write { .. })));
    }
}
