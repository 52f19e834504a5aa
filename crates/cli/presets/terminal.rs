//! The list of presets and the explanation of one, for the terminal.

use super::figures::{self, Figures, Group};
use crate::table;
use squall_faults::{Carrier, Preset};

/// Which columns stand to the right: numbers.
const COLUMNS: [bool; 6] = [false, false, true, true, true, true];

/// Every preset under its source.
pub(super) fn list() -> String {
    let groups = figures::groups();
    let head = ["name", "alias", "down", "up", "RTT", "loss"].map(str::to_owned);
    let rows: Vec<_> = [head].into_iter().chain(groups.iter().flat_map(rows)).collect();
    // All rows are aligned as one table, and the sources put between them.
    let table = table::aligned(2, COLUMNS, &rows);
    let mut lines = table.lines();
    let mut text = format!("{}\n", lines.next().unwrap_or_default());
    for group in &groups {
        text.push_str(&format!("{}\n", group.title()));
        for line in lines.by_ref().take(group.presets.len()) {
            text.push_str(&format!("{line}\n"));
        }
    }
    text + "\n`squall presets NAME` shows the faults that one stands for.\n`squall proxy --preset NAME` puts them on a link.\n"
}

fn rows(group: &Group) -> impl Iterator<Item = [String; 6]> {
    group.presets.iter().map(|(preset, _)| {
        let Figures { down, up, rtt, loss } = Figures::of(preset);
        let name = preset.name.to_owned();
        [name, preset.aliases.join(", "), down, up, rtt, loss]
    })
}

/// All about one preset.
pub(super) fn explain(preset: &Preset) -> String {
    let mut text = format!("{}\n\n{}", preset.name, table::render(0, &facts(preset)));
    let stream = figures::options(preset, Carrier::Stream);
    let datagram = figures::options(preset, Carrier::Datagram);
    let mut part = |title: &str, lines: &[String]| {
        text.push_str(&format!("\n{title}\n"));
        for line in lines {
            text.push_str(&format!("  {line}\n"));
        }
    };
    part("To use it", &[figures::command(preset)]);
    part("It stands for", &stream);
    if datagram != stream {
        part("On datagrams (UDP) it stands for", &datagram);
    }
    text
}

fn facts(preset: &Preset) -> Vec<[String; 2]> {
    let figures = Figures::of(preset);
    let mut facts = Vec::new();
    if !preset.aliases.is_empty() {
        facts.push(("aliases", preset.aliases.join(", ")));
    }
    if preset.offline {
        facts.push(("link", "down: nothing connects, every datagram is lost".to_owned()));
    } else {
        facts.push(("down", figures.down));
        facts.push(("up", figures.up));
        facts.push(("RTT", format!("{}, {} each way", figures.rtt, figures::half(preset))));
        facts.push(("loss", figures.loss));
    }
    facts.push(("source", preset.source.to_owned()));
    facts.into_iter().map(|(what, text)| [what.to_owned(), text]).collect()
}
