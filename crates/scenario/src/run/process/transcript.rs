//! Where what a program writes goes besides its last lines: to whoever listens, or into a file.

use super::showing::Line;
use super::tail::plain;
use super::{Fall, Programs};
use crate::model::{Output, Program};
use crate::run::RunError;
use rustix::fs::OFlags;
use std::collections::BTreeMap;
use std::fs::{File, FileType, Metadata, metadata};
use std::io::{self, Write};
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::mpsc;

/// Bytes of a line; what goes on longer is told in several.
const LINE: usize = 16 << 10;

/// The files that programs write to, each opened once in a run, by whatever names it goes: several may share one, also one after
/// the other.
pub(super) type Files = BTreeMap<PathBuf, Arc<File>>;

/// Opens the files that programs of the scenario ask for, and empties them once all are open.
pub(super) fn open<'a>(programs: impl Iterator<Item = (String, &'a Program)>) -> Result<Files, RunError> {
    let (mut files, mut opened) = (Files::new(), BTreeMap::new());
    for (what, program) in programs {
        let Output::File(path) = &program.output else { continue };
        if files.contains_key(path) {
            continue;
        }
        let failed = |source| RunError::Output { what: what.clone(), file: path.clone(), source };
        let (file, found) = writable(path).map_err(failed)?;
        let place = (found.dev(), found.ino());
        let file = match opened.get(&place) {
            Some(known) => Arc::clone(known),
            None => Arc::new(file),
        };
        opened.insert(place, file.clone());
        files.insert(path.clone(), file);
    }
    for (path, file) in &files {
        let empty = || if file.metadata()?.is_file() { file.set_len(0) } else { Ok(()) };
        let what = "output".to_owned();
        empty().map_err(|source| RunError::Output { what, file: path.clone(), source })?;
    }
    Ok(files)
}

/// Opens a file as it is, and never waits for it.
fn writable(path: &Path) -> io::Result<(File, Metadata)> {
    // Opening a FIFO without a reader fails in words that explain nothing.
    if let Ok(found) = metadata(path) {
        refuse(found.file_type())?;
    }
    let mut options = File::options();
    options.write(true).create(true).truncate(false).custom_flags(OFlags::NONBLOCK.bits() as i32);
    let file = options.open(path)?;
    let found = file.metadata()?;
    refuse(found.file_type())?;
    Ok((file, found))
}

/// Refuses what may hold up whoever writes to it.
fn refuse(kind: FileType) -> io::Result<()> {
    let what = match kind {
        _ if kind.is_fifo() => "a FIFO",
        _ if kind.is_socket() => "a socket",
        _ if kind.is_dir() => "a folder",
        _ if kind.is_block_device() => "a block device",
        _ => return Ok(()),
    };
    Err(io::Error::new(io::ErrorKind::InvalidInput, format!("it is {what}, and no file")))
}

/// Where one output of a program goes, and what of it has not been told yet.
pub(super) enum Transcript {
    Nowhere,
    Live {
        name: Arc<str>,
        lines: mpsc::Sender<Line>,
        /// The line that has not ended yet.
        open: Vec<u8>,
    },
    File {
        what: String,
        path: PathBuf,
        file: Arc<File>,
        tell: mpsc::UnboundedSender<Fall>,
        /// As above.
        open: Vec<u8>,
    },
}

impl Programs {
    /// Where one output of a program goes; `what` is `process.NAME` or `run.NAME`.
    pub(super) fn transcript(&self, what: &str, program: &Program) -> Transcript {
        let name = what.split_once('.').map_or(what, |(_, name)| name);
        match (&program.output, &self.showing) {
            (Output::Inherit, Some(showing)) => {
                Transcript::Live { name: name.into(), lines: showing.lines(), open: Vec::new() }
            }
            (Output::File(path), _) => match self.files.get(path) {
                Some(file) => Transcript::File {
                    what: what.to_owned(),
                    path: path.clone(),
                    file: file.clone(),
                    tell: self.tell.clone(),
                    open: Vec::new(),
                },
                None => Transcript::Nowhere,
            },
            (Output::Kept | Output::Inherit, _) => Transcript::Nowhere,
        }
    }
}

impl Transcript {
    /// Takes in what was written. Waits for whoever is shown lines, so that the program does in the end.
    pub(super) async fn take(&mut self, bytes: &[u8]) {
        match self {
            Transcript::Nowhere => {}
            Transcript::Live { name, lines, open } => {
                for part in bytes.split_inclusive(|byte| *byte == b'\n') {
                    open.extend_from_slice(part);
                    if part.ends_with(b"\n") || open.len() >= LINE {
                        tell(lines, name, open).await;
                    }
                }
            }
            Transcript::File { open, .. } => {
                open.extend_from_slice(bytes);
                // Whole lines, so that those of two outputs stay apart.
                match open.iter().rposition(|byte| *byte == b'\n') {
                    Some(last) => self.write(last + 1),
                    None if open.len() >= LINE => self.write(usize::MAX),
                    None => {}
                }
            }
        }
    }

    /// Writes so many bytes of what has come, all where there are fewer, to the file.
    fn write(&mut self, most: usize) {
        let Transcript::File { what, path, file, tell, open } = self else { return };
        let bytes: Vec<u8> = open.drain(..open.len().min(most)).collect();
        let Err(error) = file.as_ref().write_all(&bytes) else { return };
        let why = squall_wire::reason(&error);
        // Nobody listens any more when the run is over.
        let _ = tell.send(Fall::Unwritten(format!("{what}: write {}: {why}", path.display())));
        *self = Transcript::Nowhere;
    }

    /// The output has ended, also where its last line has not.
    pub(super) async fn close(&mut self) {
        match self {
            Transcript::Live { name, lines, open } if !open.is_empty() => tell(lines, name, open).await,
            Transcript::File { .. } => self.write(usize::MAX),
            Transcript::Nowhere | Transcript::Live { .. } => {}
        }
    }
}

/// Has the open line shown.
async fn tell(lines: &mpsc::Sender<Line>, name: &Arc<str>, open: &mut Vec<u8>) {
    let text = plain(open);
    open.clear();
    // Nobody is shown anything any more when the run is over.
    let _ = lines.send(Line::Text(name.clone(), text)).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn lines_are_told_as_they_end_and_what_is_left_at_the_end() {
        let (lines, mut shown) = mpsc::channel(10);
        let mut told = move || match shown.try_recv() {
            Ok(Line::Text(name, text)) => Some(format!("{name}|{text}")),
            _ => None,
        };
        let mut live = Transcript::Live { name: "app".into(), lines, open: Vec::new() };
        live.take(b"one\ntw").await;
        assert_eq!((told().as_deref(), told()), (Some("app|one"), None));
        live.take(b"o\r\n\n\x1b[1mthr").await;
        live.take(&[b'x'; LINE]).await;
        live.take(b"ee").await;
        live.close().await;
        live.close().await;
        assert_eq!((told().as_deref(), told().as_deref()), (Some("app|two"), Some("app|")));
        assert_eq!(told().map(|line| line.len()), Some("app|[1mthr".len() + LINE));
        assert_eq!((told().as_deref(), told()), (Some("app|ee"), None));
    }

    #[test]
    fn one_file_is_opened_once_by_whatever_names_it_goes() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        std::os::unix::fs::symlink("a.log", path("link.log")).expect("a link");
        let program = |file: PathBuf| Program {
            command: Vec::new(),
            env: Vec::new(),
            folder: PathBuf::new(),
            output: Output::File(file),
        };
        let programs = ["a.log", "./a.log", "link.log", "b.log"].map(|name| program(path(name)));
        let files = open(programs.iter().map(|each| ("process.p".to_owned(), each))).expect("writable");
        let file = |at: usize| match &programs[at].output {
            Output::File(path) => files.get(path).expect("opened"),
            _ => unreachable!(),
        };
        // `a.log` and `./a.log` are the same key already; the link is not.
        assert!(Arc::ptr_eq(file(0), file(1)) && Arc::ptr_eq(file(0), file(2)));
        assert!(!Arc::ptr_eq(file(0), file(3)));
    }
}
