//! Values as people write them: one type per kind of parameter, each read from text and shown as text that reads back.

mod count;
mod drop_pattern;
mod duration;
mod flag;
mod index_set;
mod number;
mod pattern;
mod probability;
mod rate;
mod size;
mod subnet;
mod trace_file;
mod word;

pub use drop_pattern::DropPattern;
pub(crate) use duration::nanos;
pub use index_set::IndexSet;
pub(crate) use pattern::Progress;
pub use pattern::{HexPattern, Pattern};
pub use probability::Probability;
pub use rate::Rate;
pub use size::Size;
pub use subnet::Subnet;
pub use trace_file::TraceFile;
pub(crate) use word::words;

/// A kind of parameter value.
pub trait Value: Sized {
    /// The kind's name in messages and documentation, such as `duration`.
    const KIND: &'static str;
    /// The words that the value may be, where it is one of a few.
    const WORDS: &'static [&'static str] = &[];

    /// Reads the value; the error says what is wrong and what to write instead.
    ///
    /// # Errors
    /// Where the text is not a value of this kind.
    fn parse(text: &str) -> Result<Self, ValueError>;

    /// The value as text that [`Value::parse`] reads back, or nothing where it stands for an absent one.
    fn render(&self) -> Option<String>;

    /// What an absent parameter means, where the kind has such a meaning.
    fn absent() -> Option<Self> {
        None
    }
}

impl<T: Value> Value for Option<T> {
    const KIND: &'static str = T::KIND;
    const WORDS: &'static [&'static str] = T::WORDS;

    fn parse(text: &str) -> Result<Self, ValueError> {
        T::parse(text).map(Some)
    }

    fn render(&self) -> Option<String> {
        self.as_ref().and_then(T::render)
    }

    fn absent() -> Option<Self> {
        Some(None)
    }
}

/// Why a text is not a value: a lowercase fragment, and a remedy where there is one.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{message}")]
pub struct ValueError {
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub help: Option<String>,
}

impl ValueError {
    pub(crate) fn new(message: impl Into<String>) -> ValueError {
        ValueError { message: message.into(), help: None }
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> ValueError {
        self.help = Some(help.into());
        self
    }

    /// The error for a text that is none of a few words.
    pub(crate) fn word(text: &str, kind: &str, words: &[&str]) -> ValueError {
        let error = ValueError::new(format!("`{text}` is not a {kind}"));
        match crate::spec::nearest(text, words.iter().copied()) {
            Some(word) => error.help(format!("did you mean `{word}`?")),
            None => error.help(format!("one of {}", words.join(", "))),
        }
    }
}
