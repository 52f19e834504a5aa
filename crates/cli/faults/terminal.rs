//! The list of faults and the explanation of one, for the terminal.

use super::entry::{self, Row};
use super::table;
use squall_faults::{Absent, KINDS, Kind};

/// Every fault: what it does in a sentence, and an example.
pub(super) fn list() -> String {
    let rows = KINDS.iter().flat_map(|kind| {
        [[kind.name.to_owned(), entry::summary(kind)], [String::new(), kind.example.to_owned()]]
    });
    let rows: Vec<_> = rows.collect();
    format!(
        "{}\n`squall faults NAME` explains one; `squall faults preview SPEC` shows what it does.\n",
        table::render(0, &rows)
    )
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
    text.push_str(&format!("\nKeys of every fault\n{}", table::render(2, &brief(&entry::scope_keys()))));
    text.push_str(&format!("\nExample\n  {}\n", entry::command(kind)));
    text
}

fn facts(kind: &Kind) -> Vec<[String; 2]> {
    let direction = format!("{}, `@{}`, unless told", entry::direction(kind), kind.directions);
    let mut facts = vec![("acts on", entry::carriers(kind).to_owned()), ("direction", direction)];
    if !kind.aliases.is_empty() {
        facts.push(("aliases", kind.aliases.join(", ")));
    }
    facts.into_iter().map(|(what, text)| [what.to_owned(), text]).collect()
}

/// Parameters with all that is known of them.
fn detailed(rows: &[Row]) -> Vec<[String; 4]> {
    let default = |row: &Row| match &row.default {
        Absent::Refused => "required".to_owned(),
        Absent::Unset => String::new(),
        Absent::Default(text) => format!("= {text}"),
    };
    let meaning = |row: &Row| match row.main {
        true => format!("{} Its key may be left out.", row.meaning),
        false => row.meaning.clone(),
    };
    rows.iter().map(|row| [row.key.to_owned(), row.value.clone(), default(row), meaning(row)]).collect()
}

/// Keys with a sentence for each.
fn brief(rows: &[Row]) -> Vec<[String; 2]> {
    let sentence = |row: &Row| entry::first_sentence(&row.meaning).to_owned();
    rows.iter().map(|row| [row.key.to_owned(), sentence(row)]).collect()
}
