//! Two runs of one scenario side by side: they must have decided and counted the same.

use crate::report::Report;
use crate::run::Run;
use serde_json::Value;
use squall_faults::Decisions;
use std::fmt::Write;

/// A run and what its faults decided.
pub(crate) struct Recorded<'a> {
    pub(crate) run: &'a Run,
    pub(crate) decisions: &'a Decisions,
}

/// Lines that are shown before the first difference, and of each side from there on.
const SHOWN: usize = 3;

/// The first difference in what was decided, else in what was counted (and, in virtual time, measured), for people to read;
/// nothing where there is none.
pub(crate) fn difference(first: &Recorded<'_>, second: &Recorded<'_>) -> Option<String> {
    let decided = |run: &Recorded<'_>| run.decisions.to_json_lines();
    let counted = |run: &Recorded<'_>| lines(&run.run.report.snapshot());
    [("decisions", decided(first), decided(second)), ("counts", counted(first), counted(second))]
        .into_iter()
        .find_map(|(what, first, second)| from_the_first(what, &first, &second))
}

/// The first difference in what two runs of one scenario counted (and, in virtual time, measured), for people to read.
pub fn counts_difference(first: &Report, second: &Report) -> Option<String> {
    from_the_first("counts", &lines(&first.snapshot()), &lines(&second.snapshot()))
}

/// Every value on a line with its path.
fn lines(report: &Value) -> String {
    let mut text = String::new();
    walk(report, &mut String::new(), &mut text);
    text
}

fn walk(value: &Value, path: &mut String, text: &mut String) {
    let Value::Object(entries) = value else {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{path} = {value}");
        return;
    };
    for (key, value) in entries {
        let length = path.len();
        if length > 0 {
            path.push('.');
        }
        path.push_str(key);
        walk(value, path, text);
        path.truncate(length);
    }
}

fn from_the_first(what: &str, first: &str, second: &str) -> Option<String> {
    if first == second {
        return None;
    }
    let (first, second): (Vec<&str>, Vec<&str>) = (first.lines().collect(), second.lines().collect());
    let same = first.iter().zip(&second).take_while(|(first, second)| first == second).count();
    let mut text =
        format!("{what}, from the first difference on (line {}):\n--- first run\n+++ second run\n", same + 1);
    let rows = |text: &mut String, sign: char, lines: &[&str]| {
        for line in lines.iter().take(SHOWN) {
            let _ = writeln!(text, "{sign}{line}");
        }
        if let Some(more @ 1..) = lines.len().checked_sub(SHOWN) {
            let _ = writeln!(text, "{sign}... and {more} more lines");
        }
    };
    rows(&mut text, ' ', &first[same.saturating_sub(SHOWN)..same]);
    let end = common_end(&first[same..], &second[same..]);
    rows(&mut text, '-', &first[same..first.len() - end]);
    rows(&mut text, '+', &second[same..second.len() - end]);
    Some(text)
}

/// How many lines at the end are the same.
fn common_end(first: &[&str], second: &[&str]) -> usize {
    first.iter().rev().zip(second.iter().rev()).take_while(|(first, second)| first == second).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_the_same_differs_in_nothing() {
        assert_eq!(from_the_first("counts", "a\nb\n", "a\nb\n"), None);
    }

    #[test]
    fn the_first_difference_is_shown_with_what_stands_before_it() {
        let text = from_the_first("decisions", "a\nb\nc\nd\ne\nz\n", "a\nb\nc\nd\nf\ng\nz\n");
        insta::assert_snapshot!(text.expect("they differ"), @r"
        decisions, from the first difference on (line 5):
        --- first run
        +++ second run
         b
         c
         d
        -e
        +f
        +g
        ");
    }

    #[test]
    fn a_side_that_ends_early_and_many_lines_are_shown_short() {
        let text = from_the_first("counts", "a\n", "a\nb\nc\nd\ne\nf\n");
        insta::assert_snapshot!(text.expect("they differ"), @r"
        counts, from the first difference on (line 2):
        --- first run
        +++ second run
         a
        +b
        +c
        +d
        +... and 2 more lines
        ");
    }

    #[test]
    fn every_value_of_a_report_has_a_line() {
        let report =
            serde_json::json!({ "counts": { "link": { "api": { "up": 1, "down": 2 } } }, "seed": 7 });
        assert_eq!(lines(&report), "counts.link.api.down = 2\ncounts.link.api.up = 1\nseed = 7\n");
    }
}
