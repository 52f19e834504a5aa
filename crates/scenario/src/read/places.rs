//! Texts with places such as `{port.app}` and `{link.api.addr}`: which of them there are, and where they may stand.

use std::collections::BTreeSet;
use std::ops::Range;

use super::names::Names;
use crate::diagnostic::Diagnostic;
use crate::document::{Errors, Item, Text, suggest};
use crate::model::{Owner, Place, Template};

/// How places are written, for help texts.
const WRITTEN: &str = "write {port.NAME}, or {link.NAME.addr}, .host, .port or .path, and the same with balance.NAME, echo.NAME and process.NAME";

/// The ports of a file, by who knows them.
#[derive(Debug, Default)]
pub(super) struct Ports {
    /// A program is told of these.
    told: BTreeSet<String>,
    /// Somebody is to listen at these.
    awaited: Vec<(String, Range<usize>)>,
}

impl Ports {
    /// Notes every port at which somebody is to listen, while no program is told so.
    pub(super) fn check(&self, errors: &Errors) {
        for (name, at) in self.awaited.iter().filter(|(name, _)| !self.told.contains(name)) {
            let help = suggest(name, self.told.iter().map(String::as_str))
                .unwrap_or_else(|| format!("put {{port.{name}}} among the arguments, or in `env`"));
            let message = format!("no program is told of port `{name}`, so none will listen there");
            errors.push(Diagnostic::new(message, at.clone()).help(help));
        }
    }
}

/// A text for a program, in which everything may be named that listens.
pub(super) fn told(item: &Item<'_>, expected: &str, names: &mut Names) -> Option<Template> {
    let mut found = Vec::new();
    let template = read(item, expected, |place, at| found.push((place.clone(), at)))?;
    for (place, at) in found {
        match place {
            Place::Port(name) => drop(names.ports.told.insert(name)),
            Place::Of(owner, name, part) => names.owner(item, owner, &name, part, at),
        }
    }
    Some(template)
}

/// The address at which a program is to listen: only ports are known when it is needed. Where every place is one, the template,
/// and the text with 1 in each of them.
pub(super) fn awaited(item: &Item<'_>, expected: &str, names: &mut Names) -> Option<(Template, String)> {
    let mut asked = Vec::new();
    let found = ports(item, expected, |name, at| asked.push((name.to_owned(), at)))?;
    names.ports.awaited.extend(asked);
    Some(found)
}

/// A text in which only ports have places: the template, and the text with 1 in each of them.
pub(super) fn ports(
    item: &Item<'_>,
    expected: &str,
    mut seen: impl FnMut(&str, Range<usize>),
) -> Option<(Template, String)> {
    let mut strangers = false;
    let template = read(item, expected, |place, at| match place {
        Place::Port(name) => seen(name, at),
        Place::Of(..) => {
            strangers = true;
            let help = "write {port.NAME}: what is looked at here must be the program itself".to_owned();
            item.note(
                Diagnostic::new(format!("only ports have a place here, and not `{{{place}}}`"), at)
                    .help(help),
            );
        }
    })?;
    let filled = template.fill(|_| "1".to_owned());
    (!strangers).then_some((template, filled))
}

/// Reads a text and notes every place that is none; `seen` is told of the others and where they stand in the file.
fn read(item: &Item<'_>, expected: &str, mut seen: impl FnMut(&Place, Range<usize>)) -> Option<Template> {
    let text = item.scalar(expected)?;
    let literal: Option<Text<'_>> = if item.is_text() { item.text(expected) } else { None };
    let at = |span| literal.as_ref().map_or_else(|| item.span(), |literal| literal.place(span));
    let mut misshapen = false;
    let template = Template::parse(&text, |place, span| match place {
        Some(place) => seen(place, at(span)),
        None => {
            misshapen = true;
            let shown = text.get(span.clone()).unwrap_or_default();
            let message = format!("`{shown}` is nothing that could be filled in");
            item.note(Diagnostic::new(message, at(span)).help(WRITTEN.to_owned()));
        }
    });
    (!misshapen).then_some(template)
}

/// The word of the file for what listens.
pub(super) fn word(owner: Owner) -> &'static str {
    match owner {
        Owner::Link => "link",
        Owner::Balance => "balance",
        Owner::Echo => "echo",
        Owner::Process => "process",
    }
}
