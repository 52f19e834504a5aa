//! One value of the document, read as the type that is expected there.

use std::ops::{Range, RangeInclusive};

use squall_faults::value::Value;
use toml::Spanned;
use toml::de::{DeInteger, DeValue};

use super::{Errors, Table, Text};
use crate::diagnostic::Diagnostic;

/// A value and the key it stands under.
#[derive(Debug, Clone)]
pub(crate) struct Item<'d> {
    pub(super) key: &'d str,
    pub(super) key_span: Range<usize>,
    pub(super) value: &'d Spanned<DeValue<'d>>,
    pub(super) file: &'d str,
    pub(super) errors: &'d Errors,
}

impl<'d> Item<'d> {
    /// The key; that of the list for an element of a list.
    pub(crate) fn key(&self) -> &'d str {
        self.key
    }

    /// Where the key stands.
    pub(crate) fn key_span(&self) -> Range<usize> {
        self.key_span.clone()
    }

    /// Where the value stands; of a table under a header, the header.
    pub(crate) fn span(&self) -> Range<usize> {
        self.value.span()
    }

    /// The value as it stands in the file.
    pub(crate) fn raw(&self) -> &'d str {
        self.file.get(self.span()).unwrap_or_default()
    }

    /// Notes that the value is wrong.
    pub(crate) fn refuse(&self, message: impl Into<String>, help: impl Into<Option<String>>) {
        self.errors.push(Diagnostic::new(message, self.span()).help(help));
    }

    /// Notes a mistake that has its own place.
    pub(crate) fn note(&self, diagnostic: Diagnostic) {
        self.errors.push(diagnostic);
    }

    /// Notes that the key is wrong.
    pub(crate) fn refuse_key(&self, message: impl Into<String>, help: impl Into<Option<String>>) {
        self.errors.push(Diagnostic::new(message, self.key_span()).help(help));
    }

    /// Whether the value is a string that is one var: it may then be a number or a flag.
    fn is_var(&self) -> bool {
        self.errors.stands_for_a_var(&self.span())
    }

    fn mismatch(&self, expected: &str) {
        self.errors.push(self.mismatched(expected));
    }

    fn mismatched(&self, expected: &str) -> Diagnostic {
        let found = self.value.get_ref().type_str();
        let article = if found.starts_with(['a', 'i']) { "an" } else { "a" };
        Diagnostic::new(format!("`{}` has the wrong type", self.key), self.span())
            .label(format!("expected {expected}, found {article} {found}"))
    }

    /// A string; `expected` describes it, such as `a name such as "api"`.
    pub(crate) fn text(&self, expected: &str) -> Option<Text<'d>> {
        match self.value.get_ref() {
            DeValue::String(text) => Some(Text::new(text, self.span(), self.file)),
            _ => {
                self.mismatch(expected);
                None
            }
        }
    }

    /// A value written the way faults write theirs. Numbers and flags count as their text, so that `5` is told that it
    /// lacks a unit and not that it should be a string.
    pub(crate) fn value<T: Value>(&self, example: &str) -> Option<T> {
        let text = self.scalar(&format!("a {} such as \"{example}\"", T::KIND))?;
        match T::parse(&text) {
            Ok(value) => Some(value),
            Err(error) => {
                self.refuse(error.message, error.help);
                None
            }
        }
    }

    /// The text of a string, number or flag.
    pub(crate) fn scalar(&self, expected: &str) -> Option<String> {
        match self.value.get_ref() {
            DeValue::String(text) => Some(text.to_string()),
            DeValue::Integer(integer) => {
                Some(whole(integer).map_or(integer.to_string(), |value| value.to_string()))
            }
            DeValue::Float(float) => Some(float.to_string()),
            DeValue::Boolean(flag) => Some(flag.to_string()),
            DeValue::Datetime(_) | DeValue::Array(_) | DeValue::Table(_) => {
                self.mismatch(expected);
                None
            }
        }
    }

    /// An integer within bounds.
    pub(crate) fn integer(&self, bounds: RangeInclusive<u64>) -> Option<u64> {
        let value = match self.value.get_ref() {
            DeValue::Integer(integer) => whole(integer),
            DeValue::String(text) if self.is_var() && text.parse::<i128>().is_ok() => text.parse().ok(),
            _ => {
                self.mismatch("an integer");
                return None;
            }
        };
        let fitting = value.and_then(|value| u64::try_from(value).ok());
        let fitting = fitting.filter(|value| bounds.contains(value));
        if fitting.is_none() {
            // Where every number would do that fits, only one that is too large needs to be told so.
            let most = match *bounds.end() {
                u64::MAX if value.is_some_and(|value| value < i128::from(*bounds.start())) => String::new(),
                end => format!(" and at most {end}"),
            };
            self.refuse(format!("`{}` must be at least {}{most}", self.key, bounds.start()), None);
        }
        fitting
    }

    /// A flag.
    pub(crate) fn flag(&self) -> Option<bool> {
        let flag = match self.value.get_ref() {
            DeValue::String(text) if self.is_var() => text.parse().ok(),
            value => value.as_bool(),
        };
        if flag.is_none() {
            self.mismatch("true or false");
        }
        flag
    }

    /// One of a few words.
    pub(crate) fn word<T: Copy>(&self, words: &[(&str, T)]) -> Option<T> {
        let names = words.iter().map(|(name, _)| *name);
        let quoted: Vec<String> = names.clone().map(|name| format!("\"{name}\"")).collect();
        let text = self.text(&quoted.join(" or "))?;
        let found = words.iter().find(|(name, _)| *name == text.value()).map(|(_, value)| *value);
        if found.is_none() {
            let message = format!("unknown {} `{}`", self.key, text.value());
            self.refuse(message, super::suggest(text.value(), names));
        }
        found
    }

    /// A name: letters, digits, `_` and `-`.
    pub(crate) fn name(&self) -> Option<&'d str> {
        let text = self.text("a name such as \"upload\"")?;
        let bad = bad_character(text.value());
        if let Some(span) = bad {
            self.errors.push(name_error(text.value(), text.place(span)));
            return None;
        }
        Some(text.value())
    }

    /// Notes where the key is not a name; says whether it is one.
    pub(crate) fn key_is_name(&self) -> bool {
        let bad = bad_character(self.key).is_some();
        if bad {
            self.errors.push(name_error(self.key, self.key_span()));
        }
        !bad
    }

    /// A table; `what` names it in messages, such as `load`.
    pub(crate) fn table(&self, what: &str) -> Option<Table<'d>> {
        match self.value.get_ref() {
            DeValue::Table(entries) => {
                Some(Table::new(entries, what.to_owned(), self.span(), self.file, self.errors))
            }
            _ => {
                self.mismatch("a table");
                None
            }
        }
    }

    /// A table; where it is none, `example` shows one.
    pub(crate) fn table_like(&self, example: &str) -> Option<Table<'d>> {
        if self.is_table() {
            return self.table(self.key);
        }
        self.errors.push(self.mismatched("a table").help(format!("write `{example}`")));
        None
    }

    /// Whether the value is a string.
    pub(crate) fn is_text(&self) -> bool {
        self.value.get_ref().is_str()
    }

    /// Whether the value is a table.
    pub(crate) fn is_table(&self) -> bool {
        self.value.get_ref().is_table()
    }

    /// The elements of a list; `example` shows how one is written.
    pub(crate) fn list(&self, example: &str) -> Vec<Item<'d>> {
        match self.value.get_ref() {
            DeValue::Array(elements) => elements.iter().map(|value| Item { value, ..self.clone() }).collect(),
            _ => {
                self.mismatch(&format!("a list, written {example}"));
                Vec::new()
            }
        }
    }

    /// The elements of a list, or the value alone. An empty list is a mistake.
    pub(crate) fn one_or_many(&self) -> Vec<Item<'d>> {
        match self.value.get_ref() {
            DeValue::Array(elements) if elements.is_empty() => {
                self.refuse(format!("`{}` is an empty list", self.key), None);
                Vec::new()
            }
            DeValue::Array(elements) => elements.iter().map(|value| Item { value, ..self.clone() }).collect(),
            _ => vec![self.clone()],
        }
    }
}

fn whole(integer: &DeInteger<'_>) -> Option<i128> {
    i128::from_str_radix(integer.as_str(), integer.radix()).ok()
}

/// The first character that no name may have; the whole of an empty name.
fn bad_character(name: &str) -> Option<Range<usize>> {
    let bad = |c: &char| !(c.is_ascii_alphanumeric() || *c == '_' || *c == '-');
    match name.char_indices().find(|(_, c)| bad(c)) {
        Some((at, c)) => Some(at..at + c.len_utf8()),
        None if name.is_empty() => Some(0..0),
        None => None,
    }
}

fn name_error(name: &str, span: Range<usize>) -> Diagnostic {
    let message = if name.is_empty() {
        "empty name".to_owned()
    } else {
        format!("`{}` is not a name", name.escape_debug())
    };
    Diagnostic::new(message, span)
        .help("names are letters, digits, `_` and `-`: they are used in report paths".to_owned())
}
