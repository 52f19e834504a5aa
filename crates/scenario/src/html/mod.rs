//! The page that shows runs: one HTML file that needs nothing else, for people who look into what happened.
//!
//! - [`render`] makes it of [`Section`]s, one for each scenario
//! - `contents` lists them where there are several; `section` is one of them from verdict to report; `tables` its tables
//! - `board` is one link over time: `members`, `faults`, `chart`, `latency` and `lanes` are its rows, all on the axis of `scale`
//! - `text` keeps what others have written from being markup

mod board;
mod chart;
mod contents;
mod faults;
mod figures;
mod lanes;
mod latency;
mod members;
mod scale;
mod section;
mod tables;
#[cfg(test)]
mod tests;
mod text;

use crate::report::Report;
use text::{Text, of};

/// Writes to a string, which cannot fail.
macro_rules! put {
    ($out:expr, $($arg:tt)*) => {{
        use std::fmt::Write as _;
        let _ = write!($out, $($arg)*);
    }};
}
use put;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// One run of a scenario file, or why there was none.
#[derive(Clone, Copy, Debug)]
pub struct Section<'a> {
    /// The scenario; the file where it could not be read.
    pub name: &'a str,
    /// Which run of the scenario it was, where there are several; else empty.
    pub note: &'a str,
    /// How it came out.
    pub verdict: Verdict,
    /// What was said about it beside the report's reasons, such as a difference from the snapshot; else empty.
    pub words: &'a str,
    /// The command that runs it again.
    pub replay: &'a str,
    /// What it reports, where the file is a scenario; without a timeline the charts are left out.
    pub report: Option<&'a Report>,
    /// Whether it has a section, and not only its line in the table of contents.
    pub whole: bool,
}

/// How a run came out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// Everything held.
    Passed,
    /// Something did not hold.
    Failed,
    /// The file is no scenario, or could not be started.
    NotRun,
    /// This machine cannot do it, and that was to be passed over.
    Skipped,
}

impl Verdict {
    /// In a word.
    fn word(self) -> &'static str {
        match self {
            Verdict::Passed => "Passed",
            Verdict::Failed => "Failed",
            Verdict::NotRun => "Not run",
            Verdict::Skipped => "Skipped",
        }
    }

    /// Its class in the style sheet.
    fn class(self) -> &'static str {
        match self {
            Verdict::Passed => "pass",
            Verdict::Failed | Verdict::NotRun => "fail",
            Verdict::Skipped => "skip",
        }
    }
}

/// The whole page, with a table of contents where there are several sections. Everything is in it: it fetches nothing. What the
/// reports say is shown as text, whatever it contains. The same reports make the same page.
pub fn render(sections: &[Section<'_>]) -> String {
    let mut out = String::with_capacity(64 << 10);
    let title = match sections {
        [one] => one.name.to_owned(),
        several => of(several.len() as u64, "run", "runs"),
    };
    put!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; \
         script-src 'unsafe-inline'; img-src data:\">\n<link rel=\"icon\" href=\"data:,\">\n\
         <title>{} – squall</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
         <a class=\"skip\" href=\"#content\">Skip to the content</a>\n\
         <header class=\"top\"><span class=\"mark\">squall</span><span>Scenario report</span>\
         <button type=\"button\" id=\"theme\" hidden>Dark</button></header>\n<main id=\"content\">\n",
        Text(&title)
    );
    if let [one] = sections {
        section::section(&mut out, one, "s1", 1);
    } else {
        contents::contents(&mut out, sections, &title);
        for (i, each) in sections.iter().enumerate().filter(|(_, each)| each.whole) {
            section::section(&mut out, each, &format!("s{}", i + 1), 2);
        }
    }
    put!(
        out,
        "</main>\n<footer><p>squall {}. Times count from the beginning of the run; sizes are in units of 1,024. This page \
         contains everything it shows.</p></footer>\n<script>\n{SCRIPT}</script>\n</body>\n</html>\n",
        env!("CARGO_PKG_VERSION")
    );
    out
}
