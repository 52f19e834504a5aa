//! The names given so far, and what each may still be used for.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::PathBuf;

use squall_faults::Carrier;

use super::assert::Moment;
use super::free::free;
use super::places::{Ports, word};
use crate::diagnostic::Diagnostic;
use crate::document::{Item, suggest};
use crate::model::{Clock, Echo, Owner, Scenario, Upstream};

/// What is known by name while a scenario is read from top to bottom.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// Where files are looked for that have relative names.
    folder: PathBuf,
    echoes: Vec<(String, Carrier)>,
    links: BTreeMap<String, LinkFaults>,
    steps: BTreeSet<String>,
    loads: BTreeMap<String, LoadState>,
    /// The built-in server that echoes and links end at, by `echo.NAME` and `link.NAME`.
    servers: BTreeMap<String, Server>,
    /// Servers and links that are down at this point, as `echo.NAME` or `link.NAME`.
    down: BTreeSet<String>,
    clock: Option<Clock>,
    /// Each with whether it says where it listens.
    processes: Vec<(String, bool)>,
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

/// The names of a link's faults.
#[derive(Debug)]
struct LinkFaults {
    carrier: Carrier,
    /// In force, at the step being read, each with its kind.
    live: Vec<(String, Option<&'static str>)>,
    /// In force at some time. A name is never given twice on a link: the report counts under it.
    all: BTreeSet<String>,
    /// A fault could not be read, so a name that seems unknown may be its.
    unread: bool,
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
        let faults = |carrier| LinkFaults { carrier, live: Vec::new(), all: BTreeSet::new(), unread: false };
        Names {
            folder,
            echoes: echoes.collect(),
            links: links.map(|(name, carrier)| (name, faults(carrier))).collect(),
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
        let echoes = scenario.echoes.iter().map(|echo| (format!("echo.{}", echo.name), server(echo)));
        let links =
            scenario.links.iter().filter_map(|link| match &scenario.route(&link.name).last()?.upstream {
                Upstream::Echo(name) => Some((format!("link.{}", link.name), server(find(name)?))),
                Upstream::Link(_) | Upstream::Process(_) | Upstream::Address(_) => None,
            });
        self.servers = echoes.chain(links).collect();
    }

    /// The built-in server that `echo.NAME` or `link.NAME` ends at; nothing where it is none of ours.
    pub(super) fn server(&self, target: &str) -> Option<&Server> {
        self.servers.get(target)
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
    pub(super) fn owner(&self, item: &Item<'_>, owner: Owner, name: &str, at: Range<usize>) {
        let named = match owner {
            Owner::Link => Named::Link(name),
            Owner::Echo => Named::Echo(name),
            Owner::Process => return self.address(item, name, at),
        };
        if !self.knows(named) {
            self.note_unknown(item, &format!("{}.{name}", word(owner)), at);
        }
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
        let links = self.links.keys().map(|name| format!("link.{name}"));
        let valid: Vec<String> = echoes.chain(links).chain(processes).collect();
        let help = suggest(text, valid.iter().map(String::as_str));
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
            Named::Link(name) => self.links.get(name).map(|link| link.carrier),
            Named::Process(_) => None,
        };
        found.unwrap_or(Carrier::Stream)
    }

    /// Splits `echo.NAME` or `link.NAME` and demands that such a thing exists.
    pub(super) fn resolve<'t>(&self, item: &Item<'_>, text: &'t str) -> Option<Named<'t>> {
        let named = match text.split_once('.') {
            Some(("echo", name)) => Named::Echo(name),
            Some(("link", name)) => Named::Link(name),
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
            Named::Link(name) => self.links.contains_key(name),
            Named::Process(name) => self.processes.iter().any(|process| process.0 == name),
        }
    }

    /// Demands that a link of that name exists.
    pub(super) fn link(&self, item: &Item<'_>) -> Option<String> {
        let text = item.text("the name of a link, such as \"api\"")?;
        let name = text.value();
        if self.links.contains_key(name) {
            return Some(name.to_owned());
        }
        let bare = name.strip_prefix("link.").filter(|bare| self.links.contains_key(*bare));
        let help = match bare {
            Some(bare) => Some(format!("links are named without `link.` here: \"{bare}\"")),
            None => suggest(name, self.links.keys().map(String::as_str)),
        };
        item.refuse(format!("there is no link `{name}`"), help);
        None
    }

    /// The name under which a fault joins a link: the one given, or the first of `latency`, `latency_2`, ... that is free.
    /// `kind` is nothing where it could not be read.
    pub(super) fn add_fault(
        &mut self,
        link: &str,
        given: Option<(&str, &Item<'_>)>,
        kind: Option<&'static str>,
    ) -> String {
        let Some(faults) = self.links.get_mut(link) else { return String::new() };
        let name = match given {
            Some((name, item)) => {
                if faults.all.contains(name) {
                    let help = "the report counts a fault under its name: give each its own".to_owned();
                    item.refuse(format!("link `{link}` has a fault named `{name}` already"), help);
                }
                name.to_owned()
            }
            None => free(kind.unwrap_or_default(), |name| faults.all.contains(name)),
        };
        if faults.all.insert(name.clone()) {
            faults.live.push((name.clone(), kind));
        }
        name
    }

    /// A fault of the link has a mistake that leaves its name unknown.
    pub(super) fn add_unread_fault(&mut self, link: &str) {
        if let Some(faults) = self.links.get_mut(link) {
            faults.unread = true;
        }
    }

    /// Whether a fault of the link went unread, so that its names are not all known.
    pub(super) fn has_unread_fault(&self, link: &str) -> bool {
        self.links.get(link).is_some_and(|faults| faults.unread)
    }

    /// Takes a fault out of force, and demands that it is in force.
    pub(super) fn clear_fault(&mut self, link: &str, name: &str, item: &Item<'_>) {
        let in_force =
            self.fault_in_force(link, name, item, "a fault is cleared after the step that injects it");
        if let (Some(_), Some(faults)) = (in_force, self.links.get_mut(link)) {
            faults.live.retain(|live| live.0 != name);
        }
    }

    /// Takes every fault of the link out of force; their names.
    pub(super) fn heal(&mut self, link: &str) -> Vec<String> {
        let Some(faults) = self.links.get_mut(link) else { return Vec::new() };
        std::mem::take(&mut faults.live).into_iter().map(|live| live.0).collect()
    }

    /// The names of all links, in alphabetical order.
    pub(super) fn all_links(&self) -> Vec<String> {
        self.links.keys().cloned().collect()
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
        let links = self.links.keys().filter(|link| *link == name).map(|_| "link");
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

    /// Demands that a fault is in force that is to be changed; its kind, where that is known.
    pub(super) fn update_fault(&self, link: &str, name: &str, item: &Item<'_>) -> Option<&'static str> {
        self.fault_in_force(link, name, item, "a fault is changed after the step that injects it")?
    }

    /// Demands that a fault is in force; `help` is for the case that no name resembles it.
    fn fault_in_force(
        &self,
        link: &str,
        name: &str,
        item: &Item<'_>,
        help: &str,
    ) -> Option<Option<&'static str>> {
        let faults = self.links.get(link)?;
        if let Some(live) = faults.live.iter().find(|live| live.0 == name) {
            return Some(live.1);
        }
        if faults.all.contains(name) {
            item.refuse(format!("`{name}` is cleared from link `{link}` already"), None);
        } else if !faults.unread {
            let near = suggest(name, faults.live.iter().map(|live| live.0.as_str()));
            item.refuse(
                format!("link `{link}` has no fault named `{name}` at this point"),
                near.or_else(|| Some(help.to_owned())),
            );
        }
        None
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
    Process(&'t str),
}
