//! Who is measured: no relay at all, squall, and the relays and generators of load of others that are installed.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Subject {
    /// Client and server without anything between them.
    Direct,
    Squall,
    Haproxy,
    Nginx,
    Socat,
    Toxiproxy,
    /// A generator of load over HTTP.
    Wrk,
    /// A generator of load that sends one message at a time.
    Sockperf,
}

/// A program that is installed.
pub(crate) struct Installed {
    pub(crate) subject: Subject,
    pub(crate) program: PathBuf,
    /// What it says of its version.
    pub(crate) version: String,
}

impl Subject {
    /// The relays of others.
    pub(crate) const PEERS: [Subject; 4] =
        [Subject::Haproxy, Subject::Nginx, Subject::Socat, Subject::Toxiproxy];

    /// The generators of load of others.
    pub(crate) const GENERATORS: [Subject; 2] = [Subject::Wrk, Subject::Sockperf];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Subject::Direct => "direct",
            Subject::Squall => "squall",
            Subject::Haproxy => "haproxy",
            Subject::Nginx => "nginx",
            Subject::Socat => "socat",
            Subject::Toxiproxy => "toxiproxy",
            Subject::Wrk => "wrk",
            Subject::Sockperf => "sockperf",
        }
    }

    pub(crate) fn is_peer(self) -> bool {
        Subject::PEERS.contains(&self)
    }

    /// The program and how it is asked for its version.
    fn program(self) -> (&'static str, &'static str) {
        match self {
            Subject::Toxiproxy => ("toxiproxy-server", "-version"),
            Subject::Socat => ("socat", "-V"),
            Subject::Sockperf => ("sockperf", "--version"),
            other => (other.name(), "-v"),
        }
    }

    /// Looks for it.
    ///
    /// # Errors
    /// Why it cannot take part.
    pub(crate) fn find(self) -> Result<Installed, String> {
        let (name, flag) = self.program();
        let program = on_path(name).ok_or_else(|| format!("{name} is not on the path"))?;
        if self == Subject::Nginx && !nginx_has_streams(&program) {
            return Err("this nginx has no stream module".to_owned());
        }
        let output = Command::new(&program).arg(flag).stdin(Stdio::null()).output();
        let output = output.map_err(|error| format!("{name} does not start: {error}"))?;
        let told = [output.stdout, output.stderr].concat();
        let version = version(&String::from_utf8_lossy(&told));
        Ok(Installed { subject: self, program, version })
    }
}

/// Where programs are; those of administrators are not on everybody's path.
fn on_path(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = env::split_paths(&path).chain(["/usr/sbin", "/usr/local/sbin"].map(PathBuf::from));
    folders.map(|folder| folder.join(name)).find(|program| program.is_file())
}

/// The module that Debian and others load at run time, where it is there.
pub(crate) fn nginx_module() -> Option<&'static Path> {
    let places =
        ["/usr/lib/nginx/modules/ngx_stream_module.so", "/usr/lib64/nginx/modules/ngx_stream_module.so"];
    places.map(Path::new).into_iter().find(|place| place.is_file())
}

fn nginx_has_streams(program: &Path) -> bool {
    let configured = Command::new(program).arg("-V").output();
    let built_in = configured.is_ok_and(|output| {
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        told.split_whitespace().any(|option| option == "--with-stream")
    });
    built_in || nginx_module().is_some()
}

/// The first word that begins with a number and has a dot in it.
fn version(told: &str) -> String {
    let words = told.split(|c: char| c.is_whitespace() || c == '/');
    let mut numbers =
        words.filter(|word| word.starts_with(|c: char| c.is_ascii_digit()) && word.contains('.'));
    numbers.next().unwrap_or("of unknown version").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_found_in_what_programs_say() {
        for (told, expected) in [
            ("HAProxy version 2.6.12-1 2026/10/17 - https://haproxy.org/", "2.6.12-1"),
            ("nginx version: nginx/1.22.1\n", "1.22.1"),
            ("socat by Gerhard Rieger\nsocat version 1.7.4.4 on 06 Nov", "1.7.4.4"),
            ("toxiproxy-server version git", "of unknown version"),
            ("wrk debian/4.1.0-3+b2 [epoll] Copyright (C) 2012", "4.1.0-3+b2"),
            ("sockperf, version 3.7-no.git\n", "3.7-no.git"),
        ] {
            assert_eq!(version(told), expected);
        }
    }
}
