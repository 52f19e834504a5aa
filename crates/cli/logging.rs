//! Logs on stderr, through tracing.

use crate::Failure;
use clap::ValueEnum;
use std::io::{IsTerminal, stderr};
use tracing_subscriber::EnvFilter;

#[derive(clap::Args)]
#[group(skip)]
pub(crate) struct Args {
    /// How log lines look.
    // Behind everything that a command has of its own.
    #[arg(long, global = true, value_enum, default_value_t = Format::Text, display_order = 990)]
    log_format: Format,
    /// Which log lines are shown: error, warn, info, debug, trace, or a filter such as `squall_proxy=debug`. SQUALL_LOG says
    /// the same, and RUST_LOG where that does not.
    #[arg(long, global = true, value_name = "FILTER", display_order = 991)]
    log: Option<String>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    Text,
    Json,
}

/// What is shown where nobody says.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Usual {
    /// Whatever an operator may want to know.
    Info,
    /// The same, unless LOG_LEVEL says otherwise.
    Level,
    /// Errors: what goes wrong in a scenario is wanted, and the report has it.
    Error,
}

/// Starts logging.
///
/// # Errors
/// Where what is to be shown is said and makes no sense.
pub(crate) fn start(args: &Args, usual: Usual) -> Result<(), Failure> {
    let filter = match wanted(args, usual == Usual::Level) {
        Some((source, text)) => EnvFilter::try_new(&text)
            .map_err(|error| Failure::usage(format!("{source}: `{text}`: {error}")))?,
        None if usual == Usual::Error => EnvFilter::new("error"),
        None => EnvFilter::new("info"),
    };
    let logger = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(stderr)
        // Of a line that cannot be written it would tell on stderr, and panic there.
        .log_internal_errors(false)
        .with_ansi(stderr().is_terminal());
    match args.log_format {
        Format::Text => logger.with_target(false).init(),
        Format::Json => logger.json().init(),
    }
    Ok(())
}

/// Which lines are asked for, and where.
fn wanted(args: &Args, level: bool) -> Option<(&'static str, String)> {
    let variable = |name| std::env::var(name).ok().filter(|text| !text.is_empty()).map(|text| (name, text));
    let level = || {
        let (name, text) = variable("LOG_LEVEL").filter(|_| level)?;
        filter(&text).map(|filter| (name, filter.to_owned()))
    };
    let option = args.log.clone().map(|text| ("--log", text));
    option.or_else(|| variable("SQUALL_LOG")).or_else(|| variable("RUST_LOG")).or_else(level)
}

/// What a level of Toxiproxy's means here; nothing for a word that is none.
fn filter(level: &str) -> Option<&'static str> {
    Some(match level.to_ascii_lowercase().as_str() {
        "trace" => "trace",
        "debug" => "debug",
        "info" => "info",
        "warn" | "warning" => "warn",
        "error" | "fatal" | "panic" => "error",
        "disabled" => "off",
        _ => return None,
    })
}
