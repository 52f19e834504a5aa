//! As much of JSON Schema as the published schemas use.

use serde_json::Value;

/// Every place where `value` is not as the schema says.
pub(crate) fn mistakes(schema: &Value, value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    Check { root: schema, found: &mut found }.check(schema, value, "$");
    found
}

/// Keywords that are checked, and those that only describe.
const KNOWN: [&str; 22] = [
    "$ref",
    "$schema",
    "$defs",
    "title",
    "description",
    "type",
    "properties",
    "required",
    "items",
    "minItems",
    "enum",
    "const",
    "anyOf",
    "oneOf",
    "additionalProperties",
    "unevaluatedProperties",
    "propertyNames",
    "pattern",
    "minimum",
    "maximum",
    "format",
    "default",
];

struct Check<'a> {
    root: &'a Value,
    found: &'a mut Vec<String>,
}

impl Check<'_> {
    fn check(&mut self, schema: &Value, value: &Value, at: &str) {
        if *schema == Value::Bool(false) {
            self.found.push(format!("{at} is not in the schema"));
        }
        let Some(rules) = schema.as_object() else { return };
        for key in rules.keys() {
            assert!(KNOWN.contains(&key.as_str()), "the test does not know `{key}`");
        }
        if let Some(path) = schema["$ref"].as_str().and_then(|path| path.strip_prefix('#')) {
            let target = self.root.pointer(path).unwrap_or_else(|| panic!("no {path}"));
            self.check(target, value, at);
        }
        if !(self.is_typed(schema, value) && self.is_chosen(schema, value, at)) {
            self.found.push(format!("{at}: {value}"));
        }
        for (i, item) in value.as_array().into_iter().flatten().enumerate() {
            self.check(&schema["items"], item, &format!("{at}[{i}]"));
        }
        let Some(object) = value.as_object() else { return };
        for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            if !object.contains_key(name) {
                self.found.push(format!("{at}: `{name}` is missing"));
            }
        }
        for (name, inner) in object {
            let at = format!("{at}.{name}");
            self.check(&schema["propertyNames"], &name.as_str().into(), &at);
            match schema["properties"].get(name) {
                Some(rule) => self.check(rule, inner, &at),
                None => self.check(&schema["additionalProperties"], inner, &at),
            }
        }
    }

    /// The value's type, and what is asked of the value alone.
    fn is_typed(&self, schema: &Value, value: &Value) -> bool {
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
        let constant = schema.get("const").is_none_or(|wanted| wanted == value);
        let listed = schema["enum"].as_array().is_none_or(|words| words.contains(value));
        let low =
            schema["minimum"].as_f64().is_none_or(|least| value.as_f64().is_none_or(|value| value >= least));
        let long = schema["minItems"]
            .as_u64()
            .is_none_or(|least| value.as_array().is_none_or(|items| items.len() as u64 >= least));
        let pattern = schema["pattern"].as_str().zip(value.as_str());
        typed
            && constant
            && listed
            && low
            && long
            && pattern.is_none_or(|(pattern, text)| matches(pattern, text))
    }

    /// Whether as many alternatives fit as have to.
    fn is_chosen(&self, schema: &Value, value: &Value, at: &str) -> bool {
        let fitting = |list: &Value| {
            let fits = |option: &&Value| {
                let mut found = Vec::new();
                Check { root: self.root, found: &mut found }.check(option, value, at);
                found.is_empty()
            };
            list.as_array().map(|options| options.iter().filter(fits).count())
        };
        fitting(&schema["anyOf"]).is_none_or(|count| count > 0)
            && fitting(&schema["oneOf"]).is_none_or(|count| count == 1)
    }
}

/// The two patterns that there are: a name, and a var somewhere in the text.
fn matches(pattern: &str, text: &str) -> bool {
    let name = |text: &str| {
        !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
    };
    match pattern {
        "^[A-Za-z0-9_-]+$" => name(text),
        r"\{[A-Za-z0-9_-]+\}" => {
            text.split('{').skip(1).any(|rest| rest.split_once('}').is_some_and(|(inner, _)| name(inner)))
        }
        other => panic!("the test does not know the pattern {other}"),
    }
}
