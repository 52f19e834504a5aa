//! Rules about which part of the code may do what.

use crate::tidy::tree::{Finding, Source, Tree, has_word, numbered};

/// Findings for every line of `source` that is not a test and has one of `words`.
fn forbid(source: &Source, words: &[&str], message: &str) -> Vec<Finding> {
    let lines = source.product().filter(|(_, line)| words.iter().any(|word| has_word(line, word)));
    lines.map(|(number, _)| source.finding(number, message)).collect()
}

/// Rust files of the crates that `inside` tells, by the name of their folder.
fn crates(tree: &Tree, inside: fn(&str) -> bool) -> impl Iterator<Item = &Source> {
    tree.rust().filter(move |source| {
        let folder = source.path.strip_prefix("crates/").and_then(|path| path.split('/').next());
        folder.is_some_and(inside)
    })
}

/// Only the command line parses a command line.
pub(crate) fn arguments(tree: &Tree) -> Vec<Finding> {
    let outside = tree.rust().filter(|source| !source.path.starts_with("crates/cli/"));
    outside.flat_map(|source| forbid(source, &["clap"], "only crates/cli parses arguments")).collect()
}

/// A library says nothing on its own.
pub(crate) fn printing(tree: &Tree) -> Vec<Finding> {
    let words = ["print!", "println!", "eprint!", "eprintln!"];
    let silent = crates(tree, |name| name != "cli");
    silent.flat_map(|source| forbid(source, &words, "only crates/cli prints")).collect()
}

/// The fault model and the choice of a member are told the time and never wait.
pub(crate) fn pure_crates(tree: &Tree) -> Vec<Finding> {
    let words = ["await", "async", "tokio"];
    let pure = crates(tree, |name| matches!(name, "faults" | "balance"));
    pure.flat_map(|source| forbid(source, &words, "a sans-I/O crate neither waits nor knows a runtime"))
        .collect()
}

/// Who opens files can be told from the manifest.
pub(crate) fn file_access(tree: &Tree) -> Vec<Finding> {
    let others = crates(tree, |name| !matches!(name, "scenario" | "cli"));
    // A unix socket is a file that somebody has to remove.
    let others = others.filter(|source| source.path != "crates/wire/src/platform/socket_file.rs");
    others
        .flat_map(|source| forbid(source, &["fs"], "only crates/scenario and crates/cli touch files"))
        .collect()
}

/// What has to be proven is in one place. Tests are no exception.
pub(crate) fn unsafe_code(tree: &Tree) -> Vec<Finding> {
    let outside = tree.rust().filter(|source| !source.path.starts_with("crates/wire/src/platform/"));
    let message = "`unsafe` stays in crates/wire/src/platform";
    let lines = outside.flat_map(|source| numbered(&source.code).map(move |line| (source, line)));
    let found = lines.filter(|(_, (_, line))| has_word(line, "unsafe"));
    found.map(|(source, (number, _))| source.finding(number, message)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(rule: fn(&Tree) -> Vec<Finding>, path: &str, text: &str) -> usize {
        rule(&Tree::of(&[(path, text)])).len()
    }

    #[test]
    fn only_the_command_line_uses_clap() {
        assert_eq!(count(arguments, "crates/load/src/a.rs", "use clap::Parser;\n"), 1);
        assert_eq!(count(arguments, "crates/cli/a.rs", "use clap::Parser;\n"), 0);
    }

    #[test]
    fn only_the_command_line_prints() {
        assert_eq!(count(printing, "crates/load/src/a.rs", "fn a() { println!(); }\n"), 1);
        assert_eq!(count(printing, "crates/cli/a.rs", "fn a() { eprintln!(); }\n"), 0);
        assert_eq!(count(printing, "crates/load/tests/a.rs", "fn a() { println!(); }\n"), 0);
        assert_eq!(count(printing, "crates/load/src/a.rs", "/// println!(\"an example\");\n"), 0);
    }

    #[test]
    fn the_model_does_not_wait() {
        assert_eq!(count(pure_crates, "crates/faults/src/a.rs", "async fn a() { b.await }\n"), 1);
        assert_eq!(count(pure_crates, "crates/balance/src/a.rs", "use tokio::time;\n"), 1);
        assert_eq!(count(pure_crates, "crates/wire/src/a.rs", "use tokio::time;\n"), 0);
    }

    #[test]
    fn files_are_opened_in_two_places() {
        assert_eq!(count(file_access, "crates/proxy/src/a.rs", "use std::{fs, io};\n"), 1);
        assert_eq!(count(file_access, "crates/scenario/src/a.rs", "use std::fs;\n"), 0);
        assert_eq!(count(file_access, "crates/proxy/tests/a.rs", "use std::fs;\n"), 0);
    }

    #[test]
    fn what_has_to_be_proven_is_in_one_place() {
        assert_eq!(count(unsafe_code, "crates/wire/src/a.rs", "fn a() { unsafe { b() } }\n"), 1);
        assert_eq!(count(unsafe_code, "crates/wire/tests/a.rs", "fn a() { unsafe { b() } }\n"), 1);
        assert_eq!(count(unsafe_code, "crates/wire/src/platform/a.rs", "fn a() { unsafe { b() } }\n"), 0);
        assert_eq!(count(unsafe_code, "crates/wire/src/a.rs", "// unsafe in name only\n"), 0);
    }
}
