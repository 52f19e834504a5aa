//! Programs that a scenario starts: processes that serve, and steps that run a command.

use std::path::PathBuf;
use std::time::Duration;

use super::{Action, Link, Place, Scenario, Step, Template, Upstream};

/// What is started, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// The program and its arguments.
    pub command: Vec<Template>,
    /// Variables of its environment beside those of squall itself.
    pub env: Vec<(String, Template)>,
    /// The folder in which it runs.
    pub folder: PathBuf,
    /// What becomes of what it writes.
    pub output: Output,
}

/// What becomes of what a program writes to stdout and stderr, beside its last lines, which are always kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Output {
    /// Nothing.
    #[default]
    Kept,
    /// Every line is told when it comes.
    Inherit,
    /// All of it goes into a file, which each run begins anew.
    File(PathBuf),
}

/// A program that runs as long as the scenario does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// Its name in `process.NAME`.
    pub name: String,
    /// What is started.
    pub program: Program,
    /// Where it listens, where that is known. Only ports have places in it.
    pub address: Option<Template>,
    /// When it is ready, where that is not at once.
    pub ready: Option<Ready>,
    /// How long it may take to end once it is asked to.
    pub grace: Duration,
}

/// How it is known that a process is ready.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ready {
    /// What is looked at.
    pub probe: Probe,
    /// How long it may take.
    pub within: Duration,
}

/// What tells that a process is ready. Only ports have places in addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Probe {
    /// It accepts a connection there.
    Tcp(Template),
    /// It answers a GET with a status of 2xx or 3xx.
    Http {
        /// Host and port.
        address: Template,
        /// The path, with its first slash.
        path: String,
    },
    /// A line on stdout has this in it.
    Stdout(String),
    /// A line on stderr has this in it.
    Stderr(String),
}

/// A command that a step runs to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// What is started.
    pub program: Program,
    /// The exit codes that are right.
    pub exits: Vec<u8>,
    /// How long it may take, where that is bounded.
    pub timeout: Option<Duration>,
    /// Whether the next step begins while it runs.
    pub background: bool,
}

impl Program {
    /// Every text with places.
    pub(crate) fn templates(&self) -> impl Iterator<Item = &Template> {
        self.command.iter().chain(self.env.iter().map(|(_, value)| value))
    }

    /// Whether it is told where `link` listens, and so may use it.
    pub(crate) fn is_told_of(&self, link: &str) -> bool {
        use super::Owner::{Balance, Link};
        let is = |place: &Place| matches!(place, Place::Of(Link | Balance, name, _) if name == link);
        self.templates().flat_map(Template::places).any(is)
    }
}

impl Process {
    /// Every text with places.
    pub(crate) fn templates(&self) -> impl Iterator<Item = &Template> {
        let probed = self.ready.as_ref().and_then(|ready| match &ready.probe {
            Probe::Tcp(address) | Probe::Http { address, .. } => Some(address),
            Probe::Stdout(_) | Probe::Stderr(_) => None,
        });
        self.program.templates().chain(&self.address).chain(probed)
    }
}

impl Scenario {
    /// The process of that name.
    pub fn process(&self, name: &str) -> Option<&Process> {
        self.processes.iter().find(|process| process.name == name)
    }

    /// The steps that run a command, in order.
    pub fn jobs(&self) -> impl Iterator<Item = (&str, &Job)> {
        self.steps.iter().filter_map(|step: &Step| match &step.action {
            Action::Run(job) => Some((step.name.as_str(), job.as_ref())),
            _ => None,
        })
    }

    /// Every program with what starts it, `process.NAME` or `run.NAME`, in the order of the file.
    pub(crate) fn programs(&self) -> impl Iterator<Item = (String, &Program)> {
        let processes = self.processes.iter().map(|each| (format!("process.{}", each.name), &each.program));
        processes.chain(self.jobs().map(|(name, job)| (format!("run.{name}"), &job.program)))
    }

    /// The names of all ports that are to be picked, each as often as it is mentioned.
    pub(crate) fn port_names(&self) -> Vec<String> {
        let upstreams = self.links.iter().flat_map(Link::ends).filter_map(|end| match end {
            Upstream::Address(text) => Some(Template::from(text.as_str())),
            _ => None,
        });
        let templates = self.processes.iter().flat_map(Process::templates);
        let templates = templates.chain(self.jobs().flat_map(|(_, job)| job.program.templates()));
        let ports = |template: &Template| -> Vec<String> {
            let named = template.places().filter_map(|place| match place {
                Place::Port(name) => Some(name.clone()),
                Place::Of(..) => None,
            });
            named.collect()
        };
        templates.cloned().chain(upstreams).flat_map(|template| ports(&template)).collect()
    }
}
