//! The schemas of scenario files and of files of services, for editors and for whoever writes files by program.

use super::DIALECT;
use crate::format::{self, Key, Shape, Takes};
use serde_json::{Map, Value, json};

/// The part of the schema that is about faults, which their own reference has.
#[derive(Clone, Copy, Debug)]
pub struct FaultTables {
    /// One schema for each kind of fault: a table that names it, with these further keys, of which these must be there.
    pub tables: fn(&Map<String, Value>, &[&str]) -> Vec<Value>,
    /// What those refer to, as members of `$defs`.
    pub defs: fn() -> Map<String, Value>,
}

/// The schema of scenario files.
pub fn scenario(faults: FaultTables) -> Value {
    whole(&format::ROOT, "A scenario of squall", faults)
}

/// The schema of files of services.
pub fn services(faults: FaultTables) -> Value {
    whole(&format::SERVICES, "Services of squall", faults)
}

fn whole(root: &Shape, title: &str, faults: FaultTables) -> Value {
    let mut defs = (faults.defs)();
    let tables = (faults.tables)(&Map::new(), &[]);
    defs.insert("fault".to_owned(), json!({ "description": "A fault; one key names it.", "oneOf": tables }));
    let mut writer = Writer { defs, faults };
    let mut schema = writer.shape(root);
    schema.insert("$schema".to_owned(), DIALECT.into());
    schema.insert("title".to_owned(), title.into());
    schema.insert("$defs".to_owned(), writer.defs.into());
    schema.into()
}

struct Writer {
    defs: Map<String, Value>,
    faults: FaultTables,
}

impl Writer {
    /// A table with the keys of `shape` and no others.
    fn shape(&mut self, shape: &Shape) -> Map<String, Value> {
        let mut schema = Map::new();
        schema.insert("description".to_owned(), shape.doc.into());
        schema.insert("type".to_owned(), "object".into());
        schema.insert("properties".to_owned(), self.properties(shape).into());
        schema.insert("required".to_owned(), required(shape).into());
        schema.insert("additionalProperties".to_owned(), false.into());
        if shape.name == format::STEP.name {
            let actions = shape.keys.iter().filter(|key| key.is_action());
            let actions: Vec<Value> = actions.map(|key| json!({ "required": [key.name] })).collect();
            schema.insert("oneOf".to_owned(), actions.into());
        }
        schema
    }

    fn properties(&mut self, shape: &Shape) -> Map<String, Value> {
        let property = |key: &Key| {
            let mut value = self.value(&key.takes);
            value["description"] = key.doc.into();
            (key.name.to_owned(), value)
        };
        shape.keys.iter().map(property).collect()
    }

    /// A reference to a table of that shape.
    fn table(&mut self, shape: &Shape) -> Value {
        if !self.defs.contains_key(shape.name) {
            let table = self.shape(shape);
            self.defs.insert(shape.name.to_owned(), table.into());
        }
        json!({ "$ref": format!("#/$defs/{}", shape.name) })
    }

    /// A reference to a table that describes a fault, with the keys of that shape besides.
    fn fault(&mut self, shape: &Shape) -> Value {
        if !self.defs.contains_key(shape.name) {
            let tables = (self.faults.tables)(&self.properties(shape), &required(shape));
            let table = json!({ "description": shape.doc, "oneOf": tables });
            self.defs.insert(shape.name.to_owned(), table);
        }
        json!({ "$ref": format!("#/$defs/{}", shape.name) })
    }

    fn value(&mut self, takes: &Takes) -> Value {
        match takes {
            Takes::Text => json!({ "type": "string" }),
            Takes::Quantity => json!({ "type": ["string", "number"] }),
            Takes::Scalar => json!({ "type": ["string", "number", "boolean"] }),
            Takes::Count(least) => or_var(json!({ "type": "integer", "minimum": least })),
            Takes::Flag => or_var(json!({ "type": "boolean" })),
            Takes::Word(words) => or_var(json!({ "enum": words })),
            Takes::Many(one) => {
                let one = self.value(one);
                json!({ "anyOf": [one, { "type": "array", "items": one, "minItems": 1 }] })
            }
            Takes::Table(shape) => self.table(shape),
            Takes::List(shape) => json!({ "type": "array", "items": self.table(shape) }),
            Takes::Named(shape) => {
                let table = self.table(shape);
                json!({ "type": "object", "propertyNames": { "pattern": NAME }, "additionalProperties": table })
            }
            Takes::Free(one) => json!({ "type": "object", "additionalProperties": self.value(one) }),
            Takes::Faults => json!({ "type": "array", "items": { "$ref": "#/$defs/fault" } }),
            Takes::Fault(shape) => self.fault(shape),
            Takes::FaultsWith(shape) => json!({ "type": "array", "items": self.fault(shape) }),
            Takes::Members(shape) => {
                let one = json!({ "anyOf": [{ "type": "string" }, self.table(shape)] });
                json!({ "type": "array", "items": one, "minItems": 1 })
            }
        }
    }
}

impl Key {
    /// Whether the key of a step says what is done.
    fn is_action(&self) -> bool {
        !matches!(self.name, "name" | "background")
    }
}

const NAME: &str = "^[A-Za-z0-9_-]+$";
/// Something that is put together from vars.
const VAR: &str = "\\{[A-Za-z0-9_-]+\\}";

/// A value that is not a string, or a string with vars in it.
fn or_var(schema: Value) -> Value {
    json!({ "anyOf": [schema, { "type": "string", "pattern": VAR }] })
}

fn required(shape: &Shape) -> Vec<&'static str> {
    shape.keys.iter().filter(|key| key.required).map(|key| key.name).collect()
}
