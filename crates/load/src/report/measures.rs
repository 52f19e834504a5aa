//! What thresholds speak of: the values of a report under the names that expressions have for them.

use super::document::{Document, Figures};
use super::parts::FullTiming;
use crate::histogram::Latency;
use serde_json::{Value, json};

impl Document {
    /// An object with `counts` and `timing`, each value under its path: `latency.p99`, `ok.ratio`, `errors.timeout`.
    pub fn measures(&self) -> Value {
        measures(&self.figures(), &self.timing, self.generator.saturated)
    }

    /// As [`Document::measures`], of a load in which everything was measured: to find out which names there are.
    pub fn vocabulary() -> Value {
        let latency = Some(Latency::default());
        let timing = FullTiming {
            elapsed_ns: 1,
            latency,
            service_time: latency,
            first_byte: latency,
            send_delay: latency,
            connect: latency,
            throughput: super::Throughput::default(),
            requests_per_s: 0,
            figures: None,
        };
        let mut figures = Figures::default();
        figures.counts.planned = 1;
        let mut value = measures(&figures, &timing, false);
        ones(&mut value);
        value
    }
}

fn measures(figures: &Figures, timing: &FullTiming, saturated: bool) -> Value {
    let Figures { counts, bytes, connections, integrity, errors, .. } = figures;
    let share = |part: u64| match counts.planned {
        0 => Value::Null,
        planned => json!(part as f64 / planned as f64),
    };
    let times = |latency: Option<Latency>| match latency {
        Some(latency) => json!(latency),
        None => nothing(json!(Latency::default())),
    };
    let mut exact = json!(counts);
    exact["bytes"] = json!({ "sent_bytes": bytes.sent, "received_bytes": bytes.received });
    exact["connections"] = json!(connections);
    exact["integrity"] = json!(integrity);
    if let Some(integrity) = exact["integrity"].as_object_mut() {
        integrity.remove("first");
    }
    exact["errors"] = json!(errors);
    json!({
        "counts": exact,
        "timing": {
            "ok": { "ratio": share(counts.ok) },
            "failed": { "ratio": share(counts.failed) },
            "elapsed_ns": timing.elapsed_ns,
            "latency": times(timing.latency),
            "service_time": times(timing.service_time),
            "first_byte": times(timing.first_byte),
            "send_delay": times(timing.send_delay),
            "connect": times(timing.connect),
            "throughput": timing.throughput,
            "requests_per_s": timing.requests_per_s,
            "saturated": saturated,
        },
    })
}

/// The same keys without values.
fn nothing(mut value: Value) -> Value {
    if let Some(group) = value.as_object_mut() {
        group.values_mut().for_each(|value| *value = Value::Null);
    }
    value
}

/// Nothing is zero, so that whatever divides can.
fn ones(value: &mut Value) {
    match value {
        Value::Object(group) => group.values_mut().for_each(ones),
        Value::Number(_) => *value = json!(1),
        _ => {}
    }
}
