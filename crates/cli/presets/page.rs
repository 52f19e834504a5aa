//! The presets as a Markdown page.

use super::figures::{self, Figures, Group};
use squall_faults::{Carrier, Preset, find_preset};

const HEAD: &str = "\
# Presets

Kinds of networks by name. This page is what `squall presets --markdown` prints; `cargo xtask gen` writes it. `squall presets NAME` explains one in the terminal.

A preset is latency, bandwidth and loss, as its source published them, to be put on a link as a whole. Half the RTT is added each way; rates are for the payload; the loss is of segments or datagrams, each way.
";

const PARTS: &str = "
A preset is nothing but [faults](faults.md), and may be joined by others. They are `optional`: a scenario does not fail where a short exchange loses nothing.
";

const OFFLINE: &str = "
`offline` closes the port; connections that are open stay. On UDP, where there is no port to close, every datagram is lost.
";

/// The whole page.
pub(super) fn text() -> String {
    let example = find_preset("3g").map(example).unwrap_or_default();
    let groups: String = figures::groups().iter().map(section).collect();
    format!("{HEAD}{example}{PARTS}{OFFLINE}{groups}")
}

fn example(preset: &Preset) -> String {
    let options: String =
        figures::options(preset, Carrier::Stream).iter().map(|option| format!(" \\\n    {option}")).collect();
    format!(
        "\n```console\n$ {}\n```\n\nis the same as\n\n```console\n$ squall proxy --upstream localhost:5432{options}\n```\n",
        figures::command(preset)
    )
}

fn section(group: &Group) -> String {
    let mut text = format!(
        "\n## {}\n\n| preset | alias | down | up | RTT | loss |\n| --- | --- | --- | --- | --- | --- |\n",
        group.title()
    );
    for (preset, remark) in &group.presets {
        let Figures { down, up, rtt, loss } = Figures::of(preset);
        let aliases: Vec<_> = preset.aliases.iter().map(|alias| format!("`{alias}`")).collect();
        let name = format!("`{}` {remark}", preset.name);
        let cells = [name.trim_end().to_owned(), aliases.join(", "), down, up, rtt, loss];
        text.push_str(&format!("| {} |\n", cells.join(" | ")));
    }
    text
}
