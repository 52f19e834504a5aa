//! Rules about a file as a whole: how it begins, how long it is, and its blanks.

use crate::tidy::tree::{Finding, Source, Tree, numbered};

/// Longest a file may be without its tests, in lines.
const LONGEST: usize = 400;

/// The median of all files that are not tests stays below this, in lines.
const MEDIAN: usize = 150;

/// Every Rust file says in its first lines what it is for.
pub(crate) fn opening_sentence(tree: &Tree) -> Vec<Finding> {
    let message = "begins with a `//! ` sentence that says what it is for";
    tree.rust()
        .filter(|source| !opens_with_sentence(source))
        .map(|source| source.finding(1, message))
        .collect()
}

fn opens_with_sentence(source: &Source) -> bool {
    let lines = source.text.lines().map_while(|line| line.strip_prefix("//! "));
    let paragraph: Vec<&str> = lines.collect();
    // A sentence may end inside a line, a headline or a lead-in with a colon.
    paragraph.iter().any(|line| line.contains(". ") || line.trim_end().ends_with(['.', ':', '?', '!', '`']))
}

/// Long files are several.
pub(crate) fn length(tree: &Tree) -> Vec<Finding> {
    let long = tree.rust().filter(|source| source.length_without_tests() > LONGEST);
    let message = |source: &Source| {
        format!("{} lines without the trailing tests; {LONGEST} is the most", source.length_without_tests())
    };
    long.map(|source| source.finding(LONGEST + 1, message(source))).collect()
}

/// Most files are small.
pub(crate) fn median(tree: &Tree) -> Vec<Finding> {
    let product = tree.rust().filter(|source| !source.is_test());
    let mut lengths: Vec<usize> = product.map(|source| source.text.lines().count()).collect();
    lengths.sort_unstable();
    match lengths.get(lengths.len() / 2) {
        Some(&median) if median >= MEDIAN => {
            let message = format!("the median of the Rust files is {median} lines; it stays under {MEDIAN}");
            vec![Finding::missing("crates", message)]
        }
        _ => Vec::new(),
    }
}

/// No tabs, and nothing at the end of a line.
pub(crate) fn whitespace(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for source in tree.sources().filter(|source| ["rs", "md", "toml"].iter().any(|kind| source.is(kind))) {
        for (number, line) in numbered(&source.text) {
            if line.contains('\t') {
                findings.push(source.finding(number, "a tab; indent with spaces"));
            }
            if line.ends_with([' ', '\r']) {
                findings.push(source.finding(number, "white space at the end of the line"));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(rule: fn(&Tree) -> Vec<Finding>, path: &str, text: &str) -> usize {
        rule(&Tree::of(&[(path, text)])).len()
    }

    #[test]
    fn a_file_without_a_sentence_is_found() {
        assert_eq!(count(opening_sentence, "a.rs", "//! What it is for.\n"), 0);
        assert_eq!(count(opening_sentence, "a.rs", "//! What it is for, over\n//! two lines.\n"), 0);
        assert_eq!(count(opening_sentence, "a.rs", "use std::io;\n"), 1);
        assert_eq!(count(opening_sentence, "tests/a.rs", "//! What it\nuse std::io;\n"), 1);
        assert_eq!(count(opening_sentence, "a.rs", ""), 1);
    }

    #[test]
    fn a_long_file_is_found_unless_its_tests_make_it_long() {
        let (code, tests) = ("a();\n".repeat(LONGEST), "#[cfg(test)]\nmod tests {\n}\n");
        assert_eq!(count(length, "a.rs", &format!("{code}{tests}")), 0);
        assert_eq!(count(length, "a.rs", &format!("{code}a();\n{tests}")), 1);
    }

    #[test]
    fn the_median_looks_past_tests_and_single_long_files() {
        let long = "a();\n".repeat(MEDIAN);
        assert_eq!(median(&Tree::of(&[("a.rs", &long), ("b.rs", ""), ("c.rs", "")])).len(), 0);
        assert_eq!(median(&Tree::of(&[("a.rs", &long), ("b.rs", &long), ("c.rs", "")])).len(), 1);
        assert_eq!(median(&Tree::of(&[("tests/a.rs", &long)])).len(), 0);
    }

    #[test]
    fn tabs_and_trailing_blanks_are_found() {
        assert_eq!(count(whitespace, "a.md", "one\ntwo\n"), 0);
        assert_eq!(count(whitespace, "a.toml", "\tone \n"), 2);
        assert_eq!(count(whitespace, "a.rs", "one\r\n"), 0);
        assert_eq!(count(whitespace, "a.sh", "\tone \n"), 0);
    }
}
