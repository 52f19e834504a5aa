//! The files of the project as the rules see them.

use crate::failure::Failure;
use crate::tidy::rust;
use crate::workspace;
use std::fmt;
use std::fs;
use std::path::Path;

/// A place where a rule does not hold. Line 0 stands for the whole file.
#[derive(PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Finding {
    path: String,
    line: usize,
    message: String,
}

/// One file. Of what is not Rust, `code` and `comments` are empty.
pub(crate) struct Source {
    /// Relative to the workspace, with `/`.
    pub(crate) path: String,
    pub(crate) text: String,
    /// The text with comments and literals blanked, line for line.
    pub(crate) code: String,
    /// The text with all but comments blanked, line for line.
    pub(crate) comments: String,
    /// The line, from 1, on which the trailing module of tests begins.
    tests_from: Option<usize>,
}

/// Every file of the project that is text.
pub(crate) struct Tree(Vec<Source>);

impl Tree {
    /// Reads the files under `root`. What is not UTF-8 has no rules.
    pub(crate) fn read(root: &Path) -> Result<Tree, Failure> {
        let mut sources = Vec::new();
        for path in workspace::files(root)? {
            let bytes = fs::read(root.join(&path)).map_err(|error| Failure::file("read", &path, &error))?;
            if let Ok(text) = String::from_utf8(bytes) {
                sources.push(Source::new(&path.to_string_lossy().replace('\\', "/"), text));
            }
        }
        Ok(Tree(sources))
    }

    /// A tree of these paths and texts.
    #[cfg(test)]
    pub(crate) fn of(files: &[(&str, &str)]) -> Tree {
        Tree(files.iter().map(|(path, text)| Source::new(path, (*text).to_owned())).collect())
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn sources(&self) -> impl Iterator<Item = &Source> {
        self.0.iter()
    }

    pub(crate) fn rust(&self) -> impl Iterator<Item = &Source> {
        self.sources().filter(|source| source.is("rs"))
    }

    pub(crate) fn find(&self, path: &str) -> Option<&Source> {
        self.sources().find(|source| source.path == path)
    }
}

impl Source {
    fn new(path: &str, text: String) -> Source {
        let parts = if path.ends_with(".rs") { rust::split(&text) } else { rust::Parts::default() };
        let tests_from = tests_from(&parts.code);
        Source { path: path.to_owned(), text, code: parts.code, comments: parts.comments, tests_from }
    }

    pub(crate) fn is(&self, extension: &str) -> bool {
        Path::new(&self.path).extension().is_some_and(|found| found == extension)
    }

    /// Whether it holds nothing but tests.
    pub(crate) fn is_test(&self) -> bool {
        self.path.split('/').any(|part| part == "tests" || part == "tests.rs")
    }

    /// How many lines stand before the trailing module of tests.
    pub(crate) fn length_without_tests(&self) -> usize {
        self.tests_from.map_or_else(|| self.text.lines().count(), |line| line - 1)
    }

    /// The code that is not a test, with the numbers of its lines.
    pub(crate) fn product(&self) -> impl Iterator<Item = (usize, &str)> {
        let end = if self.is_test() { 0 } else { self.length_without_tests() };
        numbered(&self.code).take(end)
    }

    pub(crate) fn finding(&self, line: usize, message: impl Into<String>) -> Finding {
        Finding { path: self.path.clone(), line, message: message.into() }
    }
}

impl Finding {
    /// A finding about a file that is not there.
    pub(crate) fn missing(path: &str, message: impl Into<String>) -> Finding {
        Finding { path: path.to_owned(), line: 0, message: message.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.path, self.message),
            line => write!(f, "{}:{line}: {}", self.path, self.message),
        }
    }
}

/// Lines with their numbers, from 1.
pub(crate) fn numbered(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().map(|(index, line)| (index + 1, line))
}

/// Whether `word` stands in `line`, and not as part of a longer name.
pub(crate) fn has_word(line: &str, word: &str) -> bool {
    let in_name = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        let (before, after) = (&line[..at], &line[at + word.len()..]);
        !before.ends_with(in_name) && (word.ends_with(|c| !in_name(c)) || !after.starts_with(in_name))
    })
}

/// The last `#[cfg(test)]` that stands right above a `mod tests`.
fn tests_from(code: &str) -> Option<usize> {
    let lines: Vec<&str> = code.lines().collect();
    let starts =
        lines.windows(2).rposition(|pair| pair[0] == "#[cfg(test)]" && pair[1].starts_with("mod tests"));
    starts.map(|index| index + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_not_part_of_a_longer_one() {
        assert!(has_word("use std::fs;", "fs"));
        assert!(has_word("println!( )", "println!"));
        assert!(!has_word("eprintln!( )", "println!"));
        assert!(!has_word("offs et", "fs"));
        assert!(!has_word("unsafe_code", "unsafe"));
    }

    #[test]
    fn the_trailing_tests_are_not_the_product() {
        let tree =
            Tree::of(&[("crates/a/src/b.rs", "fn a() {}\n\n#[cfg(test)]\nmod tests {\n    use a;\n}\n")]);
        let source = tree.find("crates/a/src/b.rs").unwrap();
        assert_eq!(source.length_without_tests(), 2);
        assert_eq!(source.product().count(), 2);
    }

    #[test]
    fn findings_name_file_and_line() {
        let tree = Tree::of(&[("a.rs", "")]);
        let source = tree.find("a.rs").unwrap();
        assert_eq!(source.finding(3, "bad").to_string(), "a.rs:3: bad");
        assert_eq!(source.finding(0, "bad").to_string(), "a.rs: bad");
    }
}
