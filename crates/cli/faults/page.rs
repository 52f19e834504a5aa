//! The fault reference as a Markdown page.

use super::entry::{self, Place, Row};
use super::takes::{self, Taken};
use squall_faults::{Absent, KINDS, Kind};

const HEAD: &str = "\
# Faults

What each fault does, exactly. This page is what `squall faults --markdown` prints; `cargo xtask gen` writes it. `squall faults NAME` explains one fault in the terminal, and `squall faults preview SPEC` shows, in virtual time, what it would do to a connection. [Presets](presets.md) are faults for whole networks.
";

const GRAMMAR: &str = r#"
## Writing a fault

```text
SPEC  = [LINK ":"] FAULT [":" ITEM {"," ITEM}] ["@" DIR]
ITEM  = MAIN (first only) | KEY "=" VALUE
VALUE = text without , " @  |  "a quoted string"
DIR   = up | down | both
```

MAIN is the value of the main parameter, bold in the tables below; `latency:50ms` and `latency:delay=50ms` are the same. `up` is what the client sends, `down` what the server sends; `both` is two independent states under one name, counted together. Without LINK a fault is on every link of the command. In names and keys `-` and `_` are the same.

Durations, rates and probabilities need a unit (`50ms`, `1MB/s`, `1.6Mbit/s`, `0.5%`); a bare size is bytes. KB is 1000 and KiB is 1024.

Scenario files and the library use the same names.
"#;

const SCOPE: &str = "
## Scope keys

On which connections a fault acts, from when on, and what it is called. Faults on streams and datagrams take all of these keys; on UDP, a session is a connection.
";

/// The whole page.
pub(super) fn text() -> String {
    let sections: String = KINDS.iter().map(section).collect();
    let (connecting, keys) = (connecting(), scope_table());
    format!("{HEAD}{}{GRAMMAR}{sections}{SCOPE}{connecting}{keys}", contents())
}

/// What is to be known of the keys of faults at connect time.
fn connecting() -> String {
    let closing = KINDS.iter().flat_map(|kind| match takes::closes_port(kind) {
        true => vec![format!("`{}`", kind.name)],
        false => {
            let params = takes::closing_params(kind);
            params.iter().map(|param| format!("`{}:{param}`", kind.name)).collect()
        }
    });
    let closing = closing.collect::<Vec<_>>().join(" and ");
    format!(
        "\nFaults at connect time act before any byte, so not all keys make sense: a column tells. {closing} close the \
         port, to everybody and before there is a client to know; `times` then counts windows and needs `for`.\n\n"
    )
}

/// The table of contents.
fn contents() -> String {
    let mut text = "\n- [Writing a fault](#writing-a-fault)\n".to_owned();
    for place in Place::ALL {
        text.push_str(&format!("- {}\n", place.title()));
        for kind in KINDS.iter().filter(|kind| Place::of(kind) == place) {
            text.push_str(&format!("  - [`{0}`](#{0}): {1}\n", kind.name, entry::summary(kind)));
        }
    }
    text + "- [Scope keys](#scope-keys)\n"
}

fn section(kind: &Kind) -> String {
    let mut text = format!("\n## {}\n\n{}\n\n", kind.name, entry::paragraphs(kind.about).join("\n\n"));
    text.push_str(&facts(kind));
    let params = entry::params(kind);
    if !params.is_empty() {
        text.push_str(&format!("\n{}", table(&params, "parameter")));
    }
    let preview = entry::shell_word(kind.example);
    text.push_str(&format!(
        "\n```console\n$ {}\n$ squall faults preview {preview}\n```\n",
        entry::command(kind)
    ));
    text
}

fn facts(kind: &Kind) -> String {
    let mut facts = format!("Acts {}", Place::of(kind).text());
    facts.push_str(&match entry::limits(kind) {
        Some(keys) => format!(". Of the [scope keys](#scope-keys) it takes {keys}."),
        None => format!("; on {} (`@{}`) by default.", entry::direction(kind), kind.directions),
    });
    if !kind.aliases.is_empty() {
        let aliases: Vec<_> = kind.aliases.iter().map(|alias| format!("`{alias}`")).collect();
        facts.push_str(&format!(" Also called {}.", aliases.join(", ")));
    }
    if let Some((carrier, misfit)) = entry::misfit(kind) {
        let (reason, instead) = (misfit.reason, misfit.instead);
        facts.push_str(&format!("\n\nNot on {carrier}: {reason}. The nearest there is `{instead}`."));
    }
    facts.push('\n');
    facts
}

/// The keys that faults share, and whether those at connect time take them.
fn scope_table() -> String {
    let mut text =
        "| key | value | default | at connect time | meaning |\n| --- | --- | --- | --- | --- |\n".to_owned();
    for row in entry::scope_keys() {
        let taken = match takes::at_connect(row.key) {
            Taken::Always => "yes",
            Taken::PortOpen => "unless it closes the port",
            Taken::Never => "no",
        };
        let [key, value, default, meaning] = cells(&row);
        text.push_str(&format!("| {key} | {value} | {default} | {taken} | {meaning} |\n"));
    }
    text
}

fn table(rows: &[Row], what: &str) -> String {
    let mut text = format!("| {what} | value | default | meaning |\n| --- | --- | --- | --- |\n");
    for row in rows {
        text.push_str(&format!("| {} |\n", cells(row).join(" | ")));
    }
    text
}

fn cells(row: &Row) -> [String; 4] {
    let key = if row.main { format!("**`{}`**", row.key) } else { format!("`{}`", row.key) };
    let default = match &row.default {
        Absent::Refused => "required".to_owned(),
        Absent::Unset => String::new(),
        Absent::Default(text) => format!("`{text}`"),
    };
    [key, row.value.clone(), default, row.meaning.clone()].map(|cell| cell.replace('|', "\\|"))
}
