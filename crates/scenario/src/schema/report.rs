//! The schema of reports: the vocabulary of paths, as objects in objects.

use super::DIALECT;
use crate::expr::{Dimension, Kind};
use crate::paths::{FIELDS, Field, Nature, segments};
use crate::report::SCHEMA;
use serde_json::{Map, Value, json};

/// The whole schema.
pub fn report() -> Value {
    let tree = |fields: &mut dyn Iterator<Item = &Field>| {
        let mut root = group();
        fields.for_each(|field| put(&mut root, &segments(field.pattern), field));
        root
    };
    let counts = tree(&mut FIELDS.iter().filter(|field| field.nature == Nature::Count));
    let timing = tree(&mut FIELDS.iter());
    let text = || json!({ "type": "string" });
    json!({
        "$schema": DIALECT,
        "title": SCHEMA,
        "description": "The report of one run of a scenario.",
        "type": "object",
        "properties": {
            "schema": { "const": SCHEMA },
            "scenario": { "type": "string", "description": "The scenario's name." },
            "seed": { "type": "integer", "minimum": 0, "description": "Behind every random decision." },
            "clock": { "enum": ["real", "virtual"] },
            "result": {
                "enum": ["pass", "fail", "error", "unsupported"],
                "description": "`error`: it did not run, or not to its end; `unsupported`: this machine cannot do what it asks for. \
                                Either has neither counts nor expectations, unless only its snapshot was the trouble.",
            },
            "reason": { "type": "array", "items": text(), "description": "Why it did not pass; empty where it did." },
            "counts": described(counts, "Exact: the same in every run with the same seed."),
            "timing": described(timing, "Measured, and counts that a clock decides. The last key of what is measured bears its unit."),
            "expectations": { "type": "array", "items": {
                "type": "object",
                "properties": { "that": text(), "actual": text(), "holds": { "type": "boolean" } },
                "required": ["that", "actual", "holds"],
                "additionalProperties": false,
            } },
            "output": {
                "type": "object",
                "description": "The last lines that programs have written, by process.NAME and run.NAME; absent where there are none.",
                "additionalProperties": { "type": "array", "items": text() },
            },
        },
        "required": ["schema", "scenario", "seed", "clock", "result", "reason", "counts", "timing", "expectations"],
        "additionalProperties": false,
    })
}

fn described(mut schema: Value, description: &str) -> Value {
    schema["description"] = description.into();
    schema
}

fn group() -> Value {
    json!({ "type": "object", "properties": {}, "additionalProperties": false })
}

/// Adds a field to the tree; where its path has a name, it stands under any.
fn put(node: &mut Value, path: &[String], field: &Field) {
    let [first, rest @ ..] = path else { return };
    if rest.is_empty() {
        node["properties"][field.key()] = value(field);
        return;
    }
    let place = match first.as_str() {
        "*" => &mut node["additionalProperties"],
        name => {
            let properties: &mut Value = &mut node["properties"];
            if properties.get(name).is_none() {
                properties[name] = group();
            }
            &mut properties[name]
        }
    };
    if !place.is_object() {
        *place = group();
    }
    put(place, rest, field);
}

fn value(field: &Field) -> Value {
    let measures = match field.kind {
        Kind::Number(Dimension::Duration) => "Nanoseconds.",
        Kind::Number(Dimension::Bytes) => "Bytes.",
        Kind::Number(Dimension::Rate) => "Bytes per second.",
        _ => "A number of things.",
    };
    let mut schema = Map::new();
    schema.insert("type".to_owned(), "integer".into());
    schema.insert("minimum".to_owned(), 0.into());
    schema.insert("description".to_owned(), measures.into());
    schema.into()
}
