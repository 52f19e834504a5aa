//! Every command that the documentation shows is run as it stands there, and prints what stands below it.

mod page;
mod pattern;
mod shell;

use page::{Page, Piece};
use shell::Shell;
use std::path::{Path, PathBuf};

/// Commands that are about building squall or about the reader's own project, by how they begin.
const ELSEWHERE: [&str; 3] = ["cargo ", "git ", "docker "];

/// Programs that a machine need not have.
const GUESTS: [&str; 5] = ["curl", "python3", "psql", "redis-cli", "node"];

/// The page and all its commands, in order, in a folder of its own.
fn run(path: &Path) {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let page = Page::read(&text).unwrap_or_else(|error| panic!("{}:{error}", path.display()));
    let mut shell = Shell::start();
    for Piece { line, what } in page.pieces {
        let place = format!("{}:{line}", path.display());
        match what {
            page::What::File { name, text } => shell.write(&name, &text),
            page::What::Command { command, expected } => {
                let begins = |with: &&str| command.starts_with(with);
                if ELSEWHERE.iter().any(begins) {
                    continue;
                }
                let words = || command.split(|c: char| !c.is_alphanumeric() && !"-_".contains(c));
                let absent =
                    GUESTS.iter().find(|guest| words().any(|word| word == **guest) && !is_installed(guest));
                if let Some(absent) = absent {
                    eprintln!("{place}: skipped, because {absent} is not installed");
                    continue;
                }
                let printed =
                    shell.run(&command).unwrap_or_else(|error| panic!("{place}: `{command}`: {error}"));
                if !expected.is_empty() && !pattern::matches(&shell.real(&expected), &printed) {
                    panic!(
                        "{place}: `{command}` printed\n{printed}\nwhere the page says\n{}",
                        shell.real(&expected)
                    );
                }
            }
        }
    }
}

fn is_installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs")
}

macro_rules! pages {
    ($($test:ident: $page:literal,)+) => {
        $(
            #[test]
            fn $test() {
                run(&docs().join($page));
            }
        )+

        #[test]
        fn no_page_of_the_guide_is_left_out() {
            let known = [$($page),+];
            for entry in std::fs::read_dir(docs().join("guide")).expect("a folder") {
                let name = format!("guide/{}", entry.expect("an entry").file_name().to_string_lossy());
                assert!(known.contains(&name.as_str()), "{name} is not run");
            }
        }
    };
}

pages! {
    breaking: "guide/breaking.md",
    ci: "guide/ci.md",
    coming_from: "guide/coming-from.md",
    concepts: "guide/concepts.md",
    scenarios: "guide/scenarios.md",
    start: "guide/start.md",
    tests: "guide/tests.md",
    up: "up.md",
}
