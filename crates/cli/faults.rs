//! `squall faults`: what faults there are, what each does, and what one would do to a connection.

mod clients;
mod clock;
mod connects;
mod document;
mod entry;
mod offer;
mod page;
mod play;
mod preview;
mod rehearsal;
pub(crate) mod schema;
mod takes;
mod tally;
mod terminal;
mod timeline;

pub(crate) use entry::shell_word;

use crate::exit::Exit;
use crate::{Failure, output};
use clap::Subcommand;
use squall_faults::{Kind, find_kind, kind_names, nearest};

/// List the faults, explain one, or preview what one does.
///
/// Without a name every fault is listed, with an example. With one it is explained: what it does and on what, its parameters
/// and their defaults, and which way it acts by default.
#[derive(clap::Args)]
#[command(args_conflicts_with_subcommands = true, disable_help_subcommand = true)]
pub(crate) struct Args {
    /// Explain this fault.
    #[arg(value_name = "NAME")]
    name: Option<String>,
    /// Print the whole reference as a Markdown page.
    #[arg(long, conflicts_with = "name")]
    markdown: bool,
    /// Print a JSON Schema of the faults as scenario files have them, for editors.
    #[arg(long, conflicts_with_all = ["name", "markdown"])]
    schema: bool,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    Preview(preview::Args),
}

pub(crate) fn main(args: Args) -> Result<Exit, Failure> {
    let text = match (args.command, args.name) {
        (Some(Command::Preview(args)), _) => return preview::main(args),
        (None, Some(name)) => terminal::explain(find(&name)?),
        (None, None) if args.markdown => page::text(),
        (None, None) if args.schema => schema::text(),
        (None, None) => terminal::list(),
    };
    output::print(&text).map(|()| Exit::Ok)
}

fn find(name: &str) -> Result<&'static Kind, Failure> {
    find_kind(name).ok_or_else(|| match nearest(name, kind_names()) {
        Some(known) => Failure::usage(format!("there is no fault `{name}`; did you mean `{known}`?")),
        None => {
            let names: Vec<_> = squall_faults::KINDS.iter().map(|kind| kind.name).collect();
            Failure::usage(format!("there is no fault `{name}`; faults are {}", names.join(", ")))
        }
    })
}
