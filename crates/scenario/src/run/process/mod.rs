//! Programs of a scenario: its processes, and the commands that its steps run.

mod child;
mod group;
mod installed;
mod job;
mod ports;
mod ready;
mod serve;
mod showing;
mod tail;
mod transcript;
mod words;

pub use group::end_processes;

use super::Lines;
use super::failure::RunError;
use super::stage::Stage;
use crate::model::{Output, Owner, Part, Place, Program, Scenario, Target, Template};
use crate::report::Ledger;
use child::{Post, Started};
use job::JobState;
use ports::Ports;
use showing::Showing;
use squall_wire::{Address, Endpoint, Env, nanos};
use std::collections::BTreeMap;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::process::Command;
use tokio::sync::mpsc;
use transcript::Files;

/// How long a command that is cut short may take to end once it is asked to.
const GRACE: Duration = Duration::from_secs(2);

/// The programs of a run and what is known of them. What is still alive is killed when this is dropped.
pub(super) struct Programs {
    ports: Ports,
    /// Where processes listen that say so.
    addresses: BTreeMap<String, Endpoint>,
    processes: BTreeMap<String, Served>,
    jobs: BTreeMap<String, JobState>,
    /// The process that is being waited for.
    starting: Option<String>,
    tell: mpsc::UnboundedSender<Fall>,
    /// What went wrong with programs by itself. Taken by whoever watches over the run.
    ended: Option<Fallen>,
    files: Files,
    /// Where lines go that are to be shown as they come, to somebody who wants them.
    showing: Option<Showing>,
}

/// A process of the scenario.
#[derive(Default)]
struct Served {
    /// Nothing where it is not running.
    started: Option<Started>,
    /// What it had written when it was stopped.
    lines: Vec<String>,
    starts: u64,
    /// How long it took until it was ready, in nanoseconds.
    ready: Option<u64>,
    /// How long it may take to end.
    grace: Duration,
}

/// What goes wrong with a program while nobody waits for it.
enum Fall {
    /// A process of that name has ended that should not have.
    Ended(String, ExitStatus),
    /// What it writes cannot be written to its file: why.
    Unwritten(String),
}

/// Where it is learned what goes wrong with programs.
pub(super) struct Fallen(mpsc::UnboundedReceiver<Fall>);

impl Fallen {
    /// Waits for the next.
    pub(super) async fn next(&mut self) -> String {
        match self.0.recv().await {
            Some(fall) => told(fall),
            None => std::future::pending().await,
        }
    }

    /// Those that are known now, except those that ended well where that is `forgiven`.
    pub(super) fn known(&mut self, forgiven: bool) -> Vec<String> {
        let all = std::iter::from_fn(|| self.0.try_recv().ok());
        let counts = |fall: &Fall| !(forgiven && matches!(fall, Fall::Ended(_, status) if status.success()));
        all.filter(counts).map(told).collect()
    }
}

fn told(fall: Fall) -> String {
    match fall {
        Fall::Ended(name, status) => {
            format!("process `{name}` {} while the scenario ran", words::ending(status))
        }
        Fall::Unwritten(why) => why,
    }
}

impl Programs {
    /// Looks whether all programs are installed, opens the files for what they write, and picks ports.
    pub(super) fn new(scenario: &Scenario, lines: Option<Lines>) -> Result<Programs, RunError> {
        installed::check(scenario)?;
        let shows = scenario.programs().any(|(_, program)| program.output == Output::Inherit);
        let (tell, ended) = mpsc::unbounded_channel();
        let served = |grace| Served { grace, ..Served::default() };
        let mut programs = Programs {
            ports: Ports::pick(scenario.port_names()).map_err(RunError::Ports)?,
            addresses: BTreeMap::new(),
            processes: scenario
                .processes
                .iter()
                .map(|each| (each.name.clone(), served(each.grace)))
                .collect(),
            jobs: BTreeMap::new(),
            starting: None,
            tell,
            ended: Some(Fallen(ended)),
            files: transcript::open(scenario.programs())?,
            showing: lines.filter(|_| shows).map(Showing::start).transpose()?,
        };
        for process in &scenario.processes {
            let address =
                process.address.as_ref().and_then(|address| programs.with_ports(address).parse().ok());
            programs.addresses.extend(address.map(|address| (process.name.clone(), address)));
        }
        Ok(programs)
    }

    /// Where it is learned that a process has ended; once.
    pub(super) fn fallen(&mut self) -> Fallen {
        self.ended.take().unwrap_or_else(|| Fallen(mpsc::unbounded_channel().1))
    }

    /// The process that is being waited for until it is ready.
    pub(super) fn starting(&self) -> Option<&str> {
        self.starting.as_deref()
    }

    /// A text in which only ports have places.
    pub(super) fn with_ports(&self, template: &Template) -> String {
        template.fill(|place| match place {
            Place::Port(name) => self.ports.get(name).to_string(),
            Place::Of(..) => String::new(),
        })
    }

    /// Where a process listens; the reader has seen to it that it says so.
    pub(super) fn address(&self, name: &str) -> Option<Endpoint> {
        self.addresses.get(name).cloned()
    }

    /// Ends commands that still run: they are clients of what is left, so they come first.
    pub(super) async fn end_jobs(&mut self, env: &Env) {
        let running = self.jobs.values_mut().filter(|job| job.outcome().is_none());
        end(env, running.map(|job| (job.started(), GRACE)).collect()).await;
    }

    /// Ends all that is left, processes and what commands have left behind.
    pub(super) async fn end(&mut self, env: &Env) {
        let jobs = self.jobs.values_mut().map(|job| (job.started(), GRACE));
        let processes = self.processes.values_mut();
        let processes = processes.filter_map(|each| Some((each.started.as_mut()?, each.grace)));
        end(env, processes.chain(jobs).collect()).await;
        if let Some(showing) = &self.showing {
            showing.settle(env).await;
        }
    }

    /// Notes what a report has of them.
    pub(super) fn tally(&self, ledger: &mut Ledger) {
        for (name, process) in &self.processes {
            ledger.put(&format!("process.{name}.starts"), process.starts);
            ledger.put_measured(&format!("process.{name}.ready"), process.ready);
        }
        for (name, job) in &self.jobs {
            let (code, took) = job.outcome().unzip();
            ledger.put_measured(&format!("run.{name}.exit"), code);
            ledger.put_measured(&format!("run.{name}.elapsed"), took);
        }
    }

    /// The last lines that each has written, where it has.
    pub(super) fn output(&self) -> BTreeMap<String, Vec<String>> {
        let processes = self.processes.iter().map(|(name, each)| (format!("process.{name}"), each.lines()));
        let jobs = self.jobs.iter().map(|(name, job)| (format!("run.{name}"), job.lines()));
        processes.chain(jobs).filter(|(_, lines)| !lines.is_empty()).collect()
    }
}

/// Ends all of these at the same time, each after its grace at the latest.
async fn end(env: &Env, mut all: Vec<(&mut Started, Duration)>) {
    let now = env.now();
    for (started, _) in &all {
        started.off_duty();
        started.ask();
    }
    for (started, grace) in &mut all {
        started.end(env, now.saturating_add(nanos(*grace))).await;
    }
}

impl Stage {
    /// Starts a program. `what` is its name in messages, `wanted` a text that is looked for in what it writes.
    fn launch(
        &mut self,
        what: &str,
        program: &Program,
        wanted: Option<(tail::Which, String)>,
        post: Post,
    ) -> Result<Started, RunError> {
        let failed = |program: String, source| RunError::Program { what: what.to_owned(), program, source };
        let filled: Vec<String> = program.command.iter().map(|word| self.fill(word)).collect();
        let name = filled.first().cloned().unwrap_or_default();
        if !program.folder.as_os_str().is_empty() && !program.folder.is_dir() {
            let missing = std::io::Error::new(std::io::ErrorKind::NotFound, "there is no such folder");
            return Err(failed(program.folder.display().to_string(), missing));
        }
        // A relative file counts from where the program runs, on every system.
        let path = match std::path::absolute(program.folder.join(&name)) {
            Ok(path) if name.contains('/') => path,
            _ => name.clone().into(),
        };
        let mut command = Command::new(path);
        command.args(&filled[1..]).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.envs(program.env.iter().map(|(key, value)| (key, self.fill(value))));
        if !program.folder.as_os_str().is_empty() {
            command.current_dir(&program.folder);
        }
        for place in program.templates().flat_map(Template::places) {
            if let Place::Port(port) = place {
                self.programs.ports.release(port);
            }
        }
        let transcript = || self.programs.transcript(what, program);
        Started::spawn(&mut command, self.env(), wanted, [transcript(), transcript()], post)
            .map_err(|source| failed(name, source))
    }

    /// A text with all its places filled in.
    fn fill(&self, template: &Template) -> String {
        template.fill(|place| match place {
            Place::Port(name) => self.programs.ports.get(name).to_string(),
            Place::Of(owner, name, part) => {
                let target = match owner {
                    Owner::Link | Owner::Balance => Target::Link(name.clone()),
                    Owner::Echo => Target::Echo(name.clone()),
                    Owner::Process => Target::Process(name.clone()),
                };
                part_of(&self.target(&target), *part)
            }
        })
    }
}

fn part_of(address: &Address, part: Part) -> String {
    match (part, address) {
        (Part::Addr, _) => address.to_string(),
        (Part::Host, Address::Ip(endpoint)) => endpoint.host.clone(),
        (Part::Port, Address::Ip(endpoint)) => endpoint.port.to_string(),
        (Part::Path, Address::Unix(path)) => path.display().to_string(),
        // The reader has refused these.
        (Part::Host | Part::Port, Address::Unix(_)) | (Part::Path, Address::Ip(_)) => String::new(),
    }
}
