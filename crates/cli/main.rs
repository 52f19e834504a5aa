//! The squall command line: parses arguments, prints, and turns outcomes into exit codes.

// First, for those below to have its macros.
#[macro_use]
mod stderr;

mod access;
mod arguments;
mod balance;
mod bridge;
mod check;
mod ctl;
mod decisions;
mod doctor;
mod echo;
mod events;
mod exec;
mod exit;
mod faults;
mod files;
mod init;
mod links;
mod load;
mod logging;
mod output;
mod overrides;
mod parse;
mod presets;
mod process;
mod proxy;
mod ready;
mod relaying;
mod run;
mod running;
mod serve;
mod serving;
mod signals;
mod table;
mod up;
mod watching;
mod xml;

use clap::{Parser, Subcommand};
use exit::Exit;
use std::process::ExitCode;

/// Flaky networks on purpose, reproducibly.
///
/// Relay TCP connections and do to them what networks do, from a seed; a balancer; many of these from one file; a server for the clients of Toxiproxy; echo
/// servers to talk to; loads that verify every byte; and scripted scenarios whose
/// exact counts are compared with snapshots.
#[derive(Parser)]
#[command(name = "squall", version, max_term_width = 100, after_help = EXIT_CODES)]
struct Args {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    logging: logging::Args,
}

const EXIT_CODES: &str = "Exit codes: 0 all went well, also a server that was stopped; 1 an expectation, snapshot or \
timeout did not hold; 2 wrong usage or an invalid file; 3 the environment does not allow it (a port is taken, say); 130 \
or 143 ended by a second SIGINT or SIGTERM, or a run cut short.";

#[derive(Subcommand)]
enum Command {
    Proxy(proxy::Args),
    Balance(balance::Args),
    Up(up::Args),
    Serve(serve::Args),
    Ctl(ctl::Args),
    Bridge(bridge::Args),
    Echo(echo::Args),
    // Larger than the others by far, and made once.
    Load(Box<load::Args>),
    Exec(Box<exec::Args>),
    Init(init::Args),
    Run(run::Args),
    Check(check::Args),
    Faults(faults::Args),
    Presets(presets::Args),
    Doctor(doctor::Args),
}

fn main() -> ExitCode {
    let words = arguments::meant(std::env::args_os());
    let args = match Args::try_parse_from(&words) {
        Ok(args) => args,
        Err(error) => return exec::unparsed(&words, &error),
    };
    let usual = match args.command {
        Command::Serve(_) => logging::Usual::Level,
        Command::Run(_) => logging::Usual::Error,
        _ => logging::Usual::Info,
    };
    let logging = logging::start(&args.logging, usual);
    let done = logging.and_then(|()| obey(args.command));
    let exit = done.unwrap_or_else(|failure| {
        eprintln!("error: {}", failure.message);
        failure.exit
    });
    exit.into()
}

fn obey(command: Command) -> Result<Exit, Failure> {
    match command {
        Command::Proxy(args) => proxy::main(args),
        Command::Balance(args) => balance::main(args),
        Command::Up(args) => up::main(args),
        Command::Serve(args) => serve::main(args),
        Command::Ctl(args) => ctl::main(args),
        Command::Bridge(args) => bridge::main(args),
        Command::Echo(args) => echo::main(args),
        Command::Load(args) => load::main(*args),
        Command::Exec(args) => exec::main(*args),
        Command::Init(args) => init::main(&args),
        Command::Run(args) => run::main(args),
        Command::Check(args) => check::main(args),
        Command::Faults(args) => faults::main(args),
        Command::Presets(args) => presets::main(args),
        Command::Doctor(args) => doctor::main(args),
    }
}

/// What ended a command early, and with which code.
struct Failure {
    exit: Exit,
    message: String,
}

impl Failure {
    /// The environment does not allow it.
    fn environment(message: impl std::fmt::Display) -> Failure {
        Failure { exit: Exit::Environment, message: message.to_string() }
    }

    /// What was asked for makes no sense.
    fn usage(message: impl std::fmt::Display) -> Failure {
        Failure { exit: Exit::Usage, message: message.to_string() }
    }
}

#[cfg(test)]
mod keys;

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_definitions_of_all_options_agree() {
        Args::command().debug_assert();
    }
}
