//! `squall check`: validates scenario files, and files of services, without running them.

use crate::exit::Exit;
use crate::faults::schema;
use crate::run::{collect, colored};
use crate::{Failure, output, overrides};
use squall::scenario::{FaultTables, check_either, scenario_schema};
use std::path::PathBuf;

/// Validate scenario files and files of `squall up`: every mistake at once, with its place and a remedy.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Files, or folders of them.
    #[arg(value_name = "FILE|FOLDER", default_value = "scenarios")]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    overrides: overrides::Args,
    /// Print the JSON Schema of scenario files, for editors, and do nothing else.
    #[arg(long)]
    schema: bool,
}

pub(crate) fn main(args: Args) -> Result<Exit, Failure> {
    if args.schema {
        let faults = FaultTables { tables: schema::tables, defs: schema::defs };
        return output::print(&format!("{:#}\n", scenario_schema(faults))).map(|()| Exit::Ok);
    }
    let mut exit = Exit::Ok;
    for path in collect(&args.paths)? {
        if let Err(words) = check_either(&path, &args.overrides.overrides(), colored()) {
            eprint!("{words}");
            exit = Exit::Usage;
        }
    }
    Ok(exit)
}
