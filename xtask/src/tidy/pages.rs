//! Rules about the pages that belong to the project.

use crate::tidy::tree::{Finding, Tree};
use std::collections::BTreeSet;

const PAGES: [&str; 4] = ["ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "README.md"];

/// The pages are there, and the map of the code names every crate.
pub(crate) fn present_and_complete(tree: &Tree) -> Vec<Finding> {
    let absent = PAGES.into_iter().filter(|page| tree.find(page).is_none());
    let mut findings: Vec<Finding> =
        absent.map(|page| Finding::missing(page, "this page is missing")).collect();
    if let Some(map) = tree.find("ARCHITECTURE.md") {
        let paths = tree.sources().filter_map(|source| source.path.strip_prefix("crates/"));
        let crates: BTreeSet<&str> = paths.filter_map(|path| Some(path.split_once('/')?.0)).collect();
        let unnamed = crates.into_iter().filter(|name| !names(&map.text, name));
        findings.extend(unnamed.map(|name| map.finding(1, format!("does not name crates/{name}"))));
    }
    findings
}

/// Whether `text` has the folder, as `crates/name` or as `name/` in a drawing of the tree.
fn names(text: &str, name: &str) -> bool {
    let mut words = text.split(|c: char| !(c.is_alphanumeric() || "/_-".contains(c)));
    words.any(|word| {
        let path = word.strip_prefix("crates/").unwrap_or(word);
        path.split_once('/').map_or(path.len() < word.len() && path == name, |(folder, _)| folder == name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_page_is_found() {
        let findings = present_and_complete(&Tree::of(&[("ARCHITECTURE.md", ""), ("README.md", "")]));
        let found: Vec<String> = findings.iter().map(Finding::to_string).collect();
        assert_eq!(found, ["CHANGELOG.md: this page is missing", "CONTRIBUTING.md: this page is missing"]);
    }

    #[test]
    fn the_map_names_every_crate() {
        for map in ["see `crates/wire`", "  wire/    sockets", "crates/wire/src/net.rs"] {
            assert!(names(map, "wire"), "{map}");
        }
        assert!(!names("down to the wire", "wire"));
        assert!(!names("wired/", "wire"));
        let pages = PAGES.map(|page| (page, "crates/wire"));
        let files = [&pages[..], &[("crates/wire/src/lib.rs", ""), ("crates/echo/src/lib.rs", "")]].concat();
        let findings = present_and_complete(&Tree::of(&files));
        assert_eq!(findings[0].to_string(), "ARCHITECTURE.md:1: does not name crates/echo");
        assert_eq!(findings.len(), 1);
    }
}
