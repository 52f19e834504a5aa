//! A typed cursor over a TOML document that notes every mistake and goes on.

mod item;
mod literal;
mod table;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::Range;

use toml::Spanned;
use toml::de::DeTable;

pub(crate) use item::Item;
pub(crate) use literal::Text;
pub(crate) use table::Table;

use crate::diagnostic::Diagnostic;

/// The mistakes found so far. Shared by all cursors over a document, hence the cells.
#[derive(Debug, Default)]
pub(crate) struct Errors {
    list: RefCell<Vec<Diagnostic>>,
    /// The strings that are not as they stand in the file, by where they begin.
    substitutions: RefCell<BTreeMap<usize, Substitution>>,
}

/// A string of the file in which vars were replaced.
#[derive(Debug)]
pub(crate) struct Substitution {
    /// The literal with its quotes.
    pub(crate) span: Range<usize>,
    /// Whether it is one var and nothing else.
    pub(crate) alone: bool,
    /// What the vars are, for messages.
    pub(crate) note: String,
}

impl Errors {
    pub(crate) fn push(&self, diagnostic: Diagnostic) {
        self.list.borrow_mut().push(diagnostic);
    }

    pub(crate) fn substituted(&self, substitution: Substitution) {
        self.substitutions.borrow_mut().insert(substitution.span.start, substitution);
    }

    /// Whether the literal at `span` is one var, which may stand for a number or a flag too.
    pub(crate) fn stands_for_a_var(&self, span: &Range<usize>) -> bool {
        self.substitutions.borrow().get(&span.start).is_some_and(|each| each.alone && each.span == *span)
    }

    /// All mistakes in order of position.
    pub(crate) fn into_sorted(self) -> Vec<Diagnostic> {
        let mut list = self.list.into_inner();
        // Whoever reads `{size}` in the file has to be told what that was.
        let substitutions = self.substitutions.into_inner();
        for diagnostic in &mut list {
            let before = substitutions.range(..=diagnostic.span.start).next_back();
            let around = before.filter(|(_, each)| diagnostic.span.end <= each.span.end);
            if let Some((_, substitution)) = around {
                let separator = if diagnostic.label.is_empty() { "" } else { "; " };
                diagnostic.label.push_str(&format!("{separator}{}", substitution.note));
            }
        }
        list.sort_by_key(|diagnostic| (diagnostic.span.start, diagnostic.span.end));
        list.dedup();
        list
    }
}

/// The tree of a document, or all of its syntax errors.
pub(crate) fn parse(text: &str) -> Result<Spanned<DeTable<'_>>, Vec<Diagnostic>> {
    let (tree, errors) = DeTable::parse_recoverable(text);
    if errors.is_empty() {
        return Ok(tree);
    }
    let end = text.len()..text.len();
    let told = errors.iter().take(SYNTAX_ERRORS);
    let mut diagnostics: Vec<_> =
        told.map(|error| Diagnostic::new(error.message(), error.span().unwrap_or(end.clone()))).collect();
    let untold = errors.len() - diagnostics.len();
    if let Some(last) = diagnostics.last_mut().filter(|_| untold > 0) {
        last.help = Some(format!("there are {untold} more like this; is this a TOML file?"));
    }
    Err(diagnostics)
}

/// Syntax errors that are told: a file that is not TOML at all has one on every line.
const SYNTAX_ERRORS: usize = 5;

/// What to do about `name`, which is none of `valid`: the nearest of them, else all of them where they are few.
pub(crate) fn suggest<'a>(name: &str, valid: impl IntoIterator<Item = &'a str>) -> Option<String> {
    const FEW: usize = 16;
    let valid: Vec<&str> = valid.into_iter().collect();
    if let Some(near) = squall_faults::nearest(name, valid.iter().copied()) {
        return Some(format!("did you mean `{near}`?"));
    }
    match valid.as_slice() {
        [] => None,
        [only] => Some(format!("the only choice is `{only}`")),
        few if few.len() <= FEW => Some(format!("one of {}", few.join(", "))),
        _ => None,
    }
}
