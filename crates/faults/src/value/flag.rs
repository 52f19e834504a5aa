//! Flags: `true` or `false`.

use super::{Value, ValueError};

impl Value for bool {
    const KIND: &'static str = "flag";

    fn parse(text: &str) -> Result<Self, ValueError> {
        match text {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err(ValueError::word(text, Self::KIND, &["true", "false"])),
        }
    }

    fn render(&self) -> Option<String> {
        Some(self.to_string())
    }
}
