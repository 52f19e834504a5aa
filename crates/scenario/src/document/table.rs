//! A table of the document, whose keys are asked for one by one.

use std::cell::RefCell;
use std::ops::Range;

use toml::de::DeTable;

use super::{Errors, Item, suggest};
use crate::diagnostic::Diagnostic;
use crate::format::Shape;

/// A table, and which of its keys somebody asked for. The others are unknown.
#[derive(Debug)]
pub(crate) struct Table<'d> {
    entries: &'d DeTable<'d>,
    what: String,
    span: Range<usize>,
    file: &'d str,
    errors: &'d Errors,
    known: RefCell<Vec<&'static str>>,
}

impl<'d> Table<'d> {
    /// `what` names the table in messages; `span` is its header, or the whole of an inline table.
    pub(crate) fn new(
        entries: &'d DeTable<'d>,
        what: String,
        span: Range<usize>,
        file: &'d str,
        errors: &'d Errors,
    ) -> Table<'d> {
        Table { entries, what, span, file, errors, known: RefCell::default() }
    }

    /// The value of a key that may be left out.
    pub(crate) fn get(&self, key: &'static str) -> Option<Item<'d>> {
        self.known.borrow_mut().push(key);
        let (name, value) = self.entries.get_key_value(key)?;
        Some(Item { key: name.get_ref(), key_span: name.span(), value, file: self.file, errors: self.errors })
    }

    /// Whether there is such a key, which others read.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.entries.contains_key(key)
    }

    /// The value of a key that must be there; `example` is a line that sets it.
    pub(crate) fn require(&self, key: &'static str, example: &str) -> Option<Item<'d>> {
        let item = self.get(key);
        if item.is_none() {
            self.refuse(format!("{} has no `{key}`", self.what), format!("add `{example}`"));
        }
        item
    }

    /// Every key in the order of the file; all of them count as known.
    pub(crate) fn into_items(self) -> Vec<Item<'d>> {
        self.items().collect()
    }

    /// The keys that nobody asked for yet, in the order of the file.
    pub(crate) fn others(&self) -> Vec<Item<'d>> {
        let known = self.known.borrow();
        self.items().filter(|item| !known.contains(&item.key)).collect()
    }

    fn items(&self) -> impl Iterator<Item = Item<'d>> {
        let mut items: Vec<Item<'d>> = self
            .entries
            .iter()
            .map(|(key, value)| Item {
                key: key.get_ref(),
                key_span: key.span(),
                value,
                file: self.file,
                errors: self.errors,
            })
            .collect();
        items.sort_by_key(|item| item.key_span.start);
        items.into_iter()
    }

    /// Notes every key that nobody asked for.
    pub(crate) fn close(self) {
        for item in self.others() {
            self.unknown(&item);
        }
    }

    /// As [`Table::close`]; what was asked for must be what the format has, or the schema would say something else.
    pub(crate) fn close_as(self, shape: &Shape) {
        #[cfg(debug_assertions)]
        {
            let asked: std::collections::BTreeSet<&str> = self.known.borrow().iter().copied().collect();
            let shaped: std::collections::BTreeSet<&str> = shape.keys.iter().map(|key| key.name).collect();
            debug_assert_eq!(asked, shaped, "keys of {} in the reader and in format.rs", shape.name);
        }
        let _ = shape;
        self.close();
    }

    /// Notes that the table does not take this key.
    pub(crate) fn unknown(&self, item: &Item<'d>) {
        let known = self.known.borrow();
        let diagnostic =
            Diagnostic::new(format!("unknown key `{}`", item.key.escape_debug()), item.key_span())
                .label(format!("not a key of {}", self.what))
                .help(suggest(item.key, known.iter().copied()));
        self.errors.push(diagnostic);
    }

    /// Notes a mistake that concerns the table as a whole.
    pub(crate) fn refuse(&self, message: impl Into<String>, help: impl Into<Option<String>>) {
        self.errors.push(Diagnostic::new(message, self.span.clone()).help(help));
    }

    /// The header, or the whole of an inline table.
    pub(crate) fn span(&self) -> Range<usize> {
        self.span.clone()
    }
}
