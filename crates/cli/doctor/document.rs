//! The checks as JSON.

use super::check::Check;
use serde_json::{Value, json};

/// The version of this document.
const SCHEMA: &str = "squall.doctor/1";

pub(super) fn of(checks: &[Check]) -> Value {
    let check = |check: &Check| {
        json!({
            "name": check.name,
            "state": check.state.word(),
            "found": check.found,
            "figures": check.figures,
            "advice": check.advice,
        })
    };
    json!({
        "schema": SCHEMA,
        "version": env!("CARGO_PKG_VERSION"),
        "checks": checks.iter().map(check).collect::<Vec<_>>(),
    })
}
