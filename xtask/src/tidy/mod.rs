//! `cargo xtask tidy`: the rules of the code that no compiler and no lint knows.

mod borders;
mod files;
mod manifest;
mod pages;
mod rust;
mod tests_dirs;
mod tree;
mod words;

use crate::args::Args;
use crate::failure::Failure;
use std::path::Path;
use tree::{Finding, Tree};

type Rule = fn(&Tree) -> Vec<Finding>;

const RULES: [Rule; 17] = [
    files::opening_sentence,
    files::length,
    files::median,
    files::whitespace,
    words::leftovers,
    words::ignored,
    words::machine_paths,
    borders::arguments,
    borders::printing,
    borders::pure_crates,
    borders::file_access,
    borders::unsafe_code,
    tests_dirs::sleeping,
    tests_dirs::fixed_ports,
    manifest::layers,
    manifest::xtask_stands_alone,
    pages::present_and_complete,
];

/// Applies every rule to every file of the project, and shows each finding as `file:line: what`.
pub(crate) fn run(root: &Path, words: &[String]) -> Result<(), Failure> {
    Args::parse(words, &[])?.at_most(0)?;
    let tree = Tree::read(root)?;
    let mut findings: Vec<Finding> = RULES.iter().flat_map(|rule| rule(&tree)).collect();
    findings.sort();
    for finding in &findings {
        println!("{finding}");
    }
    match findings.len() {
        0 => {
            println!("tidy: {} rules hold in {} files", RULES.len(), tree.len());
            Ok(())
        }
        count => Err(Failure::Found(format!("tidy: {count} findings"))),
    }
}
