//! What a step does.

use std::time::Duration;

use squall_faults::FaultSpec;

use super::expression::Expressions;
use super::names::{Names, qualified};
use super::step::example;
use super::{assert, balance, fault, heal, load, run_step, stop};
use crate::document::{Item, Table};
use crate::format;
use crate::model::{Action, OnLink};

/// Reads the action under the key that names it; nothing where too much of it is missing.
pub(super) fn read<'d>(
    item: &Item<'d>,
    step: &str,
    background: bool,
    names: &mut Names,
    expressions: &mut Expressions<'d>,
) -> Option<Action> {
    match item.key() {
        "load" => {
            names.add_load(step, background);
            Some(Action::Load(Box::new(load::read(item, background, names))))
        }
        "run" => {
            names.add_load(step, background);
            Some(Action::Run(Box::new(run_step::read(item, background, names))))
        }
        "inject" => Some(Action::Inject(each(item, |table| inject(table, names)))),
        "update" => Some(Action::Update(each(item, |table| update(table, names)))),
        "clear" => Some(Action::Clear(each(item, |table| clear(table, names)))),
        "heal" => Some(Action::Clear(heal::read(item, names))),
        "link" => Some(Action::Link(each(item, |table| link(table, names)))),
        "balance" => Some(Action::Balance(each(item, |table| balance::step(table, names)))),
        "stop" => Some(Action::Stop(stop::read(item, names))),
        "start" => Some(Action::Start(stop::read_start(item, names))),
        "assert" => Some(Action::Assert(assert::read(item, step, names, expressions))),
        "wait" => wait(item.table_like(example("wait"))?, expressions),
        "sleep" => item.value::<Duration>("200ms").map(Action::Sleep),
        _ => Some(Action::Join(item.one_or_many().iter().filter_map(|item| names.join(item)).collect())),
    }
}

/// What the table says, or each of a list of them.
fn each<T>(item: &Item<'_>, mut read: impl FnMut(Table<'_>) -> Vec<T>) -> Vec<T> {
    let items = item.one_or_many();
    items.iter().filter_map(|item| item.table_like(example(item.key()))).flat_map(&mut read).collect()
}

fn inject(table: Table<'_>, names: &mut Names) -> Vec<OnLink<FaultSpec>> {
    let item = table.require("link", "link = \"api\"");
    let links = links(item.as_ref(), names);
    let links: Vec<&str> = links.iter().map(String::as_str).collect();
    fault::read(table, &links, names)
}

fn update(table: Table<'_>, names: &Names) -> Vec<OnLink<FaultSpec>> {
    let item = table.require("link", "link = \"api\"");
    let links = links(item.as_ref(), names);
    let links: Vec<&str> = links.iter().map(String::as_str).collect();
    let name = table.require("name", "name = \"latency\"");
    fault::read_change(table, name.as_ref(), &links, names)
}

fn clear(table: Table<'_>, names: &mut Names) -> Vec<OnLink<String>> {
    let item = table.require("link", "link = \"api\"");
    let links = links(item.as_ref(), names);
    let faults =
        table.require("name", "name = \"latency\"").map(|item| item.one_or_many()).unwrap_or_default();
    let member = table.get("member");
    table.close_as(&format::CLEAR);
    let mut cleared = Vec::new();
    for item in &faults {
        let Some(name) = item.name() else { continue };
        for link in &links {
            let of = member.as_ref().map(|item| names.member(link, item));
            if matches!(of, Some(None)) {
                continue;
            }
            let name = qualified(of.flatten().as_deref(), name);
            names.clear_fault(link, &name, item);
            cleared.push(OnLink { link: link.clone(), what: name });
        }
    }
    cleared
}

fn link(table: Table<'_>, names: &mut Names) -> Vec<OnLink<bool>> {
    let item = table.require("name", "name = \"api\"");
    let links = links(item.as_ref(), names);
    let up = table
        .require("state", "state = \"down\"")
        .and_then(|item| item.word(&[("up", true), ("down", false)]));
    table.close_as(&format::LINK_STEP);
    let Some(up) = up else { return Vec::new() };
    links.iter().for_each(|link| names.switch(&format!("link.{link}"), up));
    links.into_iter().map(|link| OnLink { link, what: up }).collect()
}

/// One link or several, each once.
pub(super) fn links(item: Option<&Item<'_>>, names: &Names) -> Vec<String> {
    let mut links = Vec::new();
    for item in item.map(Item::one_or_many).unwrap_or_default() {
        match names.link(&item) {
            Some(name) if links.contains(&name) => item.refuse(format!("link `{name}` is named twice"), None),
            Some(name) => links.push(name),
            None => {}
        }
    }
    links
}

fn wait<'d>(table: Table<'d>, expressions: &mut Expressions<'d>) -> Option<Action> {
    let that = table
        .require("that", "that = \"link.api.bytes.up >= 16KiB\"")
        .and_then(|item| expressions.wait(&item));
    let within = table.require("within", "within = \"5s\"").and_then(|item| item.value("5s"));
    table.close_as(&format::WAIT);
    Some(Action::Wait { that: that?, within: within? })
}
