//! Reads a scenario file: every mistake of it at once, or a scenario without any.

mod action;
mod assert;
mod balance;
#[cfg(test)]
mod balance_tests;
mod echo;
mod expression;
mod fault;
mod free;
mod heal;
mod http;
mod link;
mod load;
#[cfg(test)]
mod load_tests;
mod manner;
mod names;
mod nearest;
mod options;
mod places;
mod process;
mod program;
#[cfg(test)]
mod program_tests;
mod protocol;
mod run_step;
mod services;
mod spec;
mod step;
#[cfg(test)]
mod step_tests;
mod stop;
#[cfg(test)]
pub(crate) mod tests;
#[cfg(test)]
mod unix_tests;
mod vars;
#[cfg(test)]
mod vars_tests;

use std::path::Path;
use std::time::Duration;

use toml::de::DeTable;

use crate::diagnostic::{Diagnostic, Source};
use crate::document::{Errors, Item, Table, parse};
use crate::format;
use crate::model::{Clock, Scenario};
use expression::Expressions;
use names::Names;

pub use services::{is_services, read_services};

/// The version of the format.
const FORMAT: u64 = 1;
/// What time may be.
const CLOCKS: [(&str, Clock); 2] = [("real", Clock::Real), ("virtual", Clock::Virtual)];
const TIMEOUT: Duration = Duration::from_secs(60);
const GRACE: Duration = Duration::from_secs(5);

/// Reads a scenario.
///
/// ```
/// use squall_scenario::diagnostic::{Source, render};
///
/// let source = Source::new("outage.toml", "scenario = 1\nclock = \"vitual\"\n");
/// let diagnostics = squall_scenario::read(&source).unwrap_err();
/// assert_eq!(
///     render(&source, &diagnostics),
///     "\
/// error: unknown clock `vitual`
///  --> outage.toml:2:9
///   |
/// 2 | clock = \"vitual\"
///   |         ^^^^^^^^
///   |
///   = help: did you mean `virtual`?
/// "
/// );
/// ```
///
/// # Errors
///
/// Every mistake of the file, in order of position. Syntax errors stand alone: what follows from a broken document would only
/// hide them.
pub fn read(source: &Source) -> Result<Scenario, Vec<Diagnostic>> {
    read_with(source, &Overrides::default())
}

/// What somebody wants otherwise than the file has it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overrides {
    /// Another clock.
    pub clock: Option<Clock>,
    /// Texts for vars of the file, by name; the last one counts.
    pub vars: Vec<(String, String)>,
}

impl Overrides {
    /// Whether the file stays as it is.
    pub fn is_empty(&self) -> bool {
        *self == Overrides::default()
    }
}

/// As [`read`], with a clock or vars that are not the file's.
///
/// # Errors
///
/// As there, and for a var that the file does not have.
pub fn read_with(source: &Source, overrides: &Overrides) -> Result<Scenario, Vec<Diagnostic>> {
    let mut tree = parse(source.text())?.into_inner();
    if let (Some((key, _)), false) = (tree.get_key_value("up"), tree.contains_key("scenario")) {
        let help = "`squall up` starts it; `squall run` wants files with `scenario = 1`".to_owned();
        return Err(vec![Diagnostic::new("these are services, and no scenario", key.span()).help(help)]);
    }
    let errors = Errors::default();
    vars::substitute(&mut tree, source.text(), overrides, &errors);
    let scenario = document(source, &tree, overrides, &errors);
    let errors = errors.into_sorted();
    if errors.is_empty() { Ok(scenario) } else { Err(errors) }
}

/// Reads what can be read. Where something is wrong a stand-in takes its place, so that names stay known and one mistake is
/// not reported as several; with any mistake noted, the scenario is thrown away.
fn document(source: &Source, tree: &DeTable<'_>, overrides: &Overrides, errors: &Errors) -> Scenario {
    let root = Table::new(tree, "a scenario".to_owned(), 0..0, source.text(), errors);
    version(&root, "scenario", "scenario = 1");
    let mut scenario = Scenario {
        name: name(&root, source),
        seed: root.get("seed").and_then(|item| item.integer(0..=u64::MAX)).unwrap_or(0),
        clock: clock(&root, overrides),
        timeout: root.get("timeout").and_then(|item| timeout(&item)).unwrap_or(TIMEOUT),
        grace: root.get("grace").and_then(|item| item.value("5s")).unwrap_or(GRACE),
        echoes: Vec::new(),
        processes: Vec::new(),
        requires: root.get("requires").map(|item| program::requires(&item)).unwrap_or_default(),
        links: Vec::new(),
        steps: Vec::new(),
        expectations: Vec::new(),
        snapshot: None,
    };
    // Read before everything else.
    root.get("vars");
    let echoes = named(root.get("echo"), "echo.backend");
    let processes = named(root.get("process"), "process.app");
    let links = named(root.get("link"), "link.api");
    let balancers = named(root.get("balance"), "balance.pool");
    let steps = root.get("step").map(|item| item.list("[[step]]")).unwrap_or_default();
    let expects = root.get("expect").map(|item| item.list("[[expect]]")).unwrap_or_default();
    let snapshot = root.get("snapshot");
    root.close_as(&format::ROOT);

    let speaks = |item: &Item<'_>| (item.key().to_owned(), protocol::of(item));
    let folder = source.folder().to_owned();
    let mut names = Names::new(folder, echoes.iter().map(echo::speaks), links.iter().map(speaks))
        .with_own(source.name())
        .with_paths(links.iter().chain(&balancers).filter_map(link::on_path))
        .with_balancers(balancers.iter().map(|item| item.key().to_owned()))
        .with_processes(
            scenario.clock,
            processes.iter().map(|item| (item.key().to_owned(), process::is_addressed(item))),
        );
    let mut expressions = Expressions::default();
    scenario.echoes = echoes.iter().map(echo::read).collect();
    scenario.processes =
        processes.iter().map(|item| process::read(item, scenario.clock, &mut names)).collect();
    scenario.links = links
        .iter()
        .map(|item| link::read(item, scenario.clock, Some(scenario.timeout), &mut names))
        .collect();
    let pools = balancers.iter().map(|item| balance::read(item, scenario.clock, &mut names));
    scenario.links.extend(pools);
    let all: Vec<Item<'_>> = links.into_iter().chain(balancers).collect();
    link::refuse_cycles(&scenario.links, &all);
    names.note_servers(&scenario);
    scenario.steps = steps.iter().filter_map(|item| step::read(item, &mut names, &mut expressions)).collect();
    scenario.expectations =
        expects.iter().filter_map(|item| expression::expectation(item, &mut expressions)).collect();
    scenario.snapshot = snapshot.and_then(|item| expression::snapshot(&item, &mut expressions));
    expressions.check(&scenario, &names, errors);
    names.ports.check(errors);
    scenario
}

/// The file's own is looked at in any case: a mistake in it is one.
fn clock(root: &Table<'_>, overrides: &Overrides) -> Clock {
    let own = root.get("clock").and_then(|item| item.word(&CLOCKS)).unwrap_or(Clock::Real);
    overrides.clock.unwrap_or(own)
}

/// How long a scenario may take.
fn timeout(item: &Item<'_>) -> Option<Duration> {
    let timeout: Duration = item.value("60s")?;
    if timeout.is_zero() {
        item.refuse(
            "nothing can be done in no time",
            format!("write \"60s\", or leave it out for {TIMEOUT:?}"),
        );
    }
    Some(timeout)
}

fn version(root: &Table<'_>, key: &'static str, example: &str) {
    if let Some(item) = root.require(key, example) {
        match item.integer(1..=u64::MAX) {
            Some(FORMAT) | None => {}
            Some(version) => {
                let help = format!("this is version {FORMAT}; a newer squall may read the file");
                item.refuse(format!("unknown format version {version}"), help);
            }
        }
    }
}

fn name(root: &Table<'_>, source: &Source) -> String {
    let item = root.get("name");
    let given = item.as_ref().and_then(|item| item.text("a string such as \"upload survives an outage\""));
    if let (Some(item), Some(text)) = (&item, &given)
        && text.value().trim().is_empty()
    {
        item.refuse("the name is empty", "leave it out for the name of the file".to_owned());
    }
    match given {
        Some(text) => text.value().to_owned(),
        None => {
            let stem = Path::new(source.name()).file_stem();
            stem.map_or_else(|| source.name().to_owned(), |stem| stem.to_string_lossy().into_owned())
        }
    }
}

/// The tables `[KIND.NAME]`, in the order of the file.
fn named<'d>(kind: Option<Item<'d>>, example: &str) -> Vec<Item<'d>> {
    let Some(item) = kind else { return Vec::new() };
    let items = item.table(item.key()).map(Table::into_items).unwrap_or_default();
    for item in &items {
        if item.key_is_name() && !item.is_table() {
            item.refuse(
                format!("`{}` is not a table", item.key()),
                format!("write [{example}] above its keys"),
            );
        }
    }
    items.into_iter().filter(Item::is_table).collect()
}
