//! Counts: `3`, `10k`, `2M`.

use super::number::split;
use super::{Value, ValueError};

impl Value for u64 {
    const KIND: &'static str = "count";

    fn parse(text: &str) -> Result<Self, ValueError> {
        let (number, unit) = split(text, Self::KIND)?;
        let times = match unit {
            "" => 1,
            "k" => 1_000,
            "M" => 1_000_000,
            _ => {
                return Err(ValueError::new(format!("`{text}` is not a count"))
                    .help("write a plain number, or `10k`, `2M`"));
            }
        };
        number.times(times).map_err(|e| e.error(text, Self::KIND, "one"))
    }

    fn render(&self) -> Option<String> {
        Some(self.to_string())
    }
}
