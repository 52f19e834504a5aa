//! What a path leads to: whether two lead to one file, and whether that is a file at all.

use std::fs::{canonicalize, metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Whether two paths lead to the same file, which need not be there yet. Links, also hard ones, are seen through.
pub fn same_file(one: &Path, other: &Path) -> bool {
    match (metadata(one), metadata(other)) {
        (Ok(one), Ok(other)) => (one.dev(), one.ino()) == (other.dev(), other.ino()),
        (Err(_), Err(_)) => one == other || real(one).is_some_and(|one| real(other) == Some(one)),
        _ => false,
    }
}

/// Where a file would be that is not there.
fn real(path: &Path) -> Option<PathBuf> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    Some(canonicalize(folder.unwrap_or(Path::new("."))).ok()?.join(path.file_name()?))
}

/// Fails where reading `path` might never come to an end: of what is no plain file.
pub(crate) fn demand_plain(path: &Path) -> io::Result<()> {
    let found = metadata(path)?;
    // A folder is told by whoever reads it.
    match found.is_file() || found.is_dir() {
        true => Ok(()),
        false => Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no plain file")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_file_is_known_by_all_of_its_names_and_before_it_is_there() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        std::fs::create_dir(path("deep")).expect("a folder");
        assert!(same_file(&path("a"), &path("deep/../a")) && !same_file(&path("a"), &path("b")));
        std::fs::write(path("a"), "").expect("written");
        std::os::unix::fs::symlink("a", path("soft")).expect("a link");
        std::fs::hard_link(path("a"), path("hard")).expect("a link");
        for name in ["./a", "soft", "hard", "deep/../a"] {
            assert!(same_file(&path("a"), &path(name)), "{name}");
        }
        assert!(!same_file(&path("a"), &path("b")) && !same_file(&path("no/a"), &path("nor/a")));
    }

    #[test]
    fn what_has_no_end_is_no_plain_file() {
        assert!(demand_plain(Path::new("/dev/zero")).is_err());
        assert!(demand_plain(Path::new("Cargo.toml")).is_ok());
    }
}
