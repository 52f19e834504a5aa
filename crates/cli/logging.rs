//! Logs on stderr, through tracing.

use clap::ValueEnum;
use std::io::{IsTerminal, stderr};
use tracing_subscriber::EnvFilter;

#[derive(clap::Args)]
#[group(skip)]
pub(crate) struct Args {
    /// How log lines look.
    #[arg(long, global = true, value_enum, default_value_t = Format::Text)]
    log_format: Format,
    /// Which log lines are shown: error, warn, info, debug, trace, or a filter such as `squall_proxy=debug`. SQUALL_LOG says
    /// the same.
    #[arg(long, global = true, value_name = "FILTER")]
    log: Option<String>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    Text,
    Json,
}

/// Starts logging. With `level`, LOG_LEVEL counts where nothing else says what is shown.
pub(crate) fn start(args: &Args, level: bool) {
    let wanted = args.log.clone().or_else(|| std::env::var("SQUALL_LOG").ok());
    let named = || level.then(|| std::env::var("LOG_LEVEL").ok()).flatten().and_then(|level| filter(&level));
    let wanted = wanted.or_else(|| named().map(str::to_owned));
    let filter = EnvFilter::new(wanted.unwrap_or_else(|| "info".to_owned()));
    let logger = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(stderr)
        .with_ansi(stderr().is_terminal());
    match args.log_format {
        Format::Text => logger.with_target(false).init(),
        Format::Json => logger.json().init(),
    }
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
