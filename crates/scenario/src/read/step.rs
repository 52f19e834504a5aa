//! `[[step]]`: a name and one action.

use super::action;
use super::expression::Expressions;
use super::names::Names;
use crate::document::{Item, Table};
use crate::format;
use crate::model::Step;

/// The keys that name an action, and how each is written.
const ACTIONS: &[(&str, &str)] = &[
    ("load", "load = { target = \"link.api\", requests = 100 }"),
    ("inject", "inject = { link = \"api\", latency = \"50ms\" }"),
    ("update", "update = { link = \"api\", name = \"latency\", latency = \"5ms\" }"),
    ("clear", "clear = { link = \"api\", name = \"latency\" }"),
    ("heal", "heal = { link = \"api\" }"),
    ("link", "link = { name = \"api\", state = \"down\" }"),
    ("balance", "balance = { name = \"pool\", member = \"a\", state = \"drain\" }"),
    ("wait", "wait = { that = \"link.api.bytes.up >= 16KiB\", within = \"5s\" }"),
    ("assert", "assert = \"load.upload.failed == 0\""),
    ("sleep", "sleep = \"200ms\""),
    ("stop", "stop = \"echo.backend\""),
    ("start", "start = \"echo.backend\""),
    ("join", "join = \"upload\""),
    ("run", "run = { command = [\"pytest\", \"-q\"] }"),
];

/// Reads a step; nothing where it has no action.
pub(super) fn read<'d>(
    item: &Item<'d>,
    names: &mut Names,
    expressions: &mut Expressions<'d>,
) -> Option<Step> {
    let table = item.table("[[step]]")?;
    let name_item = table.get("name");
    let background = table.get("background");
    let actions: Vec<Item<'d>> = ACTIONS.iter().filter_map(|(key, _)| table.get(key)).collect();
    let at = table.span();
    let Some(action) = only_action(&table, actions) else {
        table.close();
        return None;
    };
    table.close_as(&format::STEP);
    let given = name_item.as_ref().and_then(|item| {
        // Loads and commands are named in expressions; other steps may be called anything that tells a reader what happens.
        let text = if takes_time(action.key()) { item.name()? } else { item.text("a string")?.value() };
        Some((text, item))
    });
    let name = names.add_step(given, action.key());
    let background = background.and_then(|item| {
        let flag = item.flag()?;
        if flag && !takes_time(action.key()) {
            item.refuse_key(
                format!("`{}` cannot run in the background", action.key()),
                "only `load` and `run` take their time while other steps go on; the effect of the others is there when they end"
                    .to_owned(),
            );
        }
        Some(flag)
    });
    let action = action::read(&action, &name, background.unwrap_or(false), names, expressions)?;
    Some(Step { name, at, action })
}

/// Whether other steps can be taken while the action lasts; its step is then named in expressions.
fn takes_time(action: &str) -> bool {
    matches!(action, "load" | "run")
}

/// The one key that names an action.
fn only_action<'d>(table: &Table<'d>, mut actions: Vec<Item<'d>>) -> Option<Item<'d>> {
    actions.sort_by_key(|item| item.key_span().start);
    if let [first, more @ ..] = actions.as_slice() {
        for item in more {
            item.refuse_key(
                format!("two actions in one step: `{}` and `{}`", first.key(), item.key()),
                "steps run in order: give each its own [[step]]".to_owned(),
            );
        }
    } else if table.others().is_empty() {
        let keys: Vec<&str> = ACTIONS.iter().map(|(key, _)| *key).collect();
        table.refuse("this step does nothing", format!("add one of {}", keys.join(", ")));
    }
    actions.into_iter().next()
}

/// How an action is written, for help texts.
pub(super) fn example(action: &str) -> &'static str {
    ACTIONS.iter().find(|(key, _)| *key == action).map_or("", |(_, example)| example)
}
