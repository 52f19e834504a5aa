//! A report as JUnit XML: a test case for the bytes, one for the generator, and one for each threshold.

use crate::xml::escape;
use squall::load::{Document, Outcome};

/// The whole file.
pub(super) fn text(document: &Document) -> String {
    let figures = document.figures();
    let target = escape(&document.plan.target);
    let wrong = figures.integrity.is_wrong();
    let said = |word: &str| {
        let reasons = document.reason.iter().filter(|reason| reason.contains(word));
        reasons.cloned().collect::<Vec<_>>().join("; ")
    };
    let mut cases = vec![
        case("every byte is right", wrong.then(|| ("failure", said("wrong bytes")))),
        case(
            "the generator kept its schedule",
            document.generator.saturated.then(|| ("error", said("saturated"))),
        ),
    ];
    if document.result == Outcome::Invalid && !document.generator.saturated {
        cases.push(case("the target is there", Some(("error", said("could not be reached")))));
    }
    for threshold in &document.thresholds {
        let failure = (!threshold.holds).then(|| ("failure", format!("found {}", threshold.actual)));
        cases.push(case(&threshold.that, failure));
    }
    let count = |kind: &str| cases.iter().filter(|case| case.contains(&format!("<{kind} "))).count();
    let (tests, failures, errors) = (cases.len(), count("failure"), count("error"));
    let seconds = document.timing.elapsed_ns as f64 / 1e9;
    let cases: String = cases.concat();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <testsuite name=\"squall load {target}\" tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\" time=\"{seconds:.3}\">\n\
         \x20 <properties>\n    <property name=\"seed\" value=\"{}\"/>\n  </properties>\n{cases}</testsuite>\n",
        document.plan.seed,
    )
}

fn case(name: &str, problem: Option<(&str, String)>) -> String {
    let name = escape(name);
    match problem {
        None => format!("  <testcase classname=\"squall.load\" name=\"{name}\"/>\n"),
        Some((kind, message)) => {
            let message = escape(&message);
            format!(
                "  <testcase classname=\"squall.load\" name=\"{name}\">\n    <{kind} message=\"{message}\"/>\n  </testcase>\n"
            )
        }
    }
}
