//! What a step does.

use std::time::Duration;

use super::expression::Expressions;
use super::names::Names;
use super::step::example;
use super::{fault, load};
use crate::document::{Item, Table};
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
        "inject" => inject(item.table("inject")?, names),
        "update" => update(item.table("update")?, names),
        "clear" => clear(item.table("clear")?, names),
        "link" => link(item.table("link")?, names),
        "wait" => wait(item.table("wait")?, expressions),
        "sleep" => item.value::<Duration>("200ms").map(Action::Sleep),
        _ => Some(Action::Join(item.one_or_many().iter().filter_map(|item| names.join(item)).collect())),
    }
}

fn inject(table: Table<'_>, names: &mut Names) -> Option<Action> {
    let item = table.require("link", example("inject"));
    let links = links(item.as_ref(), names);
    let links: Vec<&str> = links.iter().map(String::as_str).collect();
    Some(Action::Inject(fault::read(table, &links, names)))
}

fn update(table: Table<'_>, names: &Names) -> Option<Action> {
    let item = table.require("link", example("update"));
    let links = links(item.as_ref(), names);
    let links: Vec<&str> = links.iter().map(String::as_str).collect();
    let name = table.require("name", example("update"));
    Some(Action::Update(fault::read_change(table, name.as_ref(), &links, names)))
}

fn clear(table: Table<'_>, names: &mut Names) -> Option<Action> {
    let item = table.require("link", example("clear"));
    let links = links(item.as_ref(), names);
    let faults = table.require("name", example("clear")).map(|item| item.one_or_many()).unwrap_or_default();
    table.close();
    let mut cleared = Vec::new();
    for item in &faults {
        let Some(name) = item.name() else { continue };
        for link in &links {
            names.clear_fault(link, name, item);
            cleared.push(OnLink { link: link.clone(), what: name.to_owned() });
        }
    }
    Some(Action::Clear(cleared))
}

fn link(table: Table<'_>, names: &Names) -> Option<Action> {
    let item = table.require("name", example("link"));
    let links = links(item.as_ref(), names);
    let up =
        table.require("state", example("link")).and_then(|item| item.word(&[("up", true), ("down", false)]));
    table.close();
    Some(Action::Link { names: links, up: up? })
}

/// One link or several, each once.
fn links(item: Option<&Item<'_>>, names: &Names) -> Vec<String> {
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
    let that = table.require("that", example("wait")).and_then(|item| expressions.wait(&item));
    let within = table.require("within", "within = \"5s\"").and_then(|item| item.value("5s"));
    table.close();
    Some(Action::Wait { that: that?, within: within? })
}
