//! `assert`: what must hold in the middle of a run, and which values stand still there.

use std::collections::BTreeSet;

use super::expression::Expressions;
use super::names::Names;
use crate::certainty::{connected, ends_at};
use crate::diagnostic::Diagnostic;
use crate::document::Item;
use crate::expr::{Expr, PathUse};
use crate::model::{Clock, Load, Scenario, Target};
use crate::paths::segments;

/// The expressions of one step, alone or in a list.
pub(super) fn read<'d>(
    item: &Item<'d>,
    step: &str,
    names: &Names,
    expressions: &mut Expressions<'d>,
) -> Vec<Expr> {
    if item.is_table() {
        item.refuse(
            "`assert` takes an expression, or a list of them",
            "write `assert = \"load.upload.failed == 0\"`".to_owned(),
        );
        return Vec::new();
    }
    let moment = names.moment(step);
    item.one_or_many().iter().filter_map(|item| expressions.assertion(item, moment.clone())).collect()
}

/// What a step finds that looks at values.
#[derive(Debug, Clone)]
pub(super) struct Moment {
    /// The loads that run in the background.
    pub(super) running: Vec<String>,
    /// The steps that have been taken, or have begun.
    pub(super) steps: BTreeSet<String>,
}

impl Moment {
    /// Why the value cannot be asked for at this moment.
    pub(super) fn refuses(&self, scenario: &Scenario, used: &PathUse<'_>) -> Option<Diagnostic> {
        let keys = segments(used.path);
        let [group, name, rest @ ..] = keys.as_slice() else { return None };
        if (group == "load" || group == "step") && !self.steps.contains(name) {
            let help = "steps are taken in the order of the file".to_owned();
            return Some(
                Diagnostic::new(format!("`{}` has no value at this point", used.path), used.span.clone())
                    .label(format!("step `{name}` comes later"))
                    .help(help),
            );
        }
        // In virtual time a step looks when everything waits, and that is the same in every run.
        if scenario.clock == Clock::Virtual || (group == "load" && rest == ["planned"]) {
            return None;
        }
        let loads = || scenario.loads().filter(|(load, _)| self.running.iter().any(|name| name == load));
        let (load, _) = loads().find(|(load, what)| moves(scenario, load, what, group, name))?;
        Some(
            Diagnostic::new(format!("`{}` is still moving", used.path), used.span.clone())
                .label(format!("load `{load}` runs in the background"))
                .help(format!("`wait` for a value that only grows, or `join = \"{load}\"` before")),
        )
    }
}

/// Whether the load `load` changes values of `group.name` while it runs.
fn moves(scenario: &Scenario, load: &str, what: &Load, group: &str, name: &str) -> bool {
    match (group, &what.target) {
        ("load", _) => load == name,
        ("link" | "balance", Target::Link(first)) => connected(scenario, first).any(|link| link.name == name),
        ("echo", _) => ends_at(scenario, what, name),
        _ => false,
    }
}
