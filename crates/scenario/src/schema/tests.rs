//! That the schemas say what the tables have.

use super::{FaultTables, report, scenario};
use serde_json::{Map, json};

#[test]
fn every_value_of_a_report_has_its_place_with_its_unit() {
    let schema = report();
    let of = |group: &str, path: &[&str]| {
        path.iter()
            .fold(&schema["properties"][group], |node, key| match *key {
                "*" => &node["additionalProperties"],
                key => &node["properties"][key],
            })
            .clone()
    };
    assert_eq!(of("counts", &["link", "*", "faults", "*", "fired"])["type"], "integer");
    assert_eq!(of("timing", &["load", "*", "latency", "p99.9_ns"])["description"], "Nanoseconds.");
    assert!(of("counts", &["load", "*", "latency"]).is_null());
    // What a reset leaves open is among the timings.
    assert_eq!(of("timing", &["link", "*", "bytes", "up"])["type"], "integer");
}

#[test]
fn a_step_has_one_action_and_inject_the_keys_of_a_fault() {
    let tables = |extra: &Map<String, serde_json::Value>, required: &[&str]| vec![json!([extra, required])];
    let schema = scenario(FaultTables { tables, defs: Map::new });
    let step = &schema["$defs"]["step"];
    assert!(step["oneOf"].as_array().expect("actions").contains(&json!({ "required": ["heal"] })));
    assert!(!step["oneOf"].to_string().contains("background"));
    let inject = schema["$defs"]["inject"]["oneOf"][0].to_string();
    assert!(inject.contains("\"link\"") && inject.ends_with("[\"link\"]]"), "{inject}");
    assert_eq!(schema["$defs"]["load"]["required"], json!(["target"]));
}
