//! Commands of the project: `cargo xtask help`.

mod args;
mod bench;
mod binary;
mod browser;
mod ci;
mod clients;
mod diff;
mod e2e;
mod failure;
mod generate;
mod tidy;
mod workspace;

use failure::Failure;
use std::process::ExitCode;

const HELP: &str = "\
The project's own commands.

  cargo xtask e2e [FILTER] [--update] [--release]
      Build squall and run fixtures/scenarios and fixtures/invalid with it; of these only what has FILTER in its path.
      --update accepts what the binary says now. A missing record is written, or is a failure where CI is set.
  cargo xtask ci [STEP...] [--skip STEP]...
      What continuous integration runs, or only the named steps of it:
      fmt, clippy, test, doc, gen, tidy, e2e, clients, browser.
  cargo xtask bench [FILTER] [--quick] [--rounds N] [--json FILE] [--list]
      Measure the release build beside the relays that are installed (haproxy, nginx, socat, toxiproxy-server), show the
      figures, and write docs/benchmarks.md; with FILTER only rows with it in their name, and no page. --quick takes one
      short round instead of 3. `cargo xtask bench micro [FILTER]` times single functions.
  cargo xtask browser
      Open the page that `squall run --html` writes in a headless browser: it must work, log nothing, and fit narrow windows.
      Pictures of it go to target/browser. Skipped, and said, where no Chromium is on the PATH.
  cargo xtask clients
      Install published clients of Toxiproxy in target/clients and let them drive `squall serve`. What cannot be
      installed here is skipped, and said.
  cargo xtask gen [--check]
      Write the generated files, docs/faults.md with what squall says of its faults. --check only compares them.
  cargo xtask tidy
      Check the rules of the code that no compiler knows.

Exit codes: 0 all well, 1 something did not hold, 2 wrong usage, 3 a program or a file could not be used.
";

fn main() -> ExitCode {
    let words: Vec<String> =
        std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned()).collect();
    match run(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("xtask: {failure}");
            ExitCode::from(failure.code())
        }
    }
}

fn run(words: &[String]) -> Result<(), Failure> {
    let Some((command, rest)) = words.split_first() else {
        return Err(Failure::Usage(format!("a command is missing\n\n{HELP}")));
    };
    let root = workspace::root();
    match command.as_str() {
        "e2e" => e2e::run(root, &e2e::Options::parse(rest)?),
        "ci" => ci::run(root, rest),
        "bench" => bench::run(root, rest),
        "browser" => browser::run(root, rest),
        "clients" => clients::run(root, rest),
        "gen" => generate::run(root, rest),
        "tidy" => tidy::run(root, rest),
        "help" | "--help" | "-h" => {
            print!("{HELP}");
            Ok(())
        }
        other => Err(Failure::Usage(format!(
            "unknown command `{other}`; there are e2e, ci, bench, browser, clients, gen, tidy and help"
        ))),
    }
}
