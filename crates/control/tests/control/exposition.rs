//! The text format, read strictly: what is not valid in version 0.0.4 panics with its line.

use crate::client::{get, server};
use std::collections::{BTreeMap, BTreeSet};

/// What the samples of a histogram are called behind its name.
const PARTS: [&str; 3] = ["_bucket", "_sum", "_count"];

/// The samples of a scrape, by series: the name and the labels as they were written.
pub(crate) fn parse(text: &str) -> BTreeMap<String, f64> {
    assert!(text.ends_with('\n'), "the last line ends");
    let mut samples = BTreeMap::new();
    let mut families = BTreeSet::new();
    let mut helped = None;
    let mut family: Option<(&str, &str)> = None;
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').unwrap_or_else(|| panic!("no help: {line}"));
            assert!(!help.is_empty() && families.insert(name), "help is told once: {line}");
            helped = Some(name);
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap_or_else(|| panic!("no type: {line}"));
            assert!(["counter", "gauge", "histogram"].contains(&kind), "{line}");
            assert_eq!(helped.take(), Some(name), "the help comes just before: {line}");
            family = Some((name, kind));
        } else {
            let (series, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("no value: {line}"));
            let (name, labels) = series.split_once('{').unwrap_or((series, "}"));
            let (stem, kind) = family.unwrap_or_else(|| panic!("a sample stands behind its type: {line}"));
            let of_histogram = || name.strip_prefix(stem).is_some_and(|end| PARTS.contains(&end));
            assert!(if kind == "histogram" { of_histogram() } else { name == stem }, "{line}");
            assert!(is_name(name) && are_labels(labels), "{line}");
            let value: f64 = value.parse().unwrap_or_else(|_| panic!("no number: {line}"));
            assert!(value >= 0.0 && value.is_finite(), "{line}");
            assert!(samples.insert(series.to_owned(), value).is_none(), "a series twice: {line}");
        }
    }
    samples
}

fn is_name(name: &str) -> bool {
    !name.starts_with(|c: char| c.is_ascii_digit())
        && !name.is_empty()
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// Whether this is `name="value",name="value"}` with valid escapes and no name twice.
fn are_labels(mut rest: &str) -> bool {
    let mut names = BTreeSet::new();
    while rest != "}" {
        let Some((name, value)) = rest.split_once("=\"") else { return false };
        let Some(end) = end_of_value(value) else { return false };
        if !is_name(name) || !names.insert(name) {
            return false;
        }
        rest = &value[end + 1..];
        rest = rest.strip_prefix(',').unwrap_or(rest);
    }
    true
}

/// Where the closing quote stands.
fn end_of_value(value: &str) -> Option<usize> {
    let mut chars = value.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some(at),
            '\\' if !matches!(chars.next(), Some((_, '\\' | '"' | 'n'))) => return None,
            _ => {}
        }
    }
    None
}

#[tokio::test]
async fn every_line_of_a_scrape_is_valid_and_the_totals_come_first() {
    let server = server().await;
    let answer = get(server.addr(), "/metrics").await;
    assert_eq!(answer.status, 200);
    assert!(
        answer.head.contains("content-type: text/plain; version=0.0.4; charset=utf-8"),
        "{}",
        answer.head
    );
    let samples = parse(&answer.body);
    assert_eq!(samples[r#"squall_held_bytes{link="web \"1\"\\\n"}"#], 7.0);
    for direction in ["up", "down"] {
        assert_eq!(samples[&format!("squall_bytes_total{{link=\"db\",direction=\"{direction}\"}}")], 0.0);
    }
    let types = answer.body.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    let expected = [
        "connections_active gauge",
        "connections_total counter",
        "bytes_upstream counter",
        "bytes_downstream counter",
        "squall_connections_total counter",
        "squall_connections_active gauge",
        "squall_closes_total counter",
        "squall_dial_seconds histogram",
        "squall_connection_seconds histogram",
        "squall_bytes_total counter",
        "squall_held_bytes gauge",
    ];
    assert!(types.eq(expected), "{}", answer.body);
}
