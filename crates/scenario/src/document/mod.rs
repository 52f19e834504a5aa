//! A typed cursor over a TOML document that notes every mistake and goes on.

mod item;
mod literal;
mod table;

use std::cell::RefCell;

use toml::Spanned;
use toml::de::DeTable;

pub(crate) use item::Item;
pub(crate) use literal::Text;
pub(crate) use table::Table;

use crate::diagnostic::Diagnostic;

/// The mistakes found so far. Shared by all cursors over a document, hence the cell.
#[derive(Debug, Default)]
pub(crate) struct Errors(RefCell<Vec<Diagnostic>>);

impl Errors {
    pub(crate) fn push(&self, diagnostic: Diagnostic) {
        self.0.borrow_mut().push(diagnostic);
    }

    /// All mistakes in order of position.
    pub(crate) fn into_sorted(self) -> Vec<Diagnostic> {
        let mut list = self.0.into_inner();
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
    const FEW: usize = 12;
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
