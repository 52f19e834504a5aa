//! A relay in front of a server of ours: started, waited for, and gone when dropped.

use crate::bench::balancing::Pool;
use crate::bench::guarded::Guarded;
use crate::bench::subject::{Subject, nginx_module};
use crate::bench::{Bench, config, sockets, toxiproxy, usage};
use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How long a relay may take to listen.
const PATIENCE: Duration = Duration::from_secs(5);

/// What the relay does to what the client sends, or to the answers.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Doing {
    Nothing,
    /// Nothing either, and it is bulk: who has a better way for that takes it.
    Bulk,
    /// Holds what the client sends for so long.
    DelayUp(Duration),
    /// Holds the answers for so long.
    DelayDown(Duration),
    /// Lets so many bytes per second of what the client sends through.
    RateUp(u64),
    /// Nothing, and shows its metrics there.
    Watched(SocketAddr),
    /// Relays datagrams, and does nothing to them.
    Datagrams,
    /// Nothing: its links are made by calls to where it listens.
    Control,
}

/// The way to a server: through a relay, or none.
pub(crate) struct Relay {
    /// Where clients connect.
    pub(crate) addr: SocketAddr,
    process: Option<Guarded>,
}

impl Relay {
    /// Starts `subject` in front of `upstream`, and waits until it listens.
    pub(crate) fn start(
        bench: &Bench,
        subject: Subject,
        upstream: SocketAddr,
        doing: Doing,
    ) -> io::Result<Relay> {
        if subject == Subject::Direct {
            return Ok(Relay { addr: upstream, process: None });
        }
        let addr = free_addr()?;
        let args = arguments(bench, subject, addr, upstream, doing)?;
        Relay::run(bench, subject, addr, args, || match subject {
            Subject::Toxiproxy if doing != Doing::Control => {
                toxiproxy::link(bench.toxiproxy_control, addr, upstream, doing, PATIENCE)
            }
            _ => wait_for(addr, doing == Doing::Datagrams),
        })
    }

    /// Starts `subject` in front of several servers that get connections in turn, and waits until it listens.
    pub(crate) fn balancing(bench: &Bench, subject: Subject, pool: Pool<'_>) -> io::Result<Relay> {
        let addr = free_addr()?;
        let args = match subject {
            Subject::Squall => words(&pool.squall(addr)),
            Subject::Haproxy => configured(bench, subject, pool.haproxy(addr, bench.cores))?,
            Subject::Nginx => {
                let module = nginx_module().map(|path| path.display().to_string());
                configured(bench, subject, pool.nginx(addr, bench.cores, module.as_deref()))?
            }
            _ => return Err(io::ErrorKind::Unsupported.into()),
        };
        Relay::run(bench, subject, addr, args, || wait_for(addr, false))
    }

    /// Starts the program, and waits for it as `ready` does.
    fn run(
        bench: &Bench,
        subject: Subject,
        addr: SocketAddr,
        args: Vec<OsString>,
        ready: impl FnOnce() -> io::Result<()>,
    ) -> io::Result<Relay> {
        let installed = bench.installed(subject)?;
        let log_path = bench.scratch.join("relay.log");
        let log = File::create(&log_path)?;
        let process = Guarded::start(installed.program.as_os_str(), &args, log)?;
        let relay = Relay { addr, process: Some(process) };
        ready().map_err(|error| {
            let said = fs::read_to_string(&log_path).unwrap_or_default();
            io::Error::other(format!("{} {error}; it says: {}", subject.name(), said.trim()))
        })?;
        Ok(relay)
    }

    /// Seconds on the processors so far; none without a relay.
    pub(crate) fn cpu_seconds(&self) -> f64 {
        self.process.as_ref().map_or(0.0, |process| usage::cpu_seconds(process.group()))
    }

    /// Memory in use; none without a relay.
    pub(crate) fn resident_bytes(&self) -> f64 {
        self.process.as_ref().map_or(0.0, |process| usage::resident_bytes(process.group()))
    }
}

pub(crate) fn free_addr() -> io::Result<SocketAddr> {
    Ok(SocketAddr::from((Ipv4Addr::LOCALHOST, sockets::free_port()?)))
}

pub(crate) fn words(line: &str) -> Vec<OsString> {
    line.split(' ').map(OsString::from).collect()
}

/// The arguments, and the configuration file where there is one.
fn arguments(
    bench: &Bench,
    subject: Subject,
    addr: SocketAddr,
    upstream: SocketAddr,
    doing: Doing,
) -> io::Result<Vec<OsString>> {
    let cores = bench.cores;
    Ok(match subject {
        Subject::Direct => Vec::new(),
        Subject::Wrk | Subject::Sockperf => return Err(io::ErrorKind::Unsupported.into()),
        Subject::Squall => words(&config::squall(addr, upstream, doing)),
        Subject::Haproxy => {
            configured(bench, subject, config::haproxy(addr, upstream, cores, doing == Doing::Bulk))?
        }
        Subject::Nginx => {
            let module = nginx_module().map(|path| path.display().to_string());
            let datagrams = doing == Doing::Datagrams;
            configured(bench, subject, config::nginx(addr, upstream, cores, module.as_deref(), datagrams))?
        }
        Subject::Socat => words(&config::socat(addr, upstream)),
        Subject::Toxiproxy if doing == Doing::Control => words(&config::toxiproxy(addr)),
        Subject::Toxiproxy => words(&config::toxiproxy(bench.toxiproxy_control)),
    })
}

/// Writes the configuration, and yields the arguments that name it.
fn configured(bench: &Bench, subject: Subject, text: String) -> io::Result<Vec<OsString>> {
    let file = bench.scratch.join(format!("{}.conf", subject.name()));
    fs::write(&file, text)?;
    Ok(match subject {
        Subject::Nginx => {
            let prefix = bench.scratch.clone().into_os_string();
            vec!["-p".into(), prefix, "-c".into(), file.into(), "-e".into(), "stderr".into()]
        }
        _ => vec!["-db".into(), "-f".into(), file.into()],
    })
}

/// Waits until somebody listens at `addr`, without connecting: a server behind it would count that.
pub(crate) fn wait_for(addr: SocketAddr, datagrams: bool) -> io::Result<()> {
    let table = if datagrams { "/proc/net/udp" } else { "/proc/net/tcp" };
    let began = Instant::now();
    while !is_listed(&fs::read_to_string(table)?, addr.port(), datagrams) {
        if began.elapsed() > PATIENCE {
            return Err(io::Error::other(format!("does not listen after {PATIENCE:?}")));
        }
        sleep(Duration::from_millis(2));
    }
    Ok(())
}

/// Whether `table` has a socket that is bound to the port, and listens where it is not for datagrams.
fn is_listed(table: &str, port: u16, datagrams: bool) -> bool {
    let wanted = format!(":{port:04X}");
    table.lines().any(|line| {
        let mut fields = line.split_whitespace().skip(1);
        let (local, _remote, state) = (fields.next(), fields.next(), fields.next());
        local.is_some_and(|local| local.ends_with(&wanted)) && (datagrams || state == Some("0A"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listener_is_told_from_a_connection() {
        let table = "  sl  local_address rem_address   st\n   \
                     0: 0100007F:1F90 00000000:0000 0A 0\n   1: 0100007F:1F91 0100007F:9000 01 0\n";
        assert!(is_listed(table, 8080, false));
        assert!(!is_listed(table, 8081, false), "a connection");
        assert!(is_listed(table, 8081, true));
        assert!(!is_listed(table, 0x9000, true), "the other end");
    }
}
