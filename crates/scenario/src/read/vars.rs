//! `[vars]`: texts that stand for `{NAME}` in every string of the file.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use toml::de::{DeTable, DeValue};

use super::Overrides;
use crate::diagnostic::Diagnostic;
use crate::document::{Errors, Item, Substitution, Table, suggest};

/// The vars of a file, as the command line has changed them.
struct Vars {
    texts: BTreeMap<String, String>,
    /// Where each is defined.
    places: BTreeMap<String, Range<usize>>,
    used: BTreeSet<String>,
}

/// Puts the vars of the file into its strings. What is wrong with them is noted; braces that name no var stay as they are.
pub(super) fn substitute(tree: &mut DeTable<'_>, file: &str, overrides: &Overrides, errors: &Errors) {
    let mut vars = read(tree, file, overrides, errors);
    for (_, value) in tree.iter_mut().filter(|(key, _)| key.get_ref() != "vars") {
        walk(value.span(), value.get_mut(), &mut vars, errors);
    }
    for (name, place) in vars.places.iter().filter(|(name, _)| !vars.used.contains(*name)) {
        let help = format!("write `{{{name}}}` in a string, or leave it out");
        errors.push(Diagnostic::new(format!("var `{name}` is used nowhere"), place.clone()).help(help));
    }
}

fn read(tree: &DeTable<'_>, file: &str, overrides: &Overrides, errors: &Errors) -> Vars {
    let mut vars = Vars { texts: BTreeMap::new(), places: BTreeMap::new(), used: BTreeSet::new() };
    let root = Table::new(tree, "a scenario".to_owned(), 0..0, file, errors);
    let item = root.get("vars");
    let items =
        item.as_ref().and_then(|item| item.table("[vars]")).map(Table::into_items).unwrap_or_default();
    for item in items.iter().filter(|item| item.key_is_name()) {
        if let Some(text) = item.scalar("a string, a number or a flag") {
            vars.texts.insert(item.key().to_owned(), text);
            vars.places.insert(item.key().to_owned(), item.key_span());
        }
    }
    for (name, text) in &overrides.vars {
        match vars.texts.get_mut(name) {
            Some(own) => text.clone_into(own),
            None => unknown(name, item.as_ref(), &vars, errors),
        }
    }
    vars
}

/// The command line sets a var that the file does not have.
fn unknown(name: &str, table: Option<&Item<'_>>, vars: &Vars, errors: &Errors) {
    let help = match table {
        Some(_) => suggest(name, vars.texts.keys().map(String::as_str)),
        None => Some("only vars of a [vars] table can be set".to_owned()),
    };
    let place = table.map_or(0..0, Item::span);
    errors.push(
        Diagnostic::new(format!("there is no var `{}`", name.escape_debug()), place)
            .label("--var sets one")
            .help(help),
    );
}

fn walk(span: Range<usize>, value: &mut DeValue<'_>, vars: &mut Vars, errors: &Errors) {
    match value {
        DeValue::String(text) => {
            let mut found = Vec::new();
            if let Some(replaced) = replace(text, vars, &mut found) {
                let alone = found.len() == 1 && text.len() == found[0].len() + 2;
                let shown = found.iter().map(|name| format!("`{{{name}}}` is `{}`", vars.texts[name]));
                let note = shown.collect::<Vec<_>>().join(", ");
                errors.substituted(Substitution { span, alone, note });
                *text = Cow::Owned(replaced);
                vars.used.extend(found);
            } else if let Some(name) = unknown_in(text) {
                // Said only where something is wrong with the string: it may well be meant as it stands.
                let note = format!("no var is called `{name}`");
                errors.substituted(Substitution { span, alone: false, note });
            }
        }
        DeValue::Array(elements) => {
            for element in elements.iter_mut() {
                walk(element.span(), element.get_mut(), vars, errors);
            }
        }
        DeValue::Table(entries) => {
            for (_, entry) in entries.iter_mut() {
                walk(entry.span(), entry.get_mut(), vars, errors);
            }
        }
        DeValue::Integer(_) | DeValue::Float(_) | DeValue::Boolean(_) | DeValue::Datetime(_) => {}
    }
}

/// The first name in braces, which is no var.
fn unknown_in(text: &str) -> Option<&str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let names = text.split('{').skip(1).filter_map(|rest| Some(rest.split_once('}')?.0));
    names.into_iter().find(|name| !name.is_empty() && name.chars().all(plain))
}

/// The text with every var in it replaced, and which they were; nothing where there is none.
fn replace(text: &str, vars: &Vars, found: &mut Vec<String>) -> Option<String> {
    let mut replaced = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        replaced.push_str(before);
        let var =
            after.split_once('}').and_then(|(name, behind)| Some((name, vars.texts.get(name)?, behind)));
        match var {
            Some((name, value, behind)) => {
                replaced.push_str(value);
                if !found.iter().any(|each| each == name) {
                    found.push(name.to_owned());
                }
                rest = behind;
            }
            None => {
                replaced.push('{');
                rest = after;
            }
        }
    }
    replaced.push_str(rest);
    (!found.is_empty()).then_some(replaced)
}
