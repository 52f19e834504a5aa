//! Rules about words that must not stay in the code, its comments or the pages.

use crate::tidy::tree::{Finding, Tree, has_word, numbered};

/// What is not finished: in Rust only outside literals.
pub(crate) fn leftovers(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for source in tree.sources() {
        let prose = if source.is("rs") { &source.comments } else { &source.text };
        for (number, line) in numbered(prose) {
            let notes = ["TODO", "FIXME", "XXX"].into_iter().filter(|note| has_word(line, note));
            findings.extend(
                notes.map(|note| source.finding(number, format!("{note}: finish it, or open an issue"))),
            );
        }
        for (number, line) in numbered(&source.code) {
            let stubs = ["todo!", "unimplemented!", "dbg!"].into_iter().filter(|stub| has_word(line, stub));
            findings.extend(stubs.map(|stub| source.finding(number, format!("`{stub}` must not stay"))));
        }
    }
    findings
}

/// Examples and tests that are there but do not run.
pub(crate) fn ignored(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for source in tree.sources() {
        let prose = match () {
            () if source.is("rs") => &source.comments,
            () if source.is("md") => &source.text,
            () => continue,
        };
        for (number, line) in numbered(prose) {
            let info = line.trim_start_matches(['/', '!', ' ', '*']).strip_prefix("```").unwrap_or_default();
            if has_word(info, "ignore") || has_word(info, "no_run") {
                findings.push(source.finding(number, "an example that does not run proves nothing"));
            }
        }
        for (number, line) in numbered(&source.code) {
            if line.contains("#[ignore") {
                findings.push(source.finding(number, "a test that does not run proves nothing"));
            }
        }
    }
    findings
}

/// Absolute paths of one machine. A temporary folder may be named in tests.
pub(crate) fn machine_paths(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for source in tree.sources() {
        let product_end = if source.is_test() { 0 } else { source.length_without_tests() };
        for (number, line) in numbered(&source.text) {
            let folders = ["work", "root", "tmp"].into_iter().filter(|folder| {
                let allowed = *folder == "tmp" && number > product_end;
                !allowed && has_absolute(line, &format!("/{folder}/"))
            });
            findings.extend(
                folders.map(|folder| source.finding(number, format!("`/{folder}/` is on one machine only"))),
            );
        }
    }
    findings
}

/// Whether `path` stands in `line`, and not as part of a longer path.
fn has_absolute(line: &str, path: &str) -> bool {
    let continues = |c: char| c.is_alphanumeric() || "_.-~})*".contains(c);
    line.match_indices(path).any(|(at, _)| !line[..at].ends_with(continues))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(rule: fn(&Tree) -> Vec<Finding>, path: &str, text: &str) -> usize {
        rule(&Tree::of(&[(path, text)])).len()
    }

    #[test]
    fn unfinished_work_is_found() {
        assert_eq!(count(leftovers, "a.rs", &format!("// {}: later\n", "TODO")), 1);
        assert_eq!(count(leftovers, "a.md", &format!("{} this\n", "FIXME")), 1);
        assert_eq!(count(leftovers, "a.rs", &format!("fn a() {{ {}() }}\n", "todo!")), 1);
        assert_eq!(count(leftovers, "a.rs", "const NOTE: &str = \"TODO\";\n"), 0);
        assert_eq!(count(leftovers, "a.rs", "// AUTODOC\n"), 0);
    }

    #[test]
    fn what_does_not_run_is_found() {
        for fence in ["//! ```ignore", "/// ```rust,no_run", "    /// ``` ignore"] {
            assert_eq!(count(ignored, "a.rs", fence), 1, "{fence}");
        }
        assert_eq!(count(ignored, "a.md", "```rust,ignore\n"), 1);
        assert_eq!(count(ignored, "a.rs", "#[ignore = \"slow\"]\n"), 1);
        assert_eq!(count(ignored, "a.rs", "/// ```\n/// a.ignore();\n/// ```\n"), 0);
    }

    #[test]
    fn paths_of_one_machine_are_found() {
        let path = |folder: &str| format!("let a = \"/{folder}/a\";\n");
        assert_eq!(count(machine_paths, "a.rs", &path("work")), 1);
        assert_eq!(count(machine_paths, "tests/a.rs", &path("root")), 1);
        assert_eq!(count(machine_paths, "a.sh", &path("tmp")), 1);
        assert_eq!(count(machine_paths, "tests/a.rs", &path("tmp")), 0);
        assert_eq!(
            count(machine_paths, "a.rs", &format!("#[cfg(test)]\nmod tests {{\n{}}}\n", path("tmp"))),
            0
        );
        assert_eq!(count(machine_paths, "a.md", "~/work/a target/tmp/b\n"), 0);
    }
}
