//! Patterns of passing and dropping: `PPD`.

use super::{Value, ValueError};

/// Which of a row of datagrams are dropped, over and over.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DropPattern(Vec<bool>);

/// The longest pattern.
const LIMIT: usize = 4096;

impl DropPattern {
    /// Whether the datagram of that number, from 0, is dropped.
    pub(crate) fn drops(&self, number: u64) -> bool {
        self.0[(number % self.0.len() as u64) as usize]
    }
}

impl Value for DropPattern {
    const KIND: &'static str = "pattern";

    fn parse(text: &str) -> Result<Self, ValueError> {
        let wrong =
            |message: String| Err(ValueError::new(message).help("write P to pass and D to drop: `PPD`"));
        match text.chars().find(|c| !matches!(c, 'P' | 'D')) {
            Some(c) => wrong(format!("`{c}` in a pattern")),
            None if text.is_empty() || text.len() > LIMIT => {
                wrong(format!("a pattern of {} letters; it takes 1 to {LIMIT}", text.len()))
            }
            None => Ok(DropPattern(text.chars().map(|c| c == 'D').collect())),
        }
    }

    fn render(&self) -> Option<String> {
        Some(self.0.iter().map(|drop| if *drop { 'D' } else { 'P' }).collect())
    }
}
