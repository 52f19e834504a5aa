//! `command`, `env`, `cwd` and `output`: what is started, the same for a process and for a step that runs a command.

use super::names::Names;
use super::places;
use crate::document::{Item, Table};
use crate::model::{Output, Program, Template};

/// Reads the keys; nothing where there is no command.
pub(super) fn read(table: &Table<'_>, example: &str, names: &mut Names) -> Option<Program> {
    let command = table.require("command", example).and_then(|item| command(&item, names));
    let env = table.get("env").map(|item| env(&item, names)).unwrap_or_default();
    let folder = table.get("cwd").and_then(|item| Some(item.text("a folder in quotes")?.value()));
    let output = table.get("output").and_then(|item| output(&item, names)).unwrap_or_default();
    Some(Program { command: command?, env, folder: names.file(folder.unwrap_or("")), output })
}

fn output(item: &Item<'_>, names: &Names) -> Option<Output> {
    match item.text("\"inherit\", or a file in quotes")?.value() {
        "" => {
            item.refuse("this names no file", "write \"inherit\", or a file such as \"app.log\"".to_owned());
            None
        }
        "inherit" => Some(Output::Inherit),
        file => {
            let file = names.file(file);
            if let Some(what) = names.precious(&file) {
                let help =
                    "write another file, such as \"app.log\"; it is emptied when a run begins".to_owned();
                item.refuse(format!("this is {what}"), help);
            }
            Some(Output::File(file))
        }
    }
}

fn command(item: &Item<'_>, names: &mut Names) -> Option<Vec<Template>> {
    if item.is_text() {
        item.refuse("a command is a list: the program and each of its arguments", as_list(item));
        return None;
    }
    let words = item.list("[\"program\", \"argument\"]");
    if words.is_empty() && item.raw().starts_with('[') {
        item.refuse("this command has no program", None);
    }
    let read: Vec<Template> =
        words.iter().filter_map(|word| places::told(word, "an argument in quotes", names)).collect();
    if let (Some(first), Some(item)) = (read.first(), words.first())
        && first.to_string().is_empty()
    {
        item.refuse("the program has no name", None);
    }
    (read.len() == words.len() && !read.is_empty()).then_some(read)
}

/// The same command as a list, through a shell where its text asks for one.
fn as_list(item: &Item<'_>) -> String {
    let text = item.text("").map_or("", |text| text.value());
    let list = |words: &[&str]| {
        let quoted: Vec<String> = words.iter().map(|word| format!("{word:?}")).collect();
        format!("write [{}]", quoted.join(", "))
    };
    if text.contains(['"', '\'', '|', '&', ';', '<', '>', '$', '`', '*', '\\']) {
        return format!("{}, where a shell is wanted", list(&["sh", "-c", text]));
    }
    list(&text.split_whitespace().collect::<Vec<_>>())
}

fn env(item: &Item<'_>, names: &mut Names) -> Vec<(String, Template)> {
    let Some(table) = item.table("env") else { return Vec::new() };
    let mut env = Vec::new();
    for item in &table.into_items() {
        if item.key().is_empty() || item.key().contains(['=', '\0']) {
            item.refuse_key(
                format!("`{}` cannot be the name of a variable", item.key().escape_debug()),
                None,
            );
        }
        if let Some(value) = places::told(item, "a string, a number or a flag", names) {
            env.push((item.key().to_owned(), value));
        }
    }
    env
}

/// `requires`: programs that have to be installed.
pub(super) fn requires(item: &Item<'_>) -> Vec<String> {
    let name = |item: Item<'_>| {
        let text = item.text("the name of a program, such as \"curl\"")?.value();
        if text.is_empty() {
            item.refuse("the program has no name", None);
        }
        Some(text.to_owned())
    };
    item.one_or_many().into_iter().filter_map(name).collect()
}
