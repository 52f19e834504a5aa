//! A string of the document, and where its characters stand in the file.

use std::ops::Range;

/// A string together with its place in the file.
#[derive(Debug, Clone)]
pub(crate) struct Text<'d> {
    value: &'d str,
    span: Range<usize>,
    /// Where the characters begin in the file, where every one of them stands there as itself.
    start: Option<usize>,
}

impl<'d> Text<'d> {
    /// `span` is the literal with its quotes in `file`.
    pub(super) fn new(value: &'d str, span: Range<usize>, file: &str) -> Text<'d> {
        const QUOTES: [&str; 4] = ["\"\"\"", "'''", "\"", "'"];
        let literal = file.get(span.clone()).unwrap_or_default();
        let quote = QUOTES.iter().find(|quote| literal.starts_with(**quote)).map_or(0, |quote| quote.len());
        // A multi-line string drops the line break behind its quotes.
        let break_len = match literal.get(quote..) {
            Some(inner) if quote == 3 && inner.starts_with("\r\n") => 2,
            Some(inner) if quote == 3 && inner.starts_with('\n') => 1,
            _ => 0,
        };
        let offset = quote + break_len;
        let inner = literal.get(offset..literal.len().saturating_sub(quote));
        let start = inner.is_some_and(|inner| inner == value).then_some(span.start + offset);
        Text { value, span, start }
    }

    /// The string.
    pub(crate) fn value(&self) -> &'d str {
        self.value
    }

    /// The literal with its quotes.
    pub(crate) fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// Where bytes of the string stand in the file. Behind an escape that cannot be told, so it is the whole literal.
    pub(crate) fn place(&self, inner: Range<usize>) -> Range<usize> {
        match self.start {
            Some(start) => start + inner.start..start + inner.end,
            None => self.span(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use toml::de::{DeTable, DeValue};

    #[test]
    fn characters_are_found_in_every_kind_of_literal_without_escapes() {
        let cases = [
            ("a = \"x >> y\"", ">>"),
            ("a = 'x >> y'", ">>"),
            ("a = \"é >> y\"", ">>"),
            ("a = \"\"\"\nx >> y\"\"\"", ">>"),
            ("a = '''\r\nx >> y'''", ">>"),
            ("a = \"\"\"x >> \"y\" \"\"\"", ">>"),
            ("a = \"x\\t>> y\"", "\"x\\t>> y\""),
        ];
        for (file, expected) in cases {
            let table = DeTable::parse(file).expect(file);
            let value = table.get_ref().get("a").expect("a key");
            let DeValue::String(string) = value.get_ref() else { panic!("a string") };
            let text = Text::new(string, value.span(), file);
            let at = string.find(">>").expect("the mark");
            assert_eq!(&file[text.place(at..at + 2)], expected, "{file}");
        }
    }
}
