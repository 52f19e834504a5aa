//! Rules about which crate may use which.

use crate::tidy::tree::{Finding, Tree, numbered};

/// What each crate may use of ours, lower layers first. The command line, in the root manifest, may use all.
const LAYERS: [(&str, &[&str]); 9] = [
    ("faults", &[]),
    ("balance", &[]),
    ("wire", &[]),
    ("echo", &["wire", "faults"]),
    ("load", &["wire"]),
    ("proxy", &["wire", "faults", "balance"]),
    ("scenario", &["wire", "proxy", "echo", "load", "faults", "balance"]),
    ("control", &["wire", "echo", "proxy", "faults", "balance"]),
    ("squall", &["wire", "echo", "proxy", "load", "faults", "balance", "scenario"]),
];

/// A crate that is named in a manifest.
struct Dependency<'a> {
    line: usize,
    name: &'a str,
    /// Only for tests.
    dev: bool,
}

/// Crates use what is below them. Tests may use more.
pub(crate) fn layers(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for source in tree.sources() {
        let folder = source.path.strip_prefix("crates/").and_then(|path| path.strip_suffix("/Cargo.toml"));
        let Some(folder) = folder else { continue };
        let Some((_, allowed)) = LAYERS.iter().find(|(name, _)| *name == folder) else {
            findings.push(
                source.finding(1, format!("`{folder}` has no place among the layers of xtask's rules")),
            );
            continue;
        };
        for Dependency { line, name, dev } in dependencies(&source.text) {
            let used = if name == "squall" { name } else { name.strip_prefix("squall-").unwrap_or_default() };
            if !dev && !used.is_empty() && !allowed.contains(&used) {
                findings.push(source.finding(line, format!("{folder} is not above {used}")));
            }
            if name == "clap" {
                findings.push(source.finding(line, "only the command line uses clap"));
            }
        }
    }
    findings
}

/// The project's own commands judge the binary from outside.
pub(crate) fn xtask_stands_alone(tree: &Tree) -> Vec<Finding> {
    let Some(source) = tree.find("xtask/Cargo.toml") else { return Vec::new() };
    let ours =
        dependencies(&source.text).into_iter().filter(|dependency| dependency.name.starts_with("squall"));
    ours.map(|dependency| {
        source.finding(dependency.line, "xtask runs the built binary and links none of ours")
    })
    .collect()
}

/// The dependencies in a manifest, of every target, in both ways to write one.
fn dependencies(manifest: &str) -> Vec<Dependency<'_>> {
    let mut found = Vec::new();
    let (mut inside, mut dev) = (false, false);
    for (line, text) in numbered(manifest) {
        if let Some(table) = text.trim().strip_prefix('[').and_then(|table| table.strip_suffix(']')) {
            dev = table.contains("dev-dependencies");
            inside = table.ends_with("dependencies");
            if let Some((before, name)) = table.rsplit_once('.')
                && before.ends_with("dependencies")
            {
                found.push(Dependency { line, name, dev });
            }
        } else if inside && let Some((key, _)) = text.split_once('=') {
            let name = key.split('.').next().unwrap_or(key).trim();
            found.push(Dependency { line, name, dev });
        }
    }
    found.retain(|dependency| !dependency.name.starts_with('#'));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(findings: Vec<Finding>) -> Vec<String> {
        findings.iter().map(Finding::to_string).collect()
    }

    fn layers_of(manifest: &str) -> Vec<String> {
        shown(layers(&Tree::of(&[("crates/echo/Cargo.toml", manifest)])))
    }

    #[test]
    fn a_crate_does_not_use_what_is_above_it() {
        let above = ["crates/echo/Cargo.toml:2: echo is not above proxy"];
        assert_eq!(layers_of("[dependencies]\nsquall-proxy.workspace = true\n"), above);
        assert_eq!(layers_of("\n[dependencies.squall-proxy]\nworkspace = true\n"), above);
        assert_eq!(
            layers_of("[target.'cfg(unix)'.dependencies]\nsquall-proxy = { workspace = true }\n"),
            above
        );
        assert!(layers_of("[dependencies]\nsquall-wire.workspace = true\n").is_empty());
        assert!(layers_of("[dev-dependencies]\nsquall-proxy.workspace = true\n").is_empty());
    }

    #[test]
    fn a_library_does_not_parse_arguments() {
        assert_eq!(layers_of("[dependencies]\nclap.workspace = true\n").len(), 1);
    }

    #[test]
    fn a_new_crate_needs_a_place() {
        let found = shown(layers(&Tree::of(&[("crates/replay/Cargo.toml", "")])));
        assert_eq!(
            found,
            ["crates/replay/Cargo.toml:1: `replay` has no place among the layers of xtask's rules"]
        );
    }

    #[test]
    fn xtask_links_none_of_ours() {
        let find = |manifest| xtask_stands_alone(&Tree::of(&[("xtask/Cargo.toml", manifest)])).len();
        assert_eq!(find("[dev-dependencies]\nsquall-wire.workspace = true\n"), 1);
        assert_eq!(find("[dependencies]\nsimilar.workspace = true\n"), 0);
    }
}
