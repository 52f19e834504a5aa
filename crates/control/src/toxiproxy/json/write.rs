//! Writing JSON as Go does: no blanks, fields in their order, the characters of HTML escaped, floats in their shortest form.

use std::fmt::{LowerExp, Write};

/// An object in the making.
#[derive(Default)]
pub(crate) struct Object(String);

impl Object {
    /// Adds a field whose value is JSON already.
    pub(crate) fn raw(mut self, key: &str, value: &str) -> Object {
        self.0.push(if self.0.is_empty() { '{' } else { ',' });
        self.0.push_str(&string(key));
        self.0.push(':');
        self.0.push_str(value);
        self
    }

    pub(crate) fn text(self, key: &str, value: &str) -> Object {
        self.raw(key, &string(value))
    }

    pub(crate) fn end(mut self) -> String {
        if self.0.is_empty() {
            self.0.push('{');
        }
        self.0.push('}');
        self.0
    }
}

/// An array of values that are JSON already.
pub(crate) fn array(items: impl IntoIterator<Item = String>) -> String {
    format!("[{}]", items.into_iter().collect::<Vec<_>>().join(","))
}

/// A string with its quotes.
pub(crate) fn string(text: &str) -> String {
    let mut json = String::with_capacity(text.len() + 2);
    json.push('"');
    for c in text.chars() {
        match c {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            '\n' => json.push_str("\\n"),
            '\r' => json.push_str("\\r"),
            '\t' => json.push_str("\\t"),
            '\u{8}' => json.push_str("\\b"),
            '\u{c}' => json.push_str("\\f"),
            '\0'..'\u{20}' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                // Writing to a string cannot fail.
                let _ = write!(json, "\\u{:04x}", u32::from(c));
            }
            other => json.push(other),
        }
    }
    json.push('"');
    json
}

pub(crate) fn float32(number: f32) -> String {
    float(number, f64::from(number.abs()), f64::from(1e-6_f32))
}

pub(crate) fn float64(number: f64) -> String {
    float(number, number.abs(), 1e-6)
}

/// The fewest digits that mean this number; with an exponent where it is very small or large.
fn float<T: LowerExp + ToString>(number: T, size: f64, small: f64) -> String {
    if size == 0.0 || (small..1e21).contains(&size) {
        return number.to_string();
    }
    let text = format!("{number:e}");
    match text.split_once('e') {
        Some((digits, exponent)) if !exponent.starts_with('-') => format!("{digits}e+{exponent}"),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_means_something_to_html_is_escaped() {
        assert_eq!(
            string("a<b>&\"\\\n\u{1}\u{2028}é\u{7f}"),
            "\"a\\u003cb\\u003e\\u0026\\\"\\\\\\n\\u0001\\u2028é\u{7f}\""
        );
    }

    #[test]
    fn floats_are_short() {
        for (number, text) in [
            (1.0, "1"),
            (0.5, "0.5"),
            (0.1, "0.1"),
            (-1.0, "-1"),
            (0.0, "0"),
            (0.000001, "0.000001"),
            (0.0000001, "1e-7"),
            (2.5e-8, "2.5e-8"),
            (1e20, "100000000000000000000"),
            (1e21, "1e+21"),
        ] {
            assert_eq!(float32(number), text);
        }
        assert_eq!(float64(0.1), "0.1");
    }

    #[test]
    fn objects_keep_the_order_of_their_fields() {
        assert_eq!(Object::default().text("b", "x").raw("a", "1").end(), r#"{"b":"x","a":1}"#);
        assert_eq!(Object::default().end(), "{}");
        assert_eq!(array(["1".to_owned(), "2".to_owned()]), "[1,2]");
    }
}
