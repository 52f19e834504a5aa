//! What scenario commands take otherwise than the file has it.

use squall::scenario::Overrides;
use squall::scenario::model::Clock;

/// Options of commands that read scenarios.
#[derive(clap::Args)]
#[group(skip)]
pub(crate) struct Args {
    /// Another text for a var of the file's [vars]; may be given more than once. Snapshots are then not compared.
    #[arg(long = "var", value_name = "NAME=TEXT", value_parser = var)]
    vars: Vec<(String, String)>,
    /// The clock instead of the file's: real or virtual. Snapshots are then not compared.
    #[arg(long, value_name = "CLOCK", value_parser = clock)]
    clock: Option<Clock>,
}

impl Args {
    /// What was asked for.
    pub(crate) fn overrides(&self) -> Overrides {
        Overrides { clock: self.clock, vars: self.vars.clone() }
    }
}

pub(crate) fn var(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write NAME=TEXT")?;
    Ok((name.to_owned(), value.to_owned()))
}

pub(crate) fn clock(text: &str) -> Result<Clock, String> {
    match text {
        "real" => Ok(Clock::Real),
        "virtual" => Ok(Clock::Virtual),
        _ => Err("write real or virtual".to_owned()),
    }
}
