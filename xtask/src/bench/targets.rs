//! Servers that generators of load are compared by: programs of their own, so that nothing of this process is in the way.

use crate::bench::guarded::Guarded;
use crate::bench::relay::{free_addr, wait_for, words};
use crate::bench::subject::Subject;
use crate::bench::{Bench, config};
use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::net::SocketAddr;

/// A server that runs as long as this lives.
pub(crate) struct Target {
    pub(crate) addr: SocketAddr,
    _process: Guarded,
}

impl Target {
    /// Answers every request over HTTP with two bytes: nginx where it is installed, else squall's own echo.
    pub(crate) fn web(bench: &Bench) -> io::Result<Target> {
        let addr = free_addr()?;
        if bench.installed(Subject::Nginx).is_err() {
            return Target::start(bench, Subject::Squall, addr, words(&format!("echo --http {addr}")));
        }
        let file = bench.scratch.join("web.conf");
        fs::write(&file, config::nginx_web(addr))?;
        let prefix = bench.scratch.clone().into_os_string();
        let args = vec!["-p".into(), prefix, "-c".into(), file.into(), "-e".into(), "stderr".into()];
        Target::start(bench, Subject::Nginx, addr, args)
    }

    /// Answers the messages of sockperf.
    pub(crate) fn sockperf(bench: &Bench) -> io::Result<Target> {
        let addr = free_addr()?;
        let args = words(&format!("server --tcp -i {} -p {}", addr.ip(), addr.port()));
        Target::start(bench, Subject::Sockperf, addr, args)
    }

    fn start(bench: &Bench, subject: Subject, addr: SocketAddr, args: Vec<OsString>) -> io::Result<Target> {
        let log_path = bench.scratch.join("target.log");
        let log = File::create(&log_path)?;
        let process = Guarded::start(bench.installed(subject)?.program.as_os_str(), &args, log)?;
        wait_for(addr, false).map_err(|error| {
            let said = fs::read_to_string(&log_path).unwrap_or_default();
            io::Error::other(format!("{} {error}; it says: {}", subject.name(), said.trim()))
        })?;
        Ok(Target { addr, _process: process })
    }
}
