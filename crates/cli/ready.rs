//! Says what was bound, once everything is: a ready line for each address, and a file for programs.

use crate::Failure;
use std::fs;
use std::io::{Write, stdout};
use std::path::{Path, PathBuf};

/// The sockets that a command has bound, in order.
#[derive(Clone, Default)]
pub(crate) struct Bound(Vec<Socket>);

#[derive(Clone, PartialEq, Eq)]
struct Socket {
    /// The name in the port file.
    name: String,
    /// The line, up to the address.
    what: String,
    addr: String,
}

impl Bound {
    /// Notes a bound socket. Names are told apart by number where they repeat; yields the one it got.
    pub(crate) fn note(&mut self, name: &str, what: impl Into<String>, addr: impl ToString) -> String {
        let mut unique = name.to_owned();
        let mut n = 2;
        while self.0.iter().any(|socket| socket.name == unique) {
            unique = format!("{name}_{n}");
            n += 1;
        }
        self.0.push(Socket { name: unique.clone(), what: what.into(), addr: addr.to_string() });
        unique
    }

    /// Writes the port file, then prints the ready lines, so that whoever waits for a line finds the file.
    pub(crate) fn announce(&self, port_file: Option<&Path>) -> Result<(), Failure> {
        self.announce_since(&Bound::default(), port_file)
    }

    /// As [`Bound::announce`], where those of `before` have been announced: the file has all, and lines are for new ones.
    pub(crate) fn announce_since(&self, before: &Bound, port_file: Option<&Path>) -> Result<(), Failure> {
        if let Some(path) = port_file {
            let lines: String = self.0.iter().map(|s| format!("{}={}\n", s.name, s.addr)).collect();
            write_whole(path, &lines)
                .map_err(|error| Failure::environment(format!("cannot write {}: {error}", path.display())))?;
        }
        let mut out = stdout().lock();
        for socket in self.0.iter().filter(|socket| !before.0.contains(socket)) {
            // Nobody may be reading; the server runs all the same.
            let _ = writeln!(out, "{}{}", socket.what, socket.addr);
        }
        let _ = out.flush();
        Ok(())
    }
}

/// Puts a file in place as a whole: readers see all of it or none.
fn write_whole(path: &Path, text: &str) -> std::io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".{}", std::process::id()));
    let beside = PathBuf::from(beside);
    fs::write(&beside, text)?;
    fs::rename(&beside, path).inspect_err(|_| drop(fs::remove_file(&beside)))
}
