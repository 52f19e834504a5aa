//! Rules about tests: they wait for what happens, and share a machine with others.

use crate::tidy::tree::{Finding, Source, Tree, has_word, numbered};

/// Under virtual time a sleep takes none, and whether tokio's sleeps keep their place there is what this file tests.
const VIRTUAL: &str = "crates/wire/tests/wire/clock.rs";

/// What stands in folders of tests: they open sockets, where the tests inside a source file only read their addresses.
fn tests(tree: &Tree) -> impl Iterator<Item = &Source> {
    tree.rust().filter(|source| source.path.split('/').any(|folder| folder == "tests"))
}

/// A test that sleeps is slow on a fast machine and fails on a slow one.
pub(crate) fn sleeping(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for source in tests(tree).filter(|source| source.path != VIRTUAL) {
        let sleeps = |line: &str| has_word(line, "thread::sleep") || has_word(line, "time::sleep");
        let lines = numbered(&source.code).filter(|(_, line)| sleeps(line));
        findings
            .extend(lines.map(|(number, _)| source.finding(number, "wait for the event, not for a while")));
    }
    findings
}

/// A port that somebody else may have. 1 and 9 are vacant everywhere, and serve as addresses where nobody listens.
pub(crate) fn fixed_ports(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for source in tests(tree) {
        for (number, line) in numbered(&source.text) {
            let ports = line
                .match_indices("127.0.0.1:")
                .map(|(at, address)| leading_number(&line[at + address.len()..]));
            let fixed = ports.filter(|port| !matches!(*port, "" | "0" | "1" | "9"));
            findings.extend(
                fixed.map(|port| source.finding(number, format!("port {port} is fixed; bind port 0"))),
            );
        }
    }
    findings
}

fn leading_number(text: &str) -> &str {
    &text[..text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len())]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(rule: fn(&Tree) -> Vec<Finding>, path: &str, text: &str) -> usize {
        rule(&Tree::of(&[(path, text)])).len()
    }

    #[test]
    fn a_test_that_sleeps_is_found() {
        assert_eq!(count(sleeping, "tests/a.rs", "std::thread::sleep(a);\n"), 1);
        assert_eq!(count(sleeping, "crates/a/tests/a/b.rs", "tokio::time::sleep(a).await;\n"), 1);
        assert_eq!(count(sleeping, "tests/a.rs", "tokio::time::sleep_until(a).await;\n"), 0);
        assert_eq!(count(sleeping, VIRTUAL, "tokio::time::sleep(a).await;\n"), 0);
        assert_eq!(count(sleeping, "crates/a/src/a.rs", "std::thread::sleep(a);\n"), 0);
    }

    #[test]
    fn a_fixed_port_is_found() {
        assert_eq!(count(fixed_ports, "tests/a.rs", "bind(\"127.0.0.1:8080\")\n"), 1);
        assert_eq!(count(fixed_ports, "tests/a.rs", "bind(\"127.0.0.1:0\"); dial(\"127.0.0.1:9\")\n"), 0);
        assert_eq!(count(fixed_ports, "tests/a.rs", "format!(\"127.0.0.1:{port}\")\n"), 0);
        assert_eq!(count(fixed_ports, "tests/a.rs", "dial(\"127.0.0.1:90\")\n"), 1);
        assert_eq!(count(fixed_ports, "crates/a/src/read/tests.rs", "read(\"127.0.0.1:8080\")\n"), 0);
    }
}
