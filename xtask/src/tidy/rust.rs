//! Tells code, comments and literals of Rust apart, so that a rule about one does not object to another.

/// One text in two: each has the lines and columns of the whole, and blanks where it has no part.
#[derive(Default, Debug)]
pub(crate) struct Parts {
    /// Neither comments nor string and character literals.
    pub(crate) code: String,
    /// Only comments, with their slashes.
    pub(crate) comments: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Code,
    Comment,
    Literal,
}

/// Splits `text`. What never ends lasts until the end of the text.
pub(crate) fn split(text: &str) -> Parts {
    let mut parts = Parts::default();
    let (mut rest, mut after_name) = (text, false);
    while let Some(first) = rest.chars().next() {
        let (kind, length) = token(rest, after_name).unwrap_or((Kind::Code, first.len_utf8()));
        let (token, tail) = rest.split_at(length);
        for c in token.chars() {
            let blank = if c == '\n' { '\n' } else { ' ' };
            parts.code.push(if kind == Kind::Code { c } else { blank });
            parts.comments.push(if kind == Kind::Comment { c } else { blank });
        }
        after_name = kind == Kind::Code && (first.is_alphanumeric() || first == '_');
        rest = tail;
    }
    parts
}

/// The comment or literal at the start of `rest`, and its length in bytes.
fn token(rest: &str, after_name: bool) -> Option<(Kind, usize)> {
    if rest.starts_with("//") {
        return Some((Kind::Comment, rest.find('\n').unwrap_or(rest.len())));
    }
    if rest.starts_with("/*") {
        return Some((Kind::Comment, block_comment(rest)));
    }
    if !after_name && let Some(length) = raw_string(rest) {
        return Some((Kind::Literal, length));
    }
    if let Some(inner) = rest.strip_prefix('"') {
        return Some((Kind::Literal, 1 + until_quote(inner, '"')));
    }
    let inner = rest.strip_prefix('\'')?;
    let mut chars = inner.chars();
    // Otherwise it is a lifetime.
    let is_character = match chars.next()? {
        '\\' => true,
        _ => chars.next() == Some('\''),
    };
    is_character.then(|| (Kind::Literal, 1 + until_quote(inner, '\'')))
}

/// The length up to and with the first `quote` that is not escaped.
fn until_quote(inner: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in inner.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return at + c.len_utf8(),
            _ => {}
        }
    }
    inner.len()
}

fn raw_string(rest: &str) -> Option<usize> {
    let inner = rest.strip_prefix(['b', 'c']).unwrap_or(rest).strip_prefix('r')?;
    let hashes = inner.len() - inner.trim_start_matches('#').len();
    let inner = inner[hashes..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    let length = inner.find(&end).map_or(inner.len(), |at| at + end.len());
    Some(rest.len() - inner.len() + length)
}

/// Block comments nest.
fn block_comment(rest: &str) -> usize {
    let (mut at, mut depth) = (0, 0);
    while at < rest.len() {
        let here = &rest[at..];
        if here.starts_with("/*") {
            (at, depth) = (at + 2, depth + 1);
        } else if here.starts_with("*/") {
            (at, depth) = (at + 2, depth - 1);
            if depth == 0 {
                return at;
            }
        } else {
            at += here.chars().next().map_or(1, char::len_utf8);
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> String {
        split(text).code.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn comments_and_literals_are_not_code() {
        assert_eq!(code("a // b\nc /* d /* e */ f */ g"), "a c g");
        assert_eq!(code(r#"a("b \" c", d)"#), "a( , d)");
        assert_eq!(code(r##"a(r#"b " c"#, br"d\", e)"##), "a( , , e)");
        assert_eq!(code(r"a('b', '\'', '\u{e9}', 'é')"), "a( , , , )");
    }

    #[test]
    fn lifetimes_and_names_that_end_in_r_are_code() {
        assert_eq!(code("fn a<'b>(c: &'b str)"), "fn a<'b>(c: &'b str)");
        assert_eq!(code(r#"for"a" b"#), "for b");
    }

    #[test]
    fn lines_stay_where_they_are() {
        let parts = split("//! é\n\"two\nlines\" // three\n");
        assert_eq!(parts.code.lines().count(), 3);
        assert_eq!(parts.comments.lines().map(str::trim).collect::<Vec<_>>(), ["//! é", "", "// three"]);
    }

    #[test]
    fn what_never_ends_lasts_to_the_end() {
        for text in ["a /* b", "a \"b", "a r#\"b", "a '\\"] {
            assert_eq!(code(text), "a", "{text}");
        }
    }
}
