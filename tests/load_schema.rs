//! The published schema of a load's report: it is the committed one, and reports are as it says.

use crate::process::*;
use serde_json::Value;
use std::path::{Path, PathBuf};

fn committed() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/squall.load.1.schema.json")
}

fn schema() -> String {
    let out = squall().args(["load", "--schema"]).output().expect("runs");
    assert!(out.status.success());
    String::from_utf8(out.stdout).expect("text")
}

/// Every place where `value` is not as `schema` says, by the keywords that the schema uses.
fn mistakes(root: &Value, schema: &Value, value: &Value, at: &str, found: &mut Vec<String>) {
    const KNOWN: [&str; 19] = [
        "$ref",
        "$schema",
        "$defs",
        "title",
        "description",
        "type",
        "properties",
        "required",
        "items",
        "enum",
        "const",
        "anyOf",
        "oneOf",
        "additionalProperties",
        "minimum",
        "maximum",
        "format",
        "default",
        "unevaluatedProperties",
    ];
    let Some(rules) = schema.as_object() else { return };
    for key in rules.keys() {
        assert!(KNOWN.contains(&key.as_str()), "the test does not know `{key}`");
    }
    if let Some(name) = schema["$ref"].as_str().and_then(|name| name.strip_prefix("#/$defs/")) {
        mistakes(root, &root["$defs"][name], value, at, found);
    }
    let is = |kind: &str| match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        _ => false,
    };
    let typed = match &schema["type"] {
        Value::String(kind) => is(kind),
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).any(is),
        _ => true,
    };
    let fits = |list: &Value| {
        let fits = |option: &&Value| {
            let mut inner = Vec::new();
            mistakes(root, option, value, at, &mut inner);
            inner.is_empty()
        };
        list.as_array().is_none_or(|options| options.iter().filter(fits).count() > 0)
    };
    let constant = rules.get("const").is_none_or(|wanted| wanted == value);
    let listed = schema["enum"].as_array().is_none_or(|words| words.contains(value));
    let low =
        schema["minimum"].as_f64().is_none_or(|least| value.as_f64().is_none_or(|value| value >= least));
    if !(typed && constant && listed && low && fits(&schema["anyOf"]) && fits(&schema["oneOf"])) {
        found.push(format!("{at}: {value}"));
    }
    for (i, item) in value.as_array().into_iter().flatten().enumerate() {
        mistakes(root, &schema["items"], item, &format!("{at}[{i}]"), found);
    }
    let Some(object) = value.as_object() else { return };
    for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if !object.contains_key(name) {
            found.push(format!("{at}: `{name}` is missing"));
        }
    }
    for (name, inner) in object {
        let at = format!("{at}.{name}");
        match (schema["properties"].get(name), &schema["additionalProperties"]) {
            (Some(rule), _) => mistakes(root, rule, inner, &at, found),
            (None, Value::Bool(false)) => found.push(format!("{at} is not in the schema")),
            (None, rule) => mistakes(root, rule, inner, &at, found),
        }
    }
}

/// Every place where a report is not as the published schema says.
pub(crate) fn mistakes_of(report: &Value) -> Vec<String> {
    let schema: Value = serde_json::from_str(&schema()).expect("JSON");
    let mut found = Vec::new();
    mistakes(&schema, &schema, report, "report", &mut found);
    found
}

#[test]
fn the_schema_is_the_committed_one() {
    let file = std::fs::read_to_string(committed()).expect("docs/squall.load.1.schema.json");
    assert!(file == schema(), "write `squall load --schema` to docs/squall.load.1.schema.json");
}

#[test]
fn reports_of_every_kind_are_as_the_schema_says() {
    let (_echo, addr) = echo();
    let target = addr.to_string();
    for options in
        [&["-n", "20", "-c", "2"][..], &["-d", "50ms"], &["--rate", "100", "-n", "5", "--size", "0-9"]]
    {
        // The last one is wrong usage and has no report at all.
        let out = squall().args(["load", &target, "--json", "--threshold", "ok > 0"]).args(options).output();
        let out = out.expect("runs");
        if out.status.code() == Some(2) {
            assert!(out.stdout.is_empty() && options.contains(&"0-9"));
            continue;
        }
        let report: Value = serde_json::from_slice(&out.stdout).expect("JSON");
        assert_eq!(mistakes_of(&report), Vec::<String>::new());
        let timed = options.contains(&"-d");
        assert_eq!((report["counts"].is_null(), report["timing"]["figures"].is_object()), (timed, timed));
    }
}

#[test]
fn the_check_itself_finds_what_is_wrong() {
    let (_echo, addr) = echo();
    let out = squall().args(["load", &addr.to_string(), "-n", "2", "--json"]).output().expect("runs");
    let report: Value = serde_json::from_slice(&out.stdout).expect("JSON");
    let spoilt = |spoil: fn(&mut Value)| {
        let mut report = report.clone();
        spoil(&mut report);
        mistakes_of(&report)
    };
    assert!(!spoilt(|report| report["schema"] = "squall.load/2".into()).is_empty());
    assert!(!spoilt(|report| report["result"] = "perhaps".into()).is_empty());
    assert!(!spoilt(|report| report["counts"]["ok"] = (-1).into()).is_empty());
    assert!(!spoilt(|report| report["timing"]["latency"]["p99_ns"] = "fast".into()).is_empty());
    assert!(
        !spoilt(|report| drop(report["generator"].as_object_mut().map(|group| group.remove("late"))))
            .is_empty()
    );
}
