//! The names given so far, and what each may still be used for.

mod links;

pub(super) use links::qualified;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::{Path, PathBuf};

use squall_faults::Carrier;

use super::assert::Moment;
use super::free::free;
use super::places::{Ports, word};
use crate::diagnostic::Diagnostic;
use crate::document::{Item, suggest};
use crate::model::{Clock, Echo, Owner, Part, Scenario};
use crate::place::same_file;
use crate::snapshot::snapshot_path;
use links::LinkFaults;

/// What is known by name while a scenario is read from top to bottom.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// Where files are looked for that have relative names.
    folder: PathBuf,
    /// The file that is read.
    own: PathBuf,
    echoes: Vec<(String, Carrier)>,
    links: BTreeMap<String, LinkFaults>,
    steps: BTreeSet<String>,
    loads: BTreeMap<String, LoadState>,
    /// The built-in servers that echoes and links end at, by `echo.NAME` and, balancers too, `link.NAME`.
    servers: BTreeMap<String, Vec<Server>>,
    /// Servers and links that are down at this point, as `echo.NAME` or, balancers too, `link.NAME`.
    down: BTreeSet<String>,
    clock: Option<Clock>,
    /// Each with whether it says where it listens.
    processes: Vec<(String, bool)>,
    /// Links and balancers that listen on unix sockets.
    paths: BTreeSet<String>,
    pub(super) ports: Ports,
}

/// A built-in server, as loads have to know it.
#[derive(Debug, Clone)]
pub(super) struct Server {
    pub(super) name: String,
    pub(super) http: bool,
    /// Whether it answers frames.
    pub(super) framed: bool,
}

/// What a `join` step finds when it names a load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LoadState {
    Foreground,
    Background,
    Joined,
    Stopped,
}

impl Names {
    /// The echoes and links of a scenario, each with what it speaks.
    pub(super) fn new(
        folder: PathBuf,
        echoes: impl Iterator<Item = (String, Carrier)>,
        links: impl Iterator<Item = (String, Carrier)>,
    ) -> Names {
        Names {
            folder,
            echoes: echoes.collect(),
            links: links.map(|(name, carrier)| (name, LinkFaults::new(carrier, None))).collect(),
            ..Names::default()
        }
    }

    /// Notes which servers there are, and where links end.
    pub(super) fn note_servers(&mut self, scenario: &Scenario) {
        let server = |echo: &Echo| Server {
            name: echo.name.clone(),
            http: echo.http,
            framed: !echo.http && echo.mode == squall_echo::Mode::Echo,
        };
        let find = |name: &str| scenario.echoes.iter().find(|echo| echo.name == name);
        let echoes = scenario.echoes.iter().map(|echo| (format!("echo.{}", echo.name), vec![server(echo)]));
        let links = scenario.links.iter().map(|link| {
            let route = scenario.route(&link.name);
            let ends = route.iter().flat_map(|link| link.echoes()).filter_map(find);
            (format!("link.{}", link.name), ends.map(server).collect())
        });
        self.servers = echoes.chain(links).collect();
    }

    /// The built-in servers that `echo.NAME` or `link.NAME` ends at; those that are none of ours are left out.
    pub(super) fn servers(&self, target: &str) -> &[Server] {
        self.servers.get(target).map_or(&[], Vec::as_slice)
    }

    /// Adds the file that is read.
    pub(super) fn with_own(self, name: &str) -> Names {
        Names { own: name.into(), ..self }
    }

    /// What a file is to the one that is read, where a program that wrote there would destroy it.
    pub(super) fn precious(&self, file: &Path) -> Option<&'static str> {
        let snapshot = snapshot_path(&self.own);
        let known =
            [(self.own.as_path(), "this scenario itself"), (&snapshot, "the snapshot of this scenario")];
        known.into_iter().find(|(known, _)| same_file(known, file)).map(|(_, what)| what)
    }

    /// Adds the links and balancers that listen on unix sockets.
    pub(super) fn with_paths(self, links: impl Iterator<Item = String>) -> Names {
        Names { paths: links.collect(), ..self }
    }

    /// Whether a link listens on a unix socket.
    pub(super) fn is_on_path(&self, link: &str) -> bool {
        self.paths.contains(link)
    }

    /// Adds the clock, and the processes, each with whether it says where it listens.
    pub(super) fn with_processes(
        self,
        clock: Clock,
        processes: impl Iterator<Item = (String, bool)>,
    ) -> Names {
        Names { clock: Some(clock), processes: processes.collect(), ..self }
    }

    /// Whether there may be programs beside servers and links, as in scenarios.
    pub(super) fn has_programs(&self) -> bool {
        self.clock.is_some()
    }

    /// The scenario's clock.
    pub(super) fn clock(&self) -> Clock {
        self.clock.unwrap_or(Clock::Real)
    }

    /// Demands that something listens that has its address put into a text, at `at`.
    pub(super) fn owner(&self, item: &Item<'_>, owner: Owner, name: &str, part: Part, at: Range<usize>) {
        self.part(item, owner, name, part, at.clone());
        let named = match owner {
            Owner::Link => Named::Link(name),
            Owner::Balance => Named::Balance(name),
            Owner::Echo => Named::Echo(name),
            Owner::Process => return self.address(item, name, at),
        };
        if !self.knows(named) {
            self.note_unknown(item, &format!("{}.{name}", word(owner)), at);
        }
    }

    /// Demands that an address has such a part.
    fn part(&self, item: &Item<'_>, owner: Owner, name: &str, part: Part, at: Range<usize>) {
        let on_path = matches!(owner, Owner::Link | Owner::Balance) && self.is_on_path(name);
        let (what, has) = match (on_path, part) {
            (true, Part::Host | Part::Port) => ("listens on a unix socket", "path"),
            (false, Part::Path) => ("listens on a port", "port"),
            _ => return,
        };
        let whom = format!("{}.{name}", word(owner));
        let help = format!("write {{{whom}.{has}}}, or {{{whom}.addr}} for all of it");
        item.note(Diagnostic::new(format!("`{whom}` {what}"), at).help(help));
    }

    /// Demands that there is such a process, and that it says where it listens.
    pub(super) fn address(&self, item: &Item<'_>, name: &str, at: Range<usize>) {
        match self.processes.iter().find(|process| process.0 == name) {
            None => self.note_unknown(item, &format!("process.{name}"), at),
            Some((_, true)) => {}
            Some((_, false)) => {
                let message = format!("process `{name}` does not say where it listens");
                let help = format!("add `port = \"{{port.{name}}}\"` to [process.{name}]");
                item.note(Diagnostic::new(message, at).help(help));
            }
        }
    }

    /// Notes that there is no `text`, and what is most like it.
    fn note_unknown(&self, item: &Item<'_>, text: &str, at: Range<usize>) {
        let echoes = self.echoes.iter().map(|(name, _)| format!("echo.{name}"));
        let processes = self.processes.iter().map(|(name, _)| format!("process.{name}"));
        let links = self.links.iter().map(|(name, link)| format!("{}.{name}", link.group()));
        let valid: Vec<String> = echoes.chain(links).chain(processes).collect();
        // A balancer that is taken for a link, say.
        let kin = text.split_once('.').and_then(|(_, name)| self.qualified(name));
        let kin = kin.filter(|path| valid.contains(path)).map(|path| format!("did you mean `{path}`?"));
        let help = kin.or_else(|| suggest(text, valid.iter().map(String::as_str)));
        item.note(Diagnostic::new(format!("there is no `{text}`"), at).help(help));
    }

    /// The file that the scenario calls `name`.
    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// What something speaks that accepts connections.
    pub(super) fn carrier(&self, named: Named<'_>) -> Carrier {
        let found = match named {
            Named::Echo(name) => self.echoes.iter().find(|echo| echo.0 == name).map(|echo| echo.1),
            Named::Link(name) | Named::Balance(name) => self.links.get(name).map(|link| link.carrier),
            Named::Process(_) => None,
        };
        found.unwrap_or(Carrier::Stream)
    }

    /// Splits `echo.NAME`, `link.NAME` and their like, and demands that such a thing exists.
    pub(super) fn resolve<'t>(&self, item: &Item<'_>, text: &'t str) -> Option<Named<'t>> {
        let named = match text.split_once('.') {
            Some(("echo", name)) => Named::Echo(name),
            Some(("link", name)) => Named::Link(name),
            Some(("balance", name)) => Named::Balance(name),
            Some(("process", name)) => Named::Process(name),
            _ => return None,
        };
        if !self.knows(named) {
            self.note_unknown(item, text, item.span());
        }
        Some(named)
    }

    /// Whether there is such a thing.
    pub(super) fn knows(&self, named: Named<'_>) -> bool {
        match named {
            Named::Echo(name) => self.echoes.iter().any(|echo| echo.0 == name),
            Named::Link(name) => self.links.get(name).is_some_and(|link| link.members.is_none()),
            Named::Balance(name) => self.is_balancer(name),
            Named::Process(name) => self.processes.iter().any(|process| process.0 == name),
        }
    }

    /// Notes that a server or a link is up, or down, from this point on.
    pub(super) fn switch(&mut self, path: &str, up: bool) {
        if up {
            self.down.remove(path);
        } else {
            self.down.insert(path.to_owned());
        }
    }

    /// Whether a step has taken the server or the link down.
    pub(super) fn is_down(&self, path: &str) -> bool {
        self.down.contains(path)
    }

    /// The path of what has that name alone, where only one thing has.
    pub(super) fn qualified(&self, name: &str) -> Option<String> {
        let echoes = self.echoes.iter().filter(|echo| echo.0 == name).map(|_| "echo");
        let links = self.links.get(name).into_iter().map(LinkFaults::group);
        let loads = self.loads.keys().filter(|load| *load == name).map(|_| "load");
        let processes = self.processes.iter().filter(|process| process.0 == name).map(|_| "process");
        let groups: Vec<&str> = echoes.chain(links).chain(processes).chain(loads).collect();
        match groups.as_slice() {
            [group] => Some(format!("{group}.{name}")),
            _ => None,
        }
    }

    /// What a step called `step` finds that looks at values now.
    pub(super) fn moment(&self, step: &str) -> Moment {
        let running = self.loads.iter().filter(|(_, state)| **state == LoadState::Background);
        Moment {
            running: running.map(|(name, _)| name.clone()).collect(),
            steps: self.steps.iter().filter(|name| *name != step).cloned().collect(),
        }
    }

    /// The name of a step: the one given, or the first of `load`, `load_2`, ... that is free.
    pub(super) fn add_step(&mut self, given: Option<(&str, &Item<'_>)>, action: &str) -> String {
        let name = match given {
            Some((name, item)) => {
                if self.steps.contains(name) {
                    let help = "the report counts a step under its name: give each its own".to_owned();
                    item.refuse(format!("a step is named `{name}` already"), help);
                }
                name.to_owned()
            }
            None => free(action, |name| self.steps.contains(name)),
        };
        self.steps.insert(name.clone());
        name
    }

    /// Marks the step `name` as a load, or a command, which can be joined like one.
    pub(super) fn add_load(&mut self, name: &str, background: bool) {
        let state = if background { LoadState::Background } else { LoadState::Foreground };
        self.loads.insert(name.to_owned(), state);
    }

    /// Demands that a load of that name runs in the background, and marks it as joined.
    pub(super) fn join(&mut self, item: &Item<'_>) -> Option<String> {
        let text = item.text("the name of a step in the background, such as \"upload\"")?;
        self.end_load(text.value(), LoadState::Joined, item).then(|| text.value().to_owned())
    }

    /// Demands that a load of that name runs in the background, and marks it as stopped.
    pub(super) fn stop_load(&mut self, name: &str, item: &Item<'_>) -> bool {
        self.end_load(name, LoadState::Stopped, item)
    }

    /// Whether there is such a load.
    fn end_load(&mut self, name: &str, end: LoadState, item: &Item<'_>) -> bool {
        match self.loads.get_mut(name) {
            Some(state @ LoadState::Background) => *state = end,
            Some(LoadState::Joined) => item.refuse(format!("`{name}` is joined already"), None),
            Some(LoadState::Stopped) => item.refuse(format!("`{name}` is stopped already"), None),
            Some(LoadState::Foreground) => {
                let help = "a step without `background = true` is over before the next begins".to_owned();
                item.refuse(format!("`{name}` does not run in the background"), help);
            }
            None => {
                let running = self.loads.iter().filter(|(_, state)| **state == LoadState::Background);
                let running: Vec<&str> = running.map(|(name, _)| name.as_str()).collect();
                let help = suggest(name, running.iter().copied());
                item.refuse(
                    format!("no earlier step starts a load or a command named `{name}`"),
                    help.or(Some("give it a `name` and `background = true`".to_owned())),
                );
                return false;
            }
        }
        true
    }
}

/// Something that accepts connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Named<'t> {
    Echo(&'t str),
    Link(&'t str),
    Balance(&'t str),
    Process(&'t str),
}
