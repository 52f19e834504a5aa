//! `squall check`: validates scenario files, and files of services, without running them.

use crate::exit::Exit;
use crate::faults::schema;
use crate::run::{collect, colored};
use crate::{Failure, output, overrides};
use squall::scenario::model::Clock;
use squall::scenario::{FaultTables, Overrides, check_either, scenario_schema};
use std::path::PathBuf;

/// Validate scenario files and files of `squall up`: every mistake at once, with its place and a remedy.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Files, or folders of them.
    #[arg(value_name = "FILE|FOLDER", default_value = "scenarios")]
    paths: Vec<PathBuf>,
    /// Another text for a var of the file's [vars]; may be given more than once.
    #[arg(long = "var", value_name = "NAME=TEXT", value_parser = overrides::var)]
    vars: Vec<(String, String)>,
    /// The clock instead of the file's: real or virtual.
    #[arg(long, value_name = "CLOCK", value_parser = overrides::clock)]
    clock: Option<Clock>,
    /// Print the JSON Schema of scenario files, for editors, and do nothing else.
    #[arg(long)]
    schema: bool,
}

pub(crate) fn main(args: Args) -> Result<Exit, Failure> {
    if args.schema {
        let faults = FaultTables { tables: schema::tables, defs: schema::defs };
        return output::print(&format!("{:#}\n", scenario_schema(faults))).map(|()| Exit::Ok);
    }
    let overrides = Overrides { clock: args.clock, vars: args.vars };
    let files = collect(&args.paths)?;
    let mut exit = Exit::Ok;
    for path in &files {
        if let Err(words) = check_either(path, &overrides, colored()) {
            eprint!("{words}");
            exit = Exit::Usage;
        }
    }
    if exit == Exit::Ok {
        let what = if files.len() == 1 { "1 file".to_owned() } else { format!("{} files", files.len()) };
        eprintln!("{what}, no mistakes");
    }
    Ok(exit)
}
