//! The list of faults and the explanation of one, for the terminal.

use super::entry::{self, Place, Row};
use super::takes;
use crate::table;
use squall_faults::{Absent, KINDS, Kind};

/// Every fault by where it acts: an example, and what it does in a few words.
pub(super) fn list() -> String {
    let width = KINDS.iter().map(|kind| kind.example.len()).max().unwrap_or_default();
    let mut text = String::new();
    for place in Place::ALL {
        let kinds = KINDS.iter().filter(|kind| Place::of(kind) == place);
        // As wide in each group, so that the columns stand under one another.
        let rows: Vec<_> =
            kinds.map(|kind| [format!("{:width$}", kind.example), entry::brief(kind)]).collect();
        text.push_str(&format!("{}\n{}\n", place.title(), table::render(2, &rows)));
    }
    text + "`squall faults NAME` explains one.\n`squall faults preview SPEC` shows what it does.\n"
}

/// All about one fault.
pub(super) fn explain(kind: &Kind) -> String {
    let mut text = format!("{}\n\n", kind.name);
    for paragraph in entry::paragraphs(kind.about) {
        text.push_str(&table::wrap(&paragraph, table::WIDTH).join("\n"));
        text.push_str("\n\n");
    }
    text.push_str(&table::render(0, &facts(kind)));
    let params = entry::params(kind);
    if !params.is_empty() {
        text.push_str(&format!("\nParameters\n{}", table::render(2, &detailed(&params))));
    }
    let told = |key| params.iter().any(|param| param.key == key);
    let mut keys = entry::scope_keys();
    keys.retain(|row| takes::takes(kind, row.key) && !told(row.key));
    text.push_str(&format!("\n{}\n{}", keys_title(kind), table::render(2, &brief(&keys))));
    text.push_str(&format!("\nExample\n  {}\n", entry::command(kind)));
    text
}

fn keys_title(kind: &Kind) -> &'static str {
    match kind.is_gate() {
        false => "Keys of every fault",
        true if takes::closes_port(kind) => "Keys of a fault that closes the port",
        true => "Keys of a fault at connect time",
    }
}

fn facts(kind: &Kind) -> Vec<[String; 2]> {
    let mut facts = vec![("acts", Place::of(kind).text().to_owned())];
    if !kind.is_gate() {
        let direction = format!("{}, `@{}`, by default", entry::direction(kind), kind.directions);
        facts.push(("direction", direction));
    }
    if let Some((carrier, misfit)) = entry::misfit(kind) {
        facts.push(("not on", format!("{carrier}: {}; nearest is `{}`", misfit.reason, misfit.instead)));
    }
    if let Some(limits) = entry::limits(kind).filter(|_| !takes::closing_params(kind).is_empty()) {
        facts.push(("takes", limits));
    }
    if !kind.aliases.is_empty() {
        facts.push(("aliases", kind.aliases.join(", ")));
    }
    facts.into_iter().map(|(what, text)| [what.to_owned(), text]).collect()
}

/// Parameters with all that is known of them: what is written, and below what it means.
fn detailed(rows: &[Row]) -> Vec<[String; 2]> {
    let lines = rows.iter().flat_map(|row| {
        let default = match &row.default {
            Absent::Refused => ", required".to_owned(),
            Absent::Unset => String::new(),
            Absent::Default(text) => format!(", {text} by default"),
        };
        let bare = if row.main { "; the key may be left out" } else { "" };
        let value = format!("{}{default}{bare}", row.value);
        [[row.key.to_owned(), value], [String::new(), row.meaning.clone()]]
    });
    lines.collect()
}

/// Keys with a sentence for each.
fn brief(rows: &[Row]) -> Vec<[String; 2]> {
    let sentence = |row: &Row| entry::first_sentence(&row.meaning).to_owned();
    rows.iter().map(|row| [row.key.to_owned(), sentence(row)]).collect()
}
