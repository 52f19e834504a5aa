//! Answers of the control API for people.

use crate::table;
use serde_json::Value;

/// A row for each proxy of an object or an array.
pub(super) fn list(proxies: &Value) -> String {
    let all: Vec<&Value> = match proxies {
        Value::Object(proxies) => proxies.values().collect(),
        Value::Array(proxies) => proxies.iter().collect(),
        _ => Vec::new(),
    };
    if all.is_empty() {
        return "no proxies\n".to_owned();
    }
    let mut rows = vec![["NAME", "LISTEN", "UPSTREAM", "STATE", "TOXICS"].map(str::to_owned)];
    rows.extend(all.into_iter().map(|proxy| {
        let toxics = proxy["toxics"].as_array().map_or(0, Vec::len);
        [
            text(&proxy["name"]),
            text(&proxy["listen"]),
            text(&proxy["upstream"]),
            enabled(proxy).to_owned(),
            toxics.to_string(),
        ]
    }));
    table::aligned(0, [false, false, false, false, true], &rows)
}

/// A proxy, and a row for each of its toxics.
pub(super) fn proxy(proxy: &Value) -> String {
    let mut said = list(&Value::Array(vec![proxy.clone()]));
    let toxics = proxy["toxics"].as_array().map(Vec::as_slice).unwrap_or_default();
    if toxics.is_empty() {
        return said + "no toxics\n";
    }
    let mut rows = vec![["TOXIC", "TYPE", "STREAM", "TOXICITY", "ATTRIBUTES"].map(str::to_owned)];
    rows.extend(toxics.iter().map(|toxic| {
        let attributes = toxic["attributes"].as_object().into_iter().flatten();
        let attributes: Vec<_> = attributes.map(|(key, value)| format!("{key}={}", text(value))).collect();
        [
            text(&toxic["name"]),
            text(&toxic["type"]),
            text(&toxic["stream"]),
            text(&toxic["toxicity"]),
            attributes.join(" "),
        ]
    }));
    said.push('\n');
    said + &table::aligned(0, [false, false, false, true, false], &rows)
}

pub(super) fn added(toxic: &Value, proxy: &str) -> String {
    let [stream, kind, name] = ["stream", "type", "name"].map(|key| text(&toxic[key]));
    format!("Added {stream} {kind} toxic '{name}' on proxy '{proxy}'\n")
}

pub(super) fn enabled(proxy: &Value) -> &'static str {
    if proxy["enabled"] == true { "enabled" } else { "disabled" }
}

/// A value without the quotes of a text, on one line.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.escape_debug().to_string().replace("\\'", "'").replace("\\\"", "\""),
        other => other.to_string(),
    }
}
