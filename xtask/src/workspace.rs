//! The checkout: where it is, and which files belong to it.

use crate::failure::Failure;
use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The folder of the workspace's manifest.
pub(crate) fn root() -> &'static Path {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().unwrap_or(manifest)
}

/// The cargo that runs this command, else the one on the path.
pub(crate) fn cargo() -> OsString {
    env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

/// Whether a missing record is a failure rather than an occasion to write it: `CI` is set and does not say no.
pub(crate) fn is_ci() -> bool {
    env::var("CI").is_ok_and(|value| !matches!(value.as_str(), "" | "0" | "false"))
}

/// Every file of the project under `root`, relative to it and sorted: what git tracks or would track, and without git
/// everything outside `target` and hidden build folders.
pub(crate) fn files(root: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut files = match listed_by_git(root) {
        Some(files) => files,
        None => {
            let mut files = Vec::new();
            walk(root, Path::new(""), &mut files)?;
            files
        }
    };
    files.sort();
    files.dedup();
    Ok(files)
}

/// The files below `folder` of `root`, relative to `root` and sorted; none if there is no such folder.
pub(crate) fn below(root: &Path, folder: &str) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    if root.join(folder).is_dir() {
        walk(root, Path::new(folder), &mut files)?;
    }
    files.sort();
    Ok(files)
}

/// None where git is absent or `root` is not a checkout. A file that is tracked but deleted is left out.
fn listed_by_git(root: &Path) -> Option<Vec<PathBuf>> {
    let listing = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
    let output = Command::new("git").args(listing).current_dir(root).output().ok()?;
    if !output.status.success() {
        return None;
    }
    let names = String::from_utf8_lossy(&output.stdout);
    let files = names.split('\0').filter(|name| !name.is_empty()).map(PathBuf::from);
    Some(files.filter(|file| root.join(file).is_file()).collect())
}

fn walk(root: &Path, folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Failure> {
    let at = root.join(folder);
    let unreadable = |error| Failure::file("read", &at, &error);
    for entry in fs::read_dir(&at).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let path = folder.join(entry.file_name());
        if !entry.file_type().map_err(unreadable)?.is_dir() {
            files.push(path);
        } else if entry.file_name() != "target" && entry.file_name() != ".git" {
            walk(root, &path, files)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_walk_without_git_leaves_build_folders_out() {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in [("a/b.rs", ""), ("target/debug/c.rs", ""), (".ci/run", ""), (".git/HEAD", "")] {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let mut files = Vec::new();
        walk(folder.path(), Path::new(""), &mut files).unwrap();
        files.sort();
        assert_eq!(files, [Path::new(".ci/run"), Path::new("a/b.rs")]);
    }

    #[test]
    fn a_folder_that_is_absent_holds_no_files() {
        let folder = tempfile::tempdir().unwrap();
        assert!(below(folder.path(), "fixtures").unwrap().is_empty());
    }
}
