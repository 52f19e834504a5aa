//! Puts new files in place: all of them or none, and none over another.

use super::tidy;
use crate::Failure;
use std::fs;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

/// A file that is to be.
pub(super) struct New {
    pub(super) path: PathBuf,
    pub(super) text: &'static str,
}

/// Writes the files.
///
/// # Errors
/// Where one is there already, which is wrong usage, or cannot be written; then none is left.
pub(super) fn place(files: &[New]) -> Result<(), Failure> {
    let taken = |path: &Path| Failure::usage(format!("{} is there already; nothing was written", tidy(path)));
    // Looked at first, so that a mistake leaves no folder behind either.
    if let Some(file) = files.iter().find(|file| file.path.symlink_metadata().is_ok()) {
        return Err(taken(&file.path));
    }
    let mut undo = Undo::default();
    for file in files {
        write(file, &mut undo).map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists => taken(&file.path),
            _ => Failure::environment(format!("cannot write {}: {error}", tidy(&file.path))),
        })?;
    }
    undo.made.clear();
    Ok(())
}

/// Removes what was made, last things first, unless that is forgotten.
#[derive(Default)]
struct Undo {
    made: Vec<Made>,
}

enum Made {
    Folder(PathBuf),
    File(PathBuf),
}

impl Drop for Undo {
    fn drop(&mut self) {
        for made in self.made.iter().rev() {
            // What cannot be removed is somebody else's by now.
            let _ = match made {
                Made::Folder(path) => fs::remove_dir(path),
                Made::File(path) => fs::remove_file(path),
            };
        }
    }
}

fn write(file: &New, undo: &mut Undo) -> io::Result<()> {
    let folder = file.path.parent().unwrap_or(Path::new("."));
    make(folder, undo)?;
    let mut beside = file.path.as_os_str().to_owned();
    beside.push(format!(".{}", std::process::id()));
    let beside = PathBuf::from(beside);
    let whole = fs::write(&beside, file.text).and_then(|()| match fs::hard_link(&beside, &file.path) {
        // Some file systems know no links. The file is new all the same.
        Err(error) if error.kind() != ErrorKind::AlreadyExists => create(&file.path, file.text),
        linked => linked,
    });
    let _ = fs::remove_file(&beside);
    whole?;
    undo.made.push(Made::File(file.path.clone()));
    Ok(())
}

fn create(path: &Path, text: &str) -> io::Result<()> {
    let mut file = fs::OpenOptions::new().write(true).create_new(true).open(path)?;
    file.write_all(text.as_bytes()).inspect_err(|_| drop(fs::remove_file(path)))
}

/// Makes a folder and those above it.
fn make(folder: &Path, undo: &mut Undo) -> io::Result<()> {
    if folder.as_os_str().is_empty() || folder.is_dir() {
        return Ok(());
    }
    if let Some(above) = folder.parent() {
        make(above, undo)?;
    }
    match fs::create_dir(folder) {
        Ok(()) => undo.made.push(Made::Folder(folder.to_owned())),
        Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
        // Somebody else was faster.
        Err(_) if folder.is_dir() => {}
        Err(_) => return Err(ErrorKind::NotADirectory.into()),
    }
    Ok(())
}
