//! Annotations and a summary for GitHub Actions, where the run is one of its steps.

use super::verdicts::{Done, Outcome};
use crate::Failure;
use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::Write as _;

/// Says what failed in GitHub's own words, and adds a table to the summary of the step.
pub(crate) fn tell(done: &[Done]) -> Result<(), Failure> {
    if std::env::var_os("GITHUB_ACTIONS").is_none_or(|value| value != "true") {
        return Ok(());
    }
    for done in done.iter().filter(|done| !matches!(done.outcome, Outcome::Passed | Outcome::Skipped)) {
        patiently!("{}\n", annotation(done));
    }
    let Some(path) = std::env::var_os("GITHUB_STEP_SUMMARY").filter(|path| !path.is_empty()) else {
        return Ok(());
    };
    let opened = OpenOptions::new().append(true).create(true).open(&path);
    opened
        .and_then(|mut file| file.write_all(summary(done).as_bytes()))
        .map_err(|error| Failure::environment(format!("cannot write {}: {error}", path.to_string_lossy())))
}

/// A workflow command: <https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions>.
fn annotation(done: &Done) -> String {
    let path = property(&done.case.path.display().to_string());
    let told = done.told();
    let line = line(&told).or_else(|| done.report.as_ref()?.line);
    let line = line.map_or(String::new(), |line| format!(",line={line}"));
    let title = done.report.as_ref().map_or("not a scenario", |report| report.scenario.as_str());
    // What ran says itself how to see it again.
    let message = if told.contains(&done.replay) { told } else { format!("{told}{}", done.replay) };
    format!("::error file={path}{line},title={}::{}", property(title), data(message.trim_end()))
}

/// The line that a diagnostic points at: ` --> FILE:LINE:COLUMN`.
fn line(words: &str) -> Option<usize> {
    let place = words.lines().find_map(|line| line.trim_start().strip_prefix("--> "))?;
    place.rsplit(':').nth(1)?.parse().ok()
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// A text in a table, which ends a row at a line's end.
fn cell(text: &str) -> String {
    text.replace(char::is_control, " ").replace('|', "\\|").replace('<', "&lt;")
}

/// What a run is called among all: two files may bear one name.
fn name(done: &Done, all: &[Done]) -> String {
    let path = done.case.path.display().to_string();
    let Some(report) = &done.report else { return path };
    let is_twin = |other: &Done| {
        let named = other.report.as_ref().is_some_and(|other| other.scenario == report.scenario);
        named && other.case.path != done.case.path
    };
    match all.iter().any(is_twin) {
        true => format!("{} ({path})", report.scenario),
        false => report.scenario.clone(),
    }
}

fn summary(all: &[Done]) -> String {
    let mut text = String::from("### squall\n\n| | scenario | seed | time |\n| --- | --- | --- | --- |\n");
    for done in all {
        let mark = match done.outcome {
            Outcome::Passed => "passed",
            Outcome::Skipped => "skipped",
            Outcome::Failed => "**failed**",
            Outcome::Invalid => "**invalid**",
            Outcome::Unable => "**could not run**",
        };
        let seed = done.report.as_ref().map_or(String::new(), |report| report.seed.to_string());
        let name = cell(&name(done, all));
        // Writing to a string cannot fail.
        let _ = writeln!(text, "| {mark} | {name} | {seed} | {:.2} s |", done.took.as_secs_f64());
    }
    for done in all.iter().filter(|done| done.outcome != Outcome::Passed) {
        let words = done.told().trim_end().replace("```", "'''");
        let _ = write!(text, "\n`{}`\n\n```text\n{words}\n```\n", done.replay);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_diagnostic_is_pointed_at() {
        assert_eq!(line("error: no\n --> a:b.toml:12:5\n  |"), Some(12));
        assert_eq!(line("failed: expected"), None);
        assert_eq!(cell("a|b\nc\r\t<d"), "a\\|b c  &lt;d");
        assert_eq!((data("50%\nx"), property("a:b,c")), ("50%25%0Ax".into(), "a%3Ab%2Cc".into()));
    }
}
