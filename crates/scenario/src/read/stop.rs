//! `stop` and `start`: what ends, and comes back, by its path.

use super::names::{Named, Names};
use crate::document::Item;
use crate::model::Subject;

const PATHS: &str = "`echo.NAME`, `link.NAME`, `balance.NAME`, `process.NAME` or `load.NAME` in quotes";

/// What is to end: servers, links, processes, and loads in the background.
pub(super) fn read(item: &Item<'_>, names: &mut Names) -> Vec<Subject> {
    item.one_or_many().iter().filter_map(|item| stopped(item, names)).collect()
}

/// What is to come back: servers, links and processes.
pub(super) fn read_start(item: &Item<'_>, names: &mut Names) -> Vec<Subject> {
    item.one_or_many().iter().filter_map(|item| started(item, names)).collect()
}

fn stopped(item: &Item<'_>, names: &mut Names) -> Option<Subject> {
    let text = item.text(PATHS)?;
    if let Some(name) = text.value().strip_prefix("load.") {
        return names.stop_load(name, item).then(|| Subject::Load(name.to_owned()));
    }
    let subject = subject(item, text.value(), names)?;
    if names.is_down(&subject.path()) {
        item.refuse(format!("`{}` is stopped already", text.value()), None);
    }
    names.switch(&subject.path(), false);
    Some(subject)
}

fn started(item: &Item<'_>, names: &mut Names) -> Option<Subject> {
    let text = item.text("`echo.NAME`, `link.NAME`, `balance.NAME` or `process.NAME` in quotes")?;
    if text.value().starts_with("load.") {
        item.refuse("a load cannot be started again", "write another step that has a `load`".to_owned());
        return None;
    }
    let subject = subject(item, text.value(), names)?;
    if !names.is_down(&subject.path()) {
        let help =
            "servers, links and processes run from the beginning; `start` brings back what `stop` has ended";
        item.refuse(format!("`{}` runs at this point", text.value()), help.to_owned());
    }
    names.switch(&subject.path(), true);
    Some(subject)
}

fn subject(item: &Item<'_>, text: &str, names: &Names) -> Option<Subject> {
    let Some(named) = names.resolve(item, text) else {
        let help =
            names.qualified(text).map_or_else(|| format!("write {PATHS}"), |path| format!("write `{path}`"));
        item.refuse(format!("`{text}` is nothing that could be stopped or started"), help);
        return None;
    };
    names.knows(named).then(|| match named {
        Named::Echo(name) => Subject::Echo(name.to_owned()),
        Named::Link(name) | Named::Balance(name) => Subject::Link(name.to_owned()),
        Named::Process(name) => Subject::Process(name.to_owned()),
    })
}
