//! Collects what was counted and measured. A new field of the report goes here and into the vocabulary of paths.

use super::stage::{LoadState, Stage};
use crate::expr::Expr;
use crate::model::{Link, Scenario};
use crate::report::Ledger;
use squall_faults::Carrier;
use squall_load::{Counts, Report as LoadReport};
use squall_proxy::Metrics;
use std::collections::BTreeMap;

/// Everything there is to report now.
pub(super) fn take(scenario: &Scenario, stage: &Stage) -> Ledger {
    fill(Ledger::new(scenario), scenario, stage)
}

/// The values now that `that` names: what it costs depends on these alone.
pub(super) fn glance(scenario: &Scenario, stage: &Stage, that: &Expr) -> Ledger {
    let paths = that.paths().into_iter().map(|used| used.path.to_owned());
    fill(Ledger::only(paths.collect()), scenario, stage)
}

/// Notes whatever the ledger wants.
fn fill(mut ledger: Ledger, scenario: &Scenario, stage: &Stage) -> Ledger {
    let now = stage.ended.unwrap_or_else(|| stage.env().now());
    for (name, proxy) in &stage.links {
        if let Some(named) = scenario.link(name).filter(|named| ledger.wants(&named.path())) {
            link(&mut ledger, scenario, named, &proxy.metrics());
        }
    }
    for (name, state) in &stage.loads {
        let path = format!("load.{name}");
        match state {
            _ if !ledger.wants(&path) => {}
            LoadState::Finished(report) => load(&mut ledger, scenario, name, report),
            LoadState::Running(running) => {
                load_counts(&mut ledger, scenario, name, &running.counts());
                // The latencies of all shards have to be put together for it.
                if ledger.wants(&path) {
                    load(&mut ledger, scenario, name, &running.snapshot(now));
                }
            }
        }
    }
    let echoes = if ledger.wants("echo") { stage.echo_counts() } else { BTreeMap::new() };
    for (name, counts) in &echoes {
        let mut put = |field: &str, value| ledger.put(&format!("echo.{name}.{field}"), value);
        put("bytes", counts.bytes_out);
        match scenario.echoes.iter().find(|echo| echo.name == *name).map(|echo| echo.carrier) {
            Some(Carrier::Datagram) => put("datagrams", counts.datagrams_out),
            Some(Carrier::Stream) | None => {
                put("connections.accepted", counts.accepted);
                put("connections.active", counts.active);
                put("connections.closed", counts.closed);
            }
        }
    }
    stage.programs.tally(&mut ledger);
    for (name, elapsed) in &stage.steps {
        ledger.put(&format!("step.{name}.elapsed"), *elapsed);
    }
    ledger.put("elapsed", now.saturating_sub(stage.began));
    ledger
}

fn link(ledger: &mut Ledger, scenario: &Scenario, link: &Link, metrics: &Metrics) {
    let path = link.path();
    let mut put = |field: &str, value| ledger.put(&format!("{path}.{field}"), value);
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
    for member in &metrics.members {
        let mut put = |field: &str, value| put(&format!("members.{}.{field}", member.name), value);
        put("active", member.active);
        put("picks", member.picks);
        put("connections", member.connections);
        put("failures", member.failures);
        put("ejections", member.ejections);
        put("probes", member.probes);
        put("probe_failures", member.probe_failures);
    }
    let mut fired = |name: &str, times| ledger.put(&format!("{}.fired", link.fault_path(name)), times);
    // A fault that is injected later is there from the start, at 0.
    for fault in scenario.faults_of(link) {
        fired(fault.name().unwrap_or(fault.kind().name), 0);
    }
    for fault in &metrics.faults {
        fired(&fault.name, fault.fired);
    }
}

/// What is counted of a load; but for the strays, all that is no time.
fn load_counts(ledger: &mut Ledger, scenario: &Scenario, name: &str, counts: &Counts) {
    let mut put = |field: &str, value| ledger.put(&format!("load.{name}.{field}"), value);
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
    let Manner { framed, http, datagrams, .. } = Manner::of(scenario, name);
    if datagrams {
        put("retried", counts.retried);
    } else {
        put("connections.lost", counts.connections.lost);
        put("integrity.extra", counts.integrity.extra);
        put("errors.reset", counts.errors.reset);
        put("errors.closed", counts.errors.closed);
        put("errors.corrupt", counts.errors.corrupt);
        put("errors.not_sent", counts.errors.not_sent);
    }
    if datagrams || framed || http {
        put("integrity.truncated", counts.integrity.truncated);
    }
    if framed || http {
        put("errors.malformed", counts.errors.malformed);
    }
    if http {
        put("errors.incomplete", counts.errors.incomplete);
        put("errors.mixed_up", counts.errors.mixed_up);
        put("errors.status_2xx", counts.errors.status_2xx);
        put("errors.status_3xx", counts.errors.status_3xx);
        put("errors.status_4xx", counts.errors.status_4xx);
        put("errors.status_5xx", counts.errors.status_5xx);
    }
}

/// What decides which values a load has.
struct Manner {
    framed: bool,
    http: bool,
    datagrams: bool,
    /// Whether its requests are due at a time.
    paced: bool,
}

impl Manner {
    fn of(scenario: &Scenario, name: &str) -> Manner {
        let asked = scenario.loads().find(|(each, _)| *each == name).map(|(_, load)| load);
        Manner {
            framed: asked.is_some_and(|load| load.manner.framed),
            http: asked.is_some_and(|load| load.manner.http.is_some()),
            datagrams: asked.is_some_and(|load| load.carrier == Carrier::Datagram),
            paced: asked.is_some_and(|load| load.pace.is_some()),
        }
    }
}

fn load(ledger: &mut Ledger, scenario: &Scenario, name: &str, report: &LoadReport) {
    load_counts(ledger, scenario, name, &report.counts);
    let mut put = |field: &str, value| ledger.put(&format!("load.{name}.{field}"), value);
    let (timing, manner) = (&report.timing, Manner::of(scenario, name));
    if manner.datagrams {
        put("integrity.late", timing.strays.late);
    }
    if manner.datagrams || manner.framed {
        put("integrity.duplicated", timing.strays.duplicated);
    }
    if manner.framed {
        put("integrity.reordered", timing.strays.reordered);
    }
    let mut groups = vec![("latency", timing.latency)];
    if manner.paced {
        groups.extend([("service_time", timing.service_time), ("send_delay", timing.send_delay)]);
        put("late", report.generator.late);
    }
    for (group, times) in groups {
        put(&format!("{group}.min"), times.min_ns);
        put(&format!("{group}.mean"), times.mean_ns);
        put(&format!("{group}.p50"), times.p50_ns);
        put(&format!("{group}.p90"), times.p90_ns);
        put(&format!("{group}.p99"), times.p99_ns);
        put(&format!("{group}.p99.9"), times.p999_ns);
        put(&format!("{group}.max"), times.max_ns);
    }
    put("elapsed", timing.elapsed_ns);
    put("throughput.sent", timing.throughput.sent_bytes_per_s);
    put("throughput.received", timing.throughput.received_bytes_per_s);
}
