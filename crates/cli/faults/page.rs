//! The fault reference as a Markdown page.

use super::entry::{self, Row};
use squall_faults::{Absent, KINDS, Kind};

const HEAD: &str = "\
# Faults

What each fault does, exactly. This page is what `squall faults --markdown` prints; `cargo xtask gen` writes it. `squall faults NAME` explains one fault in the terminal, and `squall faults preview SPEC` shows, in virtual time, what it would do to a connection.
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
## Keys of every fault

On which connections a fault acts, from when on, and what it is called.

";

/// The whole page.
pub(super) fn text() -> String {
    let sections: String = KINDS.iter().map(section).collect();
    format!("{HEAD}{}{GRAMMAR}{sections}{SCOPE}{}", contents(), table(&entry::scope_keys(), "key"))
}

/// The table of contents.
fn contents() -> String {
    let kinds = KINDS.iter().map(|kind| format!("- [`{0}`](#{0}): {1}\n", kind.name, entry::summary(kind)));
    let kinds: String = kinds.collect();
    format!("\n- [Writing a fault](#writing-a-fault)\n{kinds}- [Keys of every fault](#keys-of-every-fault)\n")
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
    let (carriers, direction) = (entry::carriers(kind), entry::direction(kind));
    let mut facts = format!("Acts on {carriers}; on {direction} (`@{}`) unless told.", kind.directions);
    if !kind.aliases.is_empty() {
        let aliases: Vec<_> = kind.aliases.iter().map(|alias| format!("`{alias}`")).collect();
        facts.push_str(&format!(" Also called {}.", aliases.join(", ")));
    }
    facts.push('\n');
    facts
}

fn table(rows: &[Row], what: &str) -> String {
    let mut text = format!("| {what} | value | default | meaning |\n| --- | --- | --- | --- |\n");
    for row in rows {
        let key = if row.main { format!("**`{}`**", row.key) } else { format!("`{}`", row.key) };
        let default = match &row.default {
            Absent::Refused => "required".to_owned(),
            Absent::Unset => String::new(),
            Absent::Default(text) => format!("`{text}`"),
        };
        let cells =
            [key, row.value.clone(), default, row.meaning.clone()].map(|cell| cell.replace('|', "\\|"));
        text.push_str(&format!("| {} |\n", cells.join(" | ")));
    }
    text
}
