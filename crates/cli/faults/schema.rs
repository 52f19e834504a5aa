//! The faults as a JSON Schema: what a `[[link.NAME.fault]]` table of a scenario may hold, for editors.

use super::{entry, takes};
use serde_json::{Map, Value, json};
use squall_faults::{Absent, KINDS, Kind, Param, Params, Scope};
use std::sync::LazyLock;

/// The schema of one fault with its scope.
pub(super) fn text() -> String {
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A fault of squall",
        "description": "Exactly one key names the fault; beside it stand its name, direction and scope.",
        "oneOf": tables(&Map::new(), &[]),
        "$defs": defs(),
    });
    format!("{schema:#}\n")
}

/// A table for each fault, with these keys beside it, of which these must be there.
pub(crate) fn tables(beside: &Map<String, Value>, needed: &[&str]) -> Vec<Value> {
    KINDS.iter().map(|kind| table(kind, beside, needed)).collect()
}

/// What the tables refer to.
pub(crate) fn defs() -> Map<String, Value> {
    let kinds: Map<String, Value> = KINDS.iter().map(|kind| (kind.name.to_owned(), fault(kind))).collect();
    [("faults".to_owned(), kinds.into()), ("scope".to_owned(), scope().into())].into_iter().collect()
}

/// The table in which a fault stands: under its name or another that is understood.
fn table(kind: &Kind, beside: &Map<String, Value>, needed: &[&str]) -> Value {
    let names = || [kind.name].into_iter().chain(kind.aliases.iter().copied());
    let reference = json!({ "$ref": format!("#/$defs/faults/{}", kind.name) });
    let mut properties: Map<String, Value> =
        names().map(|name| (name.to_owned(), reference.clone())).collect();
    for param in Scope::PARAMS.iter().filter(|param| takes::takes(kind, param.name)) {
        properties.insert(param.name.to_owned(), json!({ "$ref": format!("#/$defs/scope/{}", param.name) }));
    }
    let name = json!({ "type": "string", "pattern": "^[A-Za-z0-9_-]+$", "description": "What the fault is called." });
    properties.insert("name".to_owned(), name);
    if !kind.is_gate() {
        properties.insert(
            "direction".to_owned(),
            json!({ "enum": ["up", "down", "both", "upstream", "downstream"] }),
        );
    }
    properties.extend(beside.clone());
    let one_of: Vec<Value> = names().map(|name| json!({ "required": [name] })).collect();
    let mut table =
        json!({ "type": "object", "properties": properties, "additionalProperties": false, "oneOf": one_of });
    if !needed.is_empty() {
        table["required"] = json!(needed);
    }
    table
}

/// A fault's parameters as a table, or the main one alone.
fn fault(kind: &Kind) -> Value {
    let is_main = |param: &&Param| Some(param.name) == kind.main;
    let main = kind.params.iter().chain(Scope::PARAMS).find(is_main);
    let properties: Map<String, Value> =
        kind.params.iter().chain(main).map(|param| (param.name.to_owned(), value(param))).collect();
    let required: Vec<&str> = kind
        .params
        .iter()
        .filter(|param| (param.absent)() == Absent::Refused)
        .map(|param| param.name)
        .collect();
    let description = entry::paragraphs(kind.about).join("\n\n");
    let table = json!({
        "type": "object", "properties": properties, "required": required, "additionalProperties": false,
    });
    match main {
        Some(main) => json!({ "description": description, "anyOf": [value(main), table] }),
        None => json!({ "description": description, "anyOf": [table] }),
    }
}

fn scope() -> Map<String, Value> {
    Scope::PARAMS.iter().map(|param| (param.name.to_owned(), value(param))).collect()
}

/// A string with a var of the file in it.
static VAR: LazyLock<Value> =
    LazyLock::new(|| json!({ "type": "string", "pattern": "\\{[A-Za-z0-9_-]+\\}" }));

/// What a value may be: most are strings with a unit, some may be written bare.
fn value(param: &Param) -> Value {
    let mut schema = match (param.kind, param.words) {
        ("flag", _) => {
            json!({ "anyOf": [{ "type": "boolean" }, { "enum": ["true", "false"] }, VAR.clone()] })
        }
        (_, words @ [_, ..]) => json!({ "anyOf": [{ "enum": words }, VAR.clone()] }),
        ("count" | "size" | "size or duration" | "connection set", _) => {
            json!({ "type": ["string", "integer"] })
        }
        _ => json!({ "type": "string" }),
    };
    schema["description"] = json!(format!("{}: {}", param.kind, entry::paragraphs(param.doc).join(" ")));
    if let Absent::Default(default) = (param.absent)() {
        schema["default"] = json!(default);
    }
    schema
}
