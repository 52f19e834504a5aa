//! Runs as a JUnit report, for whatever shows the tests of a CI job.

use super::verdicts::{Done, Outcome};
use crate::xml::escape;
use std::fmt::Write;

/// The whole document.
pub(crate) fn document(done: &[Done]) -> String {
    let count = |outcomes: &[Outcome]| done.iter().filter(|done| outcomes.contains(&done.outcome)).count();
    let took: f64 = done.iter().map(|done| done.took.as_secs_f64()).sum();
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    // Writing to a string cannot fail, here and below.
    let _ = writeln!(
        text,
        "<testsuites><testsuite name=\"squall\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" time=\"{took:.3}\">",
        done.len(),
        count(&[Outcome::Failed]),
        count(&[Outcome::Invalid, Outcome::Unable]),
        count(&[Outcome::Skipped]),
    );
    done.iter().for_each(|done| case(&mut text, done));
    text.push_str("</testsuite></testsuites>\n");
    text
}

fn case(text: &mut String, done: &Done) {
    let path = done.case.path.display().to_string();
    let mut name = done.report.as_ref().map_or_else(|| path.clone(), |report| report.scenario.clone());
    if let Some(seed) = done.case.seed {
        let _ = write!(name, " (seed {seed})");
    }
    if done.case.round > 1 {
        let _ = write!(name, " (round {})", done.case.round);
    }
    let (name, class, took) = (escape(&name), escape(&path), done.took.as_secs_f64());
    let _ = writeln!(text, "<testcase name=\"{name}\" classname=\"{class}\" time=\"{took:.3}\"><properties>");
    let seed = done.report.as_ref().map(|report| report.seed.to_string());
    for (name, value) in [("replay", Some(done.replay.clone())), ("seed", seed)] {
        if let Some(value) = value {
            let _ = writeln!(text, "<property name=\"{name}\" value=\"{}\"/>", escape(&value));
        }
    }
    text.push_str("</properties>\n");
    let element = match done.outcome {
        Outcome::Passed => None,
        Outcome::Failed => Some("failure"),
        Outcome::Invalid | Outcome::Unable => Some("error"),
        Outcome::Skipped => Some("skipped"),
    };
    if let Some(element) = element {
        let told = done.told();
        let (first, words) = (escape(told.lines().next().unwrap_or_default()), escape(&told));
        let _ = writeln!(text, "<{element} message=\"{first}\">{words}</{element}>");
    }
    text.push_str("</testcase>\n");
}
