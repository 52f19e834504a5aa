//! `cargo xtask bench`: how fast squall is, beside the relays that are installed.

mod arrivals;
mod balancing;
mod config;
mod congestion;
mod datagrams;
mod flow;
mod generators;
mod guarded;
mod machine;
mod members;
mod micro;
mod options;
mod outcome;
mod page;
mod pinger;
mod record;
mod relay;
mod row;
mod rows;
mod samples;
mod scraper;
mod senders;
mod servers;
mod show;
mod sockets;
mod subject;
mod targets;
mod toxiproxy;
mod usage;

use crate::binary;
use crate::failure::Failure;
use congestion::Congestion;
use guarded::AtEnd;
use machine::Machine;
use options::Options;
use outcome::Outcome;
use row::Row;
use std::fs;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;
use subject::{Installed, Subject};

/// The page that is written after a whole run.
const PAGE: &str = "docs/benchmarks.md";

/// As many times everything is measured.
const ROUNDS: usize = 3;

/// What every measurement needs to know.
pub(crate) struct Bench {
    pub(crate) scratch: PathBuf,
    pub(crate) cores: usize,
    pub(crate) rounds: usize,
    pub(crate) quick: bool,
    pub(crate) congestion: Congestion,
    /// Squall, its peers, and generators of load.
    pub(crate) installed: Vec<Installed>,
    /// Who is not there, and why.
    pub(crate) absent: Vec<(Subject, String)>,
    /// Where toxiproxy takes requests.
    pub(crate) toxiproxy_control: SocketAddr,
    /// Removes the scratch folder.
    _cleaning: AtEnd,
}

/// Measures what `words` ask for, and shows it.
pub(crate) fn run(root: &Path, words: &[String]) -> Result<(), Failure> {
    if let Some(("micro", rest)) = words.split_first().map(|(word, rest)| (word.as_str(), rest)) {
        return micro::run(root, rest);
    }
    let options = Options::parse(words)?;
    let rows: Vec<_> = rows::all().into_iter().filter(|row| options.wants(row.name())).collect();
    if rows.is_empty() {
        let names: Vec<_> = rows::all().iter().map(|row| row.name()).collect();
        let names = names.join(", ");
        return Err(Failure::Usage(format!(
            "`{}` is in the name of no row; there are {names}, and micro",
            options.filter
        )));
    }
    if options.list {
        rows.iter().for_each(|row| println!("{:<12} {}", row.name(), row.title()));
        return Ok(());
    }
    let bench = Bench::prepare(root, &options)?;
    let machine = Machine::this();
    let measured: Vec<_> = rows.into_iter().map(|row| bench.measure(row)).collect();
    if let Some(path) = &options.json {
        let document = record::of(&bench, &machine, &measured);
        fs::write(path, format!("{document:#}\n")).map_err(|error| Failure::file("write", path, &error))?;
    }
    let text = page::whole(&bench, &machine, &measured);
    print!("{text}");
    if options.filter.is_empty() && !options.quick {
        let path = root.join(PAGE);
        fs::write(&path, text).map_err(|error| Failure::file("write", &path, &error))?;
    }
    Ok(())
}

impl Bench {
    fn prepare(root: &Path, options: &Options) -> Result<Bench, Failure> {
        let environment = |error: io::Error| Failure::Environment(format!("cannot prepare the run: {error}"));
        let program = binary::locate(root, true)?;
        let version = version_of(&program)?;
        let mut installed = vec![Installed { subject: Subject::Squall, program, version }];
        let mut absent = Vec::new();
        for other in Subject::PEERS.into_iter().chain(Subject::GENERATORS) {
            match other.find() {
                Ok(found) => installed.push(found),
                Err(why) => absent.push((other, why)),
            }
        }
        raise_descriptor_limit();
        let scratch = std::env::temp_dir().join(format!("squall-bench-{}", std::process::id()));
        let cleaning = AtEnd::run(r#"rm -rf -- "$1""#, &[&scratch]).map_err(environment)?;
        fs::create_dir_all(&scratch).map_err(environment)?;
        Ok(Bench {
            scratch,
            cores: machine::cores(),
            rounds: options.rounds.unwrap_or(if options.quick { 1 } else { ROUNDS }),
            quick: options.quick,
            congestion: Congestion::pin(),
            installed,
            absent,
            toxiproxy_control: (Ipv4Addr::LOCALHOST, sockets::free_port().map_err(environment)?).into(),
            _cleaning: cleaning,
        })
    }

    /// How long to measure what usually takes `span`.
    pub(crate) fn span(&self, span: Duration) -> Duration {
        if self.quick { span / 4 } else { span }
    }

    /// The program of a relay that takes part.
    pub(crate) fn installed(&self, subject: Subject) -> io::Result<&Installed> {
        let found = self.installed.iter().find(|one| one.subject == subject);
        found.ok_or_else(|| io::Error::other(format!("{} is not installed", subject.name())))
    }

    /// Every round of a row: everybody in turn, so that what disturbs the machine disturbs them alike.
    fn measure(&self, row: Box<dyn Row>) -> (Box<dyn Row>, Outcome) {
        let mut outcome = Outcome::new(row.settings());
        let takes_part = |subject| subject == Subject::Direct || self.installed(subject).is_ok();
        for subject in row.peers() {
            if !row.subjects().contains(subject) {
                outcome.note(format!("{} is left out: it {}", subject.name(), row.excuse(*subject)));
            }
        }
        let absent = self.absent.iter().filter(|(subject, _)| row.peers().contains(subject));
        outcome.notes.extend(absent.map(|(subject, why)| format!("left out: {}: {why}", subject.name())));
        for round in 1..=self.rounds {
            for setting in 0..outcome.settings.len() {
                for subject in row.subjects().iter().copied().filter(|subject| takes_part(*subject)) {
                    let names = [row.name(), &outcome.settings[setting], subject.name()];
                    let name =
                        names.into_iter().filter(|name| !name.is_empty()).collect::<Vec<_>>().join(" ");
                    eprintln!("round {round}: {name}");
                    let figures = row.measure(self, subject, setting);
                    if let Err(error) = &figures {
                        outcome.note(format!("{name}: {error}"));
                    }
                    outcome.add(subject, setting, figures.ok());
                }
            }
        }
        (row, outcome)
    }
}

/// What the binary says of itself.
fn version_of(program: &Path) -> Result<String, Failure> {
    let output = std::process::Command::new(program).arg("--version").output();
    let output = output.map_err(|error| Failure::program(program.display(), &error))?;
    let told = String::from_utf8_lossy(&output.stdout);
    Ok(told.split_whitespace().last().unwrap_or("of unknown version").to_owned())
}

/// As many descriptors as the system gives: for this process and the relays it starts.
fn raise_descriptor_limit() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    // Fewer are enough for most rows; the others say so.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
}
