//! `cargo xtask gen`: the files that are written from other files.

mod catalogue;
mod reference;

use crate::args::Args;
use crate::diff;
use crate::failure::Failure;
use std::fs;
use std::path::Path;

/// A generated file: where it is, and what it must say.
struct Generated {
    path: &'static str,
    text: fn(&Path) -> Result<String, Failure>,
}

/// In this order: the references are printed by a binary that has the catalogue in it.
const GENERATED: [Generated; 6] = [
    Generated { path: catalogue::PATH, text: catalogue::text },
    Generated { path: "docs/faults.md", text: reference::faults },
    Generated { path: "docs/presets.md", text: reference::presets },
    Generated { path: "docs/squall.scenario.1.schema.json", text: reference::scenario_schema },
    Generated { path: "docs/squall.up.1.schema.json", text: reference::up_schema },
    Generated { path: "docs/squall.report.1.schema.json", text: reference::report_schema },
];

/// Writes every generated file that differs, or with `--check` shows how it differs.
pub(crate) fn run(root: &Path, words: &[String]) -> Result<(), Failure> {
    let check = Args::parse(words, &["--check"])?.at_most(0)?.has("--check");
    let mut stale = Vec::new();
    for generated in &GENERATED {
        let path = root.join(generated.path);
        let wanted = (generated.text)(root)?;
        let present = fs::read_to_string(&path).unwrap_or_default();
        if present == wanted {
            println!("gen: {} is up to date", generated.path);
        } else if check {
            print!("{}", diff::unified(generated.path, &present, &wanted));
            stale.push(generated.path);
        } else {
            fs::write(&path, wanted).map_err(|error| Failure::file("write", &path, &error))?;
            println!("gen: wrote {}", generated.path);
        }
    }
    match stale.as_slice() {
        [] => Ok(()),
        stale => Err(Failure::Found(format!("{} is not what `cargo xtask gen` writes", stale.join(", ")))),
    }
}
