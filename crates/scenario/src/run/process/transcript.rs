//! Where what a program writes goes besides its last lines: to whoever listens, or into a file.

use super::tail::plain;
use super::{Fall, Programs};
use crate::model::{Output, Program};
use crate::run::{Lines, RunError};
use std::collections::btree_map::{BTreeMap, Entry};
use std::fs::File;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::mpsc;

/// Bytes of a line; what goes on longer is told in several.
const LINE: usize = 16 << 10;

/// The files that programs write to, each opened once in a run: several may share one, also one after the other.
pub(super) type Files = BTreeMap<PathBuf, Arc<File>>;

/// Opens the files that programs of the scenario ask for, and empties them.
pub(super) fn open<'a>(programs: impl Iterator<Item = (String, &'a Program)>) -> Result<Files, RunError> {
    let mut files = Files::new();
    for (what, program) in programs {
        let Output::File(path) = &program.output else { continue };
        if let Entry::Vacant(place) = files.entry(path.clone()) {
            let opened = File::create(path);
            let file = opened.map_err(|source| RunError::Output { what, file: path.clone(), source })?;
            place.insert(Arc::new(file));
        }
    }
    Ok(files)
}

/// Where one output of a program goes, and what of it has not been told yet.
pub(super) enum Transcript {
    Nowhere,
    Live {
        name: String,
        lines: Lines,
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
        let name = what.split_once('.').map_or(what, |(_, name)| name).to_owned();
        match (&program.output, &self.lines) {
            (Output::Inherit, Some(lines)) => {
                Transcript::Live { name, lines: lines.clone(), open: Vec::new() }
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
    /// Takes in what was written.
    pub(super) fn take(&mut self, bytes: &[u8]) {
        match self {
            Transcript::Nowhere => {}
            Transcript::Live { name, lines, open } => {
                for part in bytes.split_inclusive(|byte| *byte == b'\n') {
                    open.extend_from_slice(part);
                    if part.ends_with(b"\n") || open.len() >= LINE {
                        lines.tell(name, &plain(open));
                        open.clear();
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
    pub(super) fn close(&mut self) {
        match self {
            Transcript::Live { name, lines, open } if !open.is_empty() => {
                lines.tell(name, &plain(open));
                open.clear();
            }
            Transcript::File { .. } => self.write(usize::MAX),
            Transcript::Nowhere | Transcript::Live { .. } => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    #[test]
    fn lines_are_told_as_they_end_and_what_is_left_at_the_end() {
        let told = Arc::new(Mutex::new(Vec::new()));
        let heard = told.clone();
        let lines = Lines::new(move |name, line| {
            heard.lock().expect("no panic").push(format!("{name}|{line}"));
        });
        let mut live = Transcript::Live { name: "app".to_owned(), lines, open: Vec::new() };
        live.take(b"one\ntw");
        let so_far = told.lock().expect("no panic").clone();
        assert_eq!(so_far, ["app|one"]);
        live.take(b"o\r\n\n\x1b[1mthr");
        live.take(&[b'x'; LINE]);
        live.take(b"ee");
        live.close();
        live.close();
        let told = told.lock().expect("no panic");
        assert_eq!(told[1..3], ["app|two", "app|"]);
        assert_eq!(told[3].len(), "app|[1mthr".len() + LINE);
        assert_eq!((told.len(), told[4].as_str()), (5, "app|ee"));
    }
}
