//! `cargo xtask ci`: every step of continuous integration, in order, up to the first that fails.

use crate::failure::Failure;
use crate::{browser, clients, e2e, generate, tidy, workspace};
use std::path::Path;
use std::process::Command;
use std::time::Instant;

struct Step {
    name: &'static str,
    about: &'static str,
    work: Work,
}

enum Work {
    /// Cargo with these arguments; warnings of rustdoc are errors.
    Cargo(&'static [&'static str]),
    /// A command of ours.
    Own(fn(&Path) -> Result<(), Failure>),
}

const STEPS: [Step; 9] = [
    Step { name: "fmt", about: "the code is formatted", work: Work::Cargo(&["fmt", "--all", "--check"]) },
    Step {
        name: "clippy",
        about: "no lint objects",
        work: Work::Cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]),
    },
    Step { name: "test", about: "tests and examples pass", work: Work::Cargo(&["test", "--workspace"]) },
    Step {
        name: "doc",
        about: "the documentation builds without a warning",
        work: Work::Cargo(&["doc", "--workspace", "--no-deps"]),
    },
    Step {
        name: "gen",
        about: "generated files are up to date",
        work: Work::Own(|root| generate::run(root, &["--check".to_owned()])),
    },
    Step {
        name: "tidy",
        about: "the rules no compiler knows hold",
        work: Work::Own(|root| tidy::run(root, &[])),
    },
    Step {
        name: "e2e",
        about: "every scenario matches its snapshot",
        work: Work::Own(|root| e2e::run(root, &e2e::Options { ci: true, ..e2e::Options::default() })),
    },
    Step {
        name: "clients",
        about: "published clients of Toxiproxy work unchanged",
        work: Work::Own(|root| clients::run(root, &[])),
    },
    Step {
        name: "browser",
        about: "the page of a run works in a browser",
        work: Work::Own(|root| browser::run(root, &[])),
    },
];

/// Runs the steps that `words` select.
pub(crate) fn run(root: &Path, words: &[String]) -> Result<(), Failure> {
    let steps = select(words)?;
    let began = Instant::now();
    for step in &steps {
        println!("==> {}: {}", step.name, step.about);
        let step_began = Instant::now();
        let ended = step.run(root);
        let verdict = if ended.is_ok() { "ok" } else { "FAILED" };
        println!("<== {} {verdict}, {:.1} s\n", step.name, step_began.elapsed().as_secs_f64());
        ended?;
    }
    println!("ci: {} steps passed in {:.1} s", steps.len(), began.elapsed().as_secs_f64());
    Ok(())
}

impl Step {
    fn run(&self, root: &Path) -> Result<(), Failure> {
        let arguments = match self.work {
            Work::Own(work) => return work(root),
            Work::Cargo(arguments) => arguments,
        };
        let cargo = workspace::cargo();
        let mut command = Command::new(&cargo);
        command.args(arguments).current_dir(root).env("RUSTDOCFLAGS", "-D warnings");
        let status = command.status().map_err(|error| Failure::program(cargo.display(), &error))?;
        match status.success() {
            true => Ok(()),
            false => Err(Failure::Found(format!("`cargo {}`: {status}", arguments.join(" ")))),
        }
    }
}

/// The steps named, all if none is, without those after `--skip`; always in their own order.
fn select(words: &[String]) -> Result<Vec<&'static Step>, Failure> {
    let (mut named, mut skipped) = (Vec::new(), Vec::new());
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--skip" => match words.next() {
                Some(name) => skipped.push(known(name)?),
                None => return Err(Failure::Usage("`--skip` needs the name of a step".into())),
            },
            name => named.push(known(name)?),
        }
    }
    let wanted = |name| (named.is_empty() || named.contains(&name)) && !skipped.contains(&name);
    Ok(STEPS.iter().filter(|step| wanted(step.name)).collect())
}

fn known(name: &str) -> Result<&'static str, Failure> {
    let names = STEPS.map(|step| step.name);
    let found = names.into_iter().find(|known| *known == name);
    found.ok_or_else(|| Failure::Usage(format!("there is no step `{name}`; there are {}", names.join(", "))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(line: &str) -> Result<Vec<&'static str>, String> {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        let steps = select(&words).map_err(|failure| failure.to_string())?;
        Ok(steps.into_iter().map(|step| step.name).collect())
    }

    #[test]
    fn without_words_every_step_runs() {
        assert_eq!(
            names("").unwrap(),
            ["fmt", "clippy", "test", "doc", "gen", "tidy", "e2e", "clients", "browser"]
        );
    }

    #[test]
    fn named_steps_run_in_the_usual_order_and_skipped_ones_do_not() {
        assert_eq!(names("e2e fmt").unwrap(), ["fmt", "e2e"]);
        assert_eq!(
            names("--skip fmt --skip clippy").unwrap(),
            ["test", "doc", "gen", "tidy", "e2e", "clients", "browser"]
        );
    }

    #[test]
    fn an_unknown_step_is_refused() {
        let error = names("lint").unwrap_err();
        assert_eq!(
            error,
            "there is no step `lint`; there are fmt, clippy, test, doc, gen, tidy, e2e, clients, browser"
        );
        assert_eq!(names("--skip").unwrap_err(), "`--skip` needs the name of a step");
    }
}
