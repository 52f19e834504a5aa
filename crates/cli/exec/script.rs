//! Files that may be run and do not say with what: shells run them as scripts of their own, and so do `env` and `nohup`.

use rustix::io::Errno;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// What runs them.
pub(super) const SHELL: &str = "/bin/sh";
/// How much of a file is looked at, as shells do, to tell a script from a program for another machine.
const LOOK: usize = 80;

/// The script that `program` stands for, where the system refused to run it for not knowing how.
pub(super) fn script(program: &OsStr, refused: &io::Error) -> Option<PathBuf> {
    if refused.raw_os_error() != Some(Errno::NOEXEC.raw_os_error()) {
        return None;
    }
    let file = match program.as_bytes().contains(&b'/') {
        true => PathBuf::from(program),
        false => std::env::split_paths(&std::env::var_os("PATH")?)
            .map(|folder| folder.join(program))
            .find(|file| may_run(file))?,
    };
    let mut start = Vec::new();
    File::open(&file).ok()?.take(LOOK as u64).read_to_end(&mut start).ok()?;
    (!start.contains(&0)).then_some(file)
}

fn may_run(file: &Path) -> bool {
    fs::metadata(file).is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}
