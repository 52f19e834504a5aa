//! Collects what was counted and measured. A new field of the report goes here and into the vocabulary of paths.

use super::stage::{LoadState, Stage};
use crate::model::Scenario;
use crate::report::Ledger;
use squall_faults::Carrier;
use squall_load::Report as LoadReport;
use squall_proxy::Metrics;

/// Everything there is to report now.
pub(super) fn take(scenario: &Scenario, stage: &Stage) -> Ledger {
    let mut ledger = Ledger::new(scenario);
    let now = stage.ended.unwrap_or_else(|| stage.env().now());
    for (name, metrics) in stage.link_metrics() {
        link(&mut ledger, scenario, name, &metrics);
    }
    for (name, state) in &stage.loads {
        match state {
            LoadState::Running(running) => load(&mut ledger, scenario, name, &running.snapshot(now)),
            LoadState::Finished(report) => load(&mut ledger, scenario, name, report),
        }
    }
    for (name, counts) in stage.echo_counts() {
        let mut put = |field: &str, value| ledger.put(&format!("echo.{name}.{field}"), value);
        put("bytes", counts.bytes_out);
        match scenario.echoes.iter().find(|echo| echo.name == name).map(|echo| echo.carrier) {
            Some(Carrier::Datagram) => put("datagrams", counts.datagrams_out),
            Some(Carrier::Stream) | None => {
                put("connections.accepted", counts.accepted);
                put("connections.active", counts.active);
                put("connections.closed", counts.closed);
            }
        }
    }
    for (name, elapsed) in &stage.steps {
        ledger.put(&format!("step.{name}.elapsed"), *elapsed);
    }
    ledger.put("elapsed", now.saturating_sub(stage.began));
    ledger
}

fn link(ledger: &mut Ledger, scenario: &Scenario, name: &str, metrics: &Metrics) {
    let mut put = |field: &str, value| ledger.put(&format!("link.{name}.{field}"), value);
    let (connections, closes) = (metrics.connections, metrics.closes);
    put("connections.accepted", connections.accepted);
    put("connections.active", connections.active);
    put("connections.closed", connections.closed);
    put("connections.refused", connections.refused);
    put("connections.failed", connections.failed);
    put("bytes.up", metrics.bytes.up);
    put("bytes.down", metrics.bytes.down);
    put("closes.fin", closes.fin);
    put("closes.reset", closes.reset);
    put("closes.timeout", closes.timeout);
    put("closes.error", closes.error);
    put("closes.cancelled", closes.cancelled);
    if let Some(datagrams) = metrics.datagrams {
        put("datagrams.up", datagrams.up);
        put("datagrams.down", datagrams.down);
        put("datagrams.dropped_up", datagrams.dropped_up);
        put("datagrams.dropped_down", datagrams.dropped_down);
    }
    put("held.max", metrics.held_max);
    // A fault that is injected later is there from the start, at 0.
    for fault in scenario.link(name).into_iter().flat_map(|link| scenario.faults_of(link)) {
        put(&format!("faults.{}.fired", fault.name().unwrap_or(fault.kind().name)), 0);
    }
    for fault in &metrics.faults {
        put(&format!("faults.{}.fired", fault.name), fault.fired);
    }
}

fn load(ledger: &mut Ledger, scenario: &Scenario, name: &str, report: &LoadReport) {
    let mut put = |field: &str, value| ledger.put(&format!("load.{name}.{field}"), value);
    let (counts, timing) = (report.counts, &report.timing);
    put("planned", counts.planned);
    put("sent", counts.sent);
    put("ok", counts.ok);
    put("failed", counts.failed);
    put("bytes.sent", counts.bytes.sent);
    put("bytes.received", counts.bytes.received);
    put("connections.opened", counts.connections.opened);
    put("connections.refused", counts.connections.refused);
    put("integrity.corrupt", counts.integrity.corrupt);
    put("errors.refused", counts.errors.refused);
    put("errors.timeout", counts.errors.timeout);
    put("errors.other", counts.errors.other);
    let carrier = scenario.loads().find(|(each, _)| *each == name).map(|(_, load)| load.carrier);
    if carrier == Some(Carrier::Datagram) {
        put("retried", counts.retried);
        put("integrity.truncated", counts.integrity.truncated);
        put("integrity.late", timing.strays.late);
        put("integrity.duplicated", timing.strays.duplicated);
    } else {
        put("connections.lost", counts.connections.lost);
        put("integrity.extra", counts.integrity.extra);
        put("errors.reset", counts.errors.reset);
        put("errors.closed", counts.errors.closed);
        put("errors.corrupt", counts.errors.corrupt);
        put("errors.not_sent", counts.errors.not_sent);
    }
    put("latency.min", timing.latency.min_ns);
    put("latency.mean", timing.latency.mean_ns);
    put("latency.p50", timing.latency.p50_ns);
    put("latency.p90", timing.latency.p90_ns);
    put("latency.p99", timing.latency.p99_ns);
    put("latency.p99.9", timing.latency.p999_ns);
    put("latency.max", timing.latency.max_ns);
    put("elapsed", timing.elapsed_ns);
    put("throughput.sent", timing.throughput.sent_bytes_per_s);
    put("throughput.received", timing.throughput.received_bytes_per_s);
}
