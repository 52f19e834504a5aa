//! What a page says that a command prints: `...` stands for any lines, `[..]` for any text in one.

/// Whether `printed` is what `expected` describes, spaces at the ends of lines aside.
pub(super) fn matches(expected: &str, printed: &str) -> bool {
    let lines = |text: &str| text.trim().lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>();
    all(&lines(expected), &lines(printed))
}

fn all(expected: &[String], printed: &[String]) -> bool {
    match expected {
        [] => printed.is_empty(),
        [any, rest @ ..] if any.trim() == "..." => {
            (0..=printed.len()).any(|skip| all(rest, &printed[skip..]))
        }
        [first, rest @ ..] => match printed {
            [line, more @ ..] => one(first, line) && all(rest, more),
            [] => false,
        },
    }
}

fn one(expected: &str, line: &str) -> bool {
    let mut parts = expected.split("[..]");
    let Some(mut left) = parts.next().and_then(|first| line.strip_prefix(first)) else { return false };
    let mut parts = parts.peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return left.ends_with(part);
        }
        let Some(at) = left.find(part) else { return false };
        left = &left[at + part.len()..];
    }
    left.is_empty()
}

#[test]
fn dots_stand_for_lines_and_for_text() {
    assert!(matches("a\n...\nd\n", "a\nb\nc\nd\n"));
    assert!(matches("a [..] c [..]ms", "a b c 5.3ms"));
    assert!(matches("...", ""));
    assert!(!matches("a\nb", "a"));
    assert!(!matches("a", "a\nb"));
    assert!(!matches("a [..] c", "a b d"));
    assert!(!matches("5ms", "15ms"));
}
