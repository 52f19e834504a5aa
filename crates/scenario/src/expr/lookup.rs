//! Finds the value a path names in a report.

use serde_json::{Map, Value};

use super::dimension::{Dimension, Kind};
use super::number::Number;
use super::units::Quantity;
use crate::paths;

/// Key endings that carry the unit of the value.
const SUFFIXES: [(&str, Option<Dimension>); 4] = [
    ("", None),
    ("_ns", Some(Dimension::Duration)),
    ("_bytes_per_s", Some(Dimension::Rate)),
    ("_bytes", Some(Dimension::Bytes)),
];

/// A value of the report.
#[derive(Debug, Clone, Copy)]
pub(super) enum Measured {
    Truth(bool),
    Number(Quantity),
}

/// The value at `path` under `counts`, else under `timing`; otherwise why there is none, and what to do about it.
pub(super) fn find(report: &Value, path: &str) -> Result<Measured, (String, Option<String>)> {
    let found = ["counts", "timing"].iter().find_map(|part| descend(report.get(part)?, path));
    let Some((value, suffixed)) = found else {
        let existing = all(report);
        let help = squall_faults::nearest(path, existing.iter().map(String::as_str));
        return Err((
            format!("the report has no `{path}`"),
            help.map(|path| format!("did you mean `{path}`?")),
        ));
    };
    // A share has no unit; it is known by its name.
    let share = || (path.ends_with(".ratio")).then_some(Dimension::Ratio);
    let dimension = suffixed.or_else(share).or_else(|| match paths::field(path)?.kind {
        Kind::Number(dimension) => Some(dimension),
        Kind::Truth => None,
    });
    let number = |number| Measured::Number(Quantity::new(number, dimension.unwrap_or(Dimension::Count)));
    match value {
        Value::Bool(truth) => Ok(Measured::Truth(*truth)),
        Value::Number(value) => match (value.as_i128(), value.as_f64()) {
            (Some(whole), _) => Ok(number(Number::whole(whole))),
            (None, Some(float)) => Ok(number(Number::Float(float))),
            (None, None) => Err((format!("`{path}` is too large"), None)),
        },
        Value::Null => Err((format!("`{path}` has no value: nothing was measured"), None)),
        Value::Object(group) => {
            let names: Vec<&str> = group.keys().map(|key| bare(key)).collect();
            Err((format!("`{path}` is a group of values"), Some(format!("it holds {}", names.join(", ")))))
        }
        Value::String(_) | Value::Array(_) => Err((format!("`{path}` is not a number"), None)),
    }
}

fn descend<'a>(part: &'a Value, path: &str) -> Option<(&'a Value, Option<Dimension>)> {
    let segments = paths::segments(path);
    let (last, groups) = segments.split_last()?;
    let group = groups.iter().try_fold(part, |group, segment| group.get(segment))?.as_object()?;
    SUFFIXES.iter().find_map(|(suffix, dimension)| Some((group.get(&format!("{last}{suffix}"))?, *dimension)))
}

/// A key without its unit suffix.
fn bare(key: &str) -> &str {
    let suffix = SUFFIXES.iter().skip(1).find(|(suffix, _)| key.ends_with(suffix));
    suffix.map_or(key, |(suffix, _)| key.strip_suffix(suffix).unwrap_or(key))
}

/// Every path of the report, as expressions write them.
fn all(report: &Value) -> Vec<String> {
    fn collect(prefix: &str, group: &Map<String, Value>, paths: &mut Vec<String>) {
        for (key, value) in group {
            let join = |key: &str| if prefix.is_empty() { key.to_owned() } else { format!("{prefix}.{key}") };
            match value {
                Value::Object(group) => collect(&join(key), group, paths),
                _ => paths.push(join(bare(key))),
            }
        }
    }
    let mut paths = Vec::new();
    for part in ["counts", "timing"] {
        if let Some(group) = report.get(part).and_then(Value::as_object) {
            collect("", group, &mut paths);
        }
    }
    paths
}
