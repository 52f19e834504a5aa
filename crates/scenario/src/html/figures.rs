//! Looks up values of a report by their paths.

use crate::paths::{field, segments};
use crate::report::Report;
use serde_json::Value;

/// The value at `path`, wherever in the report it stands.
pub(super) fn figure(report: &Report, path: &str) -> Option<u64> {
    let field = field(path)?;
    let mut keys = segments(path);
    keys.pop();
    let find = |half: &Value| {
        let group = keys.iter().try_fold(half, |node, key| node.get(key))?;
        group.get(field.key())?.as_u64()
    };
    find(&report.counts).or_else(|| find(&report.timing))
}

/// The names under which `group` (such as `load`) has values, sorted.
pub(super) fn names(report: &Report, group: &str) -> Vec<String> {
    let mut names: Vec<String> = [&report.counts, &report.timing]
        .into_iter()
        .filter_map(|half| half.get(group)?.as_object())
        .flat_map(|group| group.keys().cloned())
        .collect();
    names.sort();
    names.dedup();
    names
}
