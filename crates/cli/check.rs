//! `squall check`: validates scenario files without running them.

use crate::Failure;
use crate::exit::Exit;
use crate::run::{collect, colored};
use std::path::PathBuf;

/// Validate scenario files: every mistake at once, with its place and a remedy.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Files, or folders of them.
    #[arg(value_name = "FILE|FOLDER", default_value = "scenarios")]
    paths: Vec<PathBuf>,
}

pub(crate) fn main(args: Args) -> Result<Exit, Failure> {
    let mut exit = Exit::Ok;
    for path in collect(&args.paths)? {
        if let Err(words) = squall::scenario::check(&path, colored()) {
            eprint!("{words}");
            exit = Exit::Usage;
        }
    }
    Ok(exit)
}
