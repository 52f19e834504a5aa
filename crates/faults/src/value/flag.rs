//! Flags: `true` or `false`.

use super::{Value, ValueError};

impl Value for bool {
    const KIND: &'static str = "flag";
    const WORDS: &'static [&'static str] = &["true", "false"];

    fn parse(text: &str) -> Result<Self, ValueError> {
        match text {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err(ValueError::word(text, Self::KIND, Self::WORDS)),
        }
    }

    fn render(&self) -> Option<String> {
        Some(self.to_string())
    }
}
