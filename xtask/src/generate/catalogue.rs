//! The list of faults, from the files of its folder: a file `half_open.rs` defines `HalfOpen`.

use crate::failure::Failure;
use std::fs;
use std::path::Path;

/// The generated file.
pub(crate) const PATH: &str = "crates/faults/src/catalogue/mod.rs";

/// What rustfmt.toml allows.
const WIDTH: usize = 110;

/// The text of the generated file. An error names the file that does not define the type its name promises.
pub(crate) fn text(root: &Path) -> Result<String, Failure> {
    let folder = root.join(PATH).with_file_name("");
    let unreadable = |error| Failure::file("read", &folder, &error);
    let mut faults = Vec::new();
    for entry in fs::read_dir(&folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if name == "mod" || path.extension().is_none_or(|extension| extension != "rs") {
            continue;
        }
        let source = fs::read_to_string(&path).map_err(|error| Failure::file("read", &path, &error))?;
        if !declares(&source, &camel(&name)) {
            let type_name = camel(&name);
            return Err(Failure::Found(format!(
                "{} does not declare `pub struct {type_name}`",
                path.display()
            )));
        }
        let is_gate = source.contains(&format!("impl Gate for {} ", camel(&name)));
        faults.push((name, is_gate));
    }
    faults.sort();
    Ok(render(&faults))
}

/// The generated file for faults of these names, each with whether it is a gate: those act at connect time.
fn render(faults: &[(String, bool)]) -> String {
    let (mut mods, mut uses, mut gates, mut kinds) =
        (String::new(), String::new(), String::new(), Vec::new());
    for (name, is_gate) in faults {
        let kind = camel(name);
        mods.push_str(&format!("mod {name};\n"));
        uses.push_str(&format!("pub use {name}::{kind};\n"));
        kinds.push(format!("Kind::{}::<{kind}>()", if *is_gate { "gate" } else { "of" }));
        if *is_gate {
            gates.push_str(&format!(
                "impl From<{kind}> for FaultSpec {{\n    fn from(gate: {kind}) -> FaultSpec {{\n        \
                 FaultSpec::of_gate(gate)\n    }}\n}}\n\n"
            ));
        }
    }
    let list = static_list(&format!("pub static KINDS: [Kind; {}] =", kinds.len()), &kinds);
    format!(
        "//! Every fault, one file each. Written by `cargo xtask gen` from the files of this folder: do not edit.\n\n\
         use crate::kind::Kind;\nuse crate::spec::FaultSpec;\n\n{mods}\n{uses}\n{gates}/// Every kind of fault, by name.\n{list}"
    )
}

/// A list as rustfmt breaks it: on the line of its name, on one of its own, or with a line for each entry.
fn static_list(head: &str, entries: &[String]) -> String {
    let joined = format!("[{}];", entries.join(", "));
    let (beside, below) = (format!("{head} {joined}\n"), format!("    {joined}"));
    if beside.trim_end().len() <= WIDTH {
        beside
    } else if below.len() <= WIDTH {
        format!("{head}\n{below}\n")
    } else {
        format!("{head} [\n    {},\n];\n", entries.join(",\n    "))
    }
}

fn camel(name: &str) -> String {
    let words = name.split('_');
    words
        .flat_map(|word| word.chars().take(1).flat_map(char::to_uppercase).chain(word.chars().skip(1)))
        .collect()
}

fn declares(source: &str, type_name: &str) -> bool {
    source.lines().any(|line| {
        let rest =
            line.trim_start().strip_prefix("pub struct ").and_then(|rest| rest.strip_prefix(type_name));
        rest.is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_becomes_a_type_name() {
        assert_eq!(camel("half_open"), "HalfOpen");
        assert_eq!(camel("reset"), "Reset");
    }

    #[test]
    fn the_list_breaks_as_it_grows() {
        let list = |count: usize| {
            static_list("static A: [B; 3] =", &vec!["Kind::of::<Latency>()".to_owned(); count])
        };
        assert_eq!(list(3).lines().count(), 1);
        assert!(list(4).starts_with("static A: [B; 3] =\n    [Kind::of::<Latency>(), "));
        assert!(list(5).starts_with("static A: [B; 3] = [\n    Kind::of::<Latency>(),\n    Kind"));
    }

    #[test]
    fn a_declaration_is_the_whole_name() {
        assert!(declares("    pub struct Reset {", "Reset"));
        assert!(!declares("pub struct ResetPeer {", "Reset"));
    }

    #[test]
    fn a_file_without_its_type_is_named() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("crates/faults/src/catalogue");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("slicer.rs"), "pub struct Slice;\n").unwrap();
        let error = text(root.path()).unwrap_err().to_string();
        assert!(error.ends_with("slicer.rs does not declare `pub struct Slicer`"), "{error}");
    }
}
