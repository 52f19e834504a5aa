//! Errors that say where a spec is wrong and what to write instead.

use std::fmt;
use std::ops::Range;

/// Why a text is no fault spec. Shown with the text and a caret under the place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SpecError {
    /// The whole text.
    pub text: String,
    /// The bytes of the text that are wrong.
    pub span: Range<usize>,
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub help: Option<String>,
}

impl fmt::Display for SpecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = |part: Option<&str>| part.map_or(0, |part| part.chars().count());
        let indent = width(self.text.get(..self.span.start));
        let carets = width(self.text.get(self.span.clone())).max(1);
        write!(f, "{}\n  {}\n  {:indent$}{}", self.message, self.text, "", "^".repeat(carets))?;
        match &self.help {
            Some(help) => write!(f, " {help}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for SpecError {}

/// The candidate most like `word`, unless none is much like it.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&word, &candidate.to_lowercase()), candidate))
        .filter(|(distance, candidate)| *distance <= (candidate.chars().count() / 3).max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}
