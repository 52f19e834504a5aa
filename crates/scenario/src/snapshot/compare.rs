//! Where two JSON values differ, and how the difference is shown.

use std::fmt::Write as _;

use serde_json::Value;
use similar::TextDiff;

/// One place where the values differ.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// Keys joined by points, indices in brackets: `load.upload.ok`, `step[2].name`. Empty for the whole value.
    pub path: String,
    /// The value in the snapshot; nothing where the snapshot has none.
    pub expected: Option<Value>,
    /// The value measured; nothing where none was.
    pub actual: Option<Value>,
}

/// Every place where `actual` differs from `expected`, in the order of the keys.
///
/// Objects and arrays are descended into as long as both sides have one; what only one side has is one difference.
pub fn compare(expected: &Value, actual: &Value) -> Vec<Difference> {
    let mut differences = Vec::new();
    descend(String::new(), Some(expected), Some(actual), &mut differences);
    differences
}

fn descend(
    path: String,
    expected: Option<&Value>,
    actual: Option<&Value>,
    differences: &mut Vec<Difference>,
) {
    match (expected, actual) {
        (Some(Value::Object(old)), Some(Value::Object(new))) => {
            let mut keys: Vec<&String> = old.keys().chain(new.keys()).collect();
            keys.sort_unstable();
            keys.dedup();
            for key in keys {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                descend(path, old.get(key), new.get(key), differences);
            }
        }
        (Some(Value::Array(old)), Some(Value::Array(new))) => {
            for index in 0..old.len().max(new.len()) {
                descend(format!("{path}[{index}]"), old.get(index), new.get(index), differences);
            }
        }
        (expected, actual) if expected == actual => {}
        (expected, actual) => {
            differences.push(Difference { path, expected: expected.cloned(), actual: actual.cloned() });
        }
    }
}

/// The differing paths one a line, then a unified diff of both values as indented JSON. Empty when they are equal.
pub fn render(expected: &Value, actual: &Value) -> String {
    let differences = compare(expected, actual);
    if differences.is_empty() {
        return String::new();
    }
    let mut text = String::new();
    let show = |value: &Option<Value>| value.as_ref().map_or("nothing".to_owned(), Value::to_string);
    for Difference { path, expected, actual } in &differences {
        let path = if path.is_empty() { "the whole value" } else { path };
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{path}: expected {}, actual {}", show(expected), show(actual));
    }
    let (old, new) = (pretty(expected), pretty(actual));
    let diff = TextDiff::from_lines(&old, &new);
    let _ = write!(text, "\n{}", diff.unified_diff().context_radius(3).header("expected", "actual"));
    text
}

/// Indented JSON with a newline at the end, as snapshots are stored.
pub(super) fn pretty(value: &Value) -> String {
    format!("{value:#}\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn equal_values_do_not_differ() {
        let value = json!({"a": [1, {"b": null}], "c": 1.5});
        assert_eq!(compare(&value, &value), []);
        assert_eq!(render(&value, &value), "");
    }

    #[test]
    fn every_difference_has_its_path_and_both_values() {
        let old = json!({"load": {"upload": {"ok": 190, "failed": 10}}, "step": [{"name": "a"}, 2], "gone": {"x": 1}});
        let new =
            json!({"load": {"upload": {"ok": 200, "failed": 10}}, "step": [{"name": "b"}], "new": true});
        let shown: Vec<String> = compare(&old, &new).into_iter().map(|difference| difference.path).collect();
        assert_eq!(shown, ["gone", "load.upload.ok", "new", "step[0].name", "step[1]"]);
    }

    #[test]
    fn a_number_and_its_text_are_different_values() {
        assert_eq!(compare(&json!(1), &json!("1")).len(), 1);
    }

    #[test]
    fn the_rendering_lists_paths_and_then_a_diff() {
        let (old, new) = (json!({"counts": {"ok": 1, "sent": 2}}), json!({"counts": {"ok": 2, "sent": 2}}));
        insta::assert_snapshot!(render(&old, &new), @r#"
        counts.ok: expected 1, actual 2

        --- expected
        +++ actual
        @@ -1,6 +1,6 @@
         {
           "counts": {
        -    "ok": 1,
        +    "ok": 2,
             "sent": 2
           }
         }
        "#);
    }
}
