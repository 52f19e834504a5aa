//! Byte patterns: text, or hexadecimal digits, found across the borders of reads.

use super::{Value, ValueError};
use std::sync::Arc;

/// Bytes to look for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pattern {
    bytes: Arc<[u8]>,
    /// How much of the pattern still stands when the byte behind so many matches is another (Knuth, Morris, Pratt 1977).
    fallback: Arc<[usize]>,
}

/// How much of a pattern the latest bytes make up.
#[derive(Clone, Default, Debug)]
pub(crate) struct Progress(usize);

/// The longest pattern.
const LIMIT: usize = 4096;

impl Pattern {
    /// Looks for these bytes, at least one and at most 4,096; nothing otherwise.
    pub fn new(bytes: &[u8]) -> Option<Pattern> {
        if bytes.is_empty() || bytes.len() > LIMIT {
            return None;
        }
        let mut fallback = vec![0; bytes.len()];
        let mut matched = 0;
        for i in 1..bytes.len() {
            while matched > 0 && bytes[i] != bytes[matched] {
                matched = fallback[matched - 1];
            }
            matched += usize::from(bytes[i] == bytes[matched]);
            fallback[i] = matched;
        }
        Some(Pattern { bytes: bytes.into(), fallback: fallback.into() })
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Goes on looking in `bytes`: how many of them there are up to the end of the first match, if one ends in them.
    pub(crate) fn find(&self, progress: &mut Progress, bytes: &[u8]) -> Option<usize> {
        let mut i = 0;
        while i < bytes.len() {
            if progress.0 == 0 {
                // Most bytes begin nothing.
                i += memchr::memchr(self.bytes[0], &bytes[i..])?;
            }
            while progress.0 > 0 && bytes[i] != self.bytes[progress.0] {
                progress.0 = self.fallback[progress.0 - 1];
            }
            progress.0 += usize::from(bytes[i] == self.bytes[progress.0]);
            i += 1;
            if progress.0 == self.bytes.len() {
                progress.0 = 0;
                return Some(i);
            }
        }
        None
    }
}

impl Value for Pattern {
    const KIND: &'static str = "text";

    fn parse(text: &str) -> Result<Self, ValueError> {
        Pattern::new(text.as_bytes()).ok_or_else(|| length(text.len()))
    }

    fn render(&self) -> Option<String> {
        String::from_utf8(self.bytes.to_vec()).ok()
    }
}

/// The same, written as hexadecimal digits.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HexPattern(pub Pattern);

impl Value for HexPattern {
    const KIND: &'static str = "hexadecimal bytes";

    fn parse(text: &str) -> Result<Self, ValueError> {
        let digits: Option<Vec<u8>> =
            text.chars().map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok())).collect();
        let bad = || {
            ValueError::new(format!("`{text}` is not {}", Self::KIND))
                .help("two digits for each byte: `0d0a`")
        };
        let digits = digits.filter(|digits| digits.len().is_multiple_of(2)).ok_or_else(bad)?;
        let bytes: Vec<u8> = digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect();
        Pattern::new(&bytes).map(HexPattern).ok_or_else(|| length(bytes.len()))
    }

    fn render(&self) -> Option<String> {
        Some(self.0.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

fn length(bytes: usize) -> ValueError {
    ValueError::new(format!("a pattern of {bytes} bytes")).help(format!("it takes 1 to {LIMIT}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ends(pattern: &str, text: &[u8], chunk: usize) -> Option<usize> {
        let pattern = Pattern::parse(pattern).expect("a pattern");
        let mut progress = Progress::default();
        let mut before = 0;
        for piece in text.chunks(chunk) {
            if let Some(n) = pattern.find(&mut progress, piece) {
                return Some(before + n);
            }
            before += piece.len();
        }
        None
    }

    #[test]
    fn a_match_is_found_wherever_reads_are_cut() {
        for (pattern, text, end) in [
            ("COMMIT", "BEGIN; COMMIT;", Some(13)),
            ("aab", "aaaaab", Some(6)),
            ("abab", "abacababab", Some(8)),
            ("COMMIT", "COMMI", None),
            ("aa", "bababaa", Some(7)),
        ] {
            for chunk in 1..=text.len() {
                assert_eq!(ends(pattern, text.as_bytes(), chunk), end, "{pattern} in {text} by {chunk}");
            }
        }
    }

    #[test]
    fn hexadecimal_digits_are_bytes() {
        let pattern = HexPattern::parse("00fF0a").expect("bytes");
        assert_eq!(pattern.0.as_bytes(), [0, 255, 10]);
        assert_eq!(pattern.render().as_deref(), Some("00ff0a"));
        for wrong in ["", "0", "0g", "é0"] {
            assert!(HexPattern::parse(wrong).is_err(), "{wrong}");
        }
    }
}
