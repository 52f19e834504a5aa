//! How a case came out, and how that is shown.

use crate::e2e::Options;
use crate::e2e::cases::Case;
use crate::e2e::child::Ended;
use crate::failure::Failure;
use std::time::Duration;

/// How one case came out.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) name: String,
    /// `real`, `virtual`, or `-` where nothing ran.
    pub(crate) clock: String,
    /// One word for the table.
    pub(crate) result: String,
    pub(crate) time: Duration,
    /// The figure that says most.
    pub(crate) figure: String,
    /// Why it failed, in full.
    pub(crate) failure: Option<String>,
}

impl Outcome {
    /// A case that did what it should.
    pub(crate) fn passed(case: &Case, ended: &Ended) -> Outcome {
        let (clock, result) = ("-".to_owned(), "pass".to_owned());
        Outcome {
            name: case.name().into(),
            clock,
            result,
            time: ended.time,
            figure: String::new(),
            failure: None,
        }
    }

    /// The same, but failed: `why` stands above what the binary said.
    pub(crate) fn failed(case: &Case, ended: &Ended, why: &str) -> Outcome {
        let failure = Some(format!("{why}\n{}", ended.stderr));
        Outcome { result: "fail".into(), failure, ..Outcome::passed(case, ended) }
    }

    /// A case that could not be run: nothing was started.
    pub(crate) fn refused(case: &Case, result: &str, why: String) -> Outcome {
        Outcome {
            name: case.name().into(),
            clock: "-".into(),
            result: result.into(),
            time: Duration::ZERO,
            figure: String::new(),
            failure: Some(why),
        }
    }

    /// A record whose file is gone.
    pub(crate) fn orphan(case: &Case) -> Outcome {
        let why = format!("{} belongs to no .toml file: remove it, or bring the file back", case.path);
        Outcome::refused(case, "orphan", why)
    }
}

/// The columns of the table; the first is as wide as the longest name.
pub(crate) struct Table {
    width: usize,
}

impl Table {
    pub(crate) fn new<'a>(names: impl Iterator<Item = &'a str>) -> Table {
        Table { width: names.map(str::len).max().unwrap_or(0) }
    }

    pub(crate) fn heading(&self) -> String {
        self.line("case", "clock", "result", "time", "counts")
    }

    pub(crate) fn row(&self, outcome: &Outcome) -> String {
        let time = format!("{:.2} s", outcome.time.as_secs_f64());
        self.line(&outcome.name, &outcome.clock, &outcome.result, &time, &outcome.figure)
    }

    fn line(&self, name: &str, clock: &str, result: &str, time: &str, figure: &str) -> String {
        let width = self.width;
        format!("{name:width$}  {clock:7}  {result:11}  {time:>8}  {figure}").trim_end().to_owned()
    }
}

/// Shows every failure in full and the totals; an error if anything failed.
pub(crate) fn conclude(outcomes: &[Outcome], leftovers: &[String], options: &Options) -> Result<(), Failure> {
    let release = if options.release { " --release" } else { "" };
    let mut failed = 0;
    for outcome in outcomes {
        if let Some(failure) = &outcome.failure {
            failed += 1;
            println!("\n---- {} ----\n{}", outcome.name, failure.trim_end());
            println!("repeat: cargo xtask e2e {}{release}", outcome.name);
        }
    }
    println!();
    for leftover in leftovers {
        println!("left over from a mismatch: {leftover}");
    }
    println!("e2e: {} passed, {failed} failed", outcomes.len() - failed);
    if failed == 0 { Ok(()) } else { Err(Failure::Found("not every case did what it should".into())) }
}
