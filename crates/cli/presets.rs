//! `squall presets`: what networks there are by name, and which faults each stands for.

mod document;
mod figures;
mod page;
mod terminal;

use crate::exit::Exit;
use crate::{Failure, output};
use squall_faults::{PRESETS, Preset, find_preset, nearest, preset_names};
use std::path::PathBuf;

/// List the presets, or explain one.
///
/// A preset is a kind of network by name: latency, bandwidth and loss as somebody published them, to be put on a link as a
/// whole with `squall proxy --preset NAME`. With a name the faults that it stands for are shown, ready to be copied.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Explain this preset.
    #[arg(value_name = "NAME")]
    name: Option<String>,
    /// Write them as JSON to FILE, or to stdout without one.
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true, default_missing_value = "-")]
    json: Option<PathBuf>,
    /// Print all of them as a Markdown page.
    #[arg(long, conflicts_with_all = ["name", "json"])]
    markdown: bool,
}

pub(crate) fn main(args: Args) -> Result<Exit, Failure> {
    let preset = args.name.as_deref().map(find).transpose()?;
    if let Some(target) = &args.json {
        let document = match preset {
            Some(preset) => document::of(preset),
            None => PRESETS.iter().map(document::of).collect(),
        };
        output::write(target, &format!("{document:#}\n"))?;
        return Ok(Exit::Ok);
    }
    let text = match preset {
        Some(preset) => terminal::explain(preset),
        None if args.markdown => page::text(),
        None => terminal::list(),
    };
    output::print(&text).map(|()| Exit::Ok)
}

fn find(name: &str) -> Result<&'static Preset, Failure> {
    find_preset(name).ok_or_else(|| match nearest(name, preset_names()) {
        Some(known) => Failure::usage(format!("there is no preset `{name}`; did you mean `{known}`?")),
        None => {
            let names: Vec<_> = PRESETS.iter().map(|preset| preset.name).collect();
            Failure::usage(format!("there is no preset `{name}`; presets are {}", names.join(", ")))
        }
    })
}
