//! Where the counts come from: one link each.

use serde::Serialize;
use squall_proxy::{Metrics, Proxy};
use std::fmt;
use std::ops::Add;
use std::sync::Arc;

/// A link whose counts are shown.
#[derive(Clone)]
pub struct Source {
    /// The link's name, the value of the label `link`.
    pub name: String,
    /// Reads the link's counts. Called once per request, on the server's runtime, so it must not block.
    pub meter: Arc<dyn Fn() -> Metrics + Send + Sync>,
}

impl Source {
    /// A link of that name, whose counts `meter` reads.
    pub fn new(name: &str, meter: impl Fn() -> Metrics + Send + Sync + 'static) -> Source {
        Source { name: name.to_owned(), meter: Arc::new(meter) }
    }
}

impl From<&Proxy> for Source {
    /// The counts stay readable after the proxy has gone.
    fn from(proxy: &Proxy) -> Source {
        Source::new(proxy.name(), proxy.meter())
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source").field("name", &self.name).finish_non_exhaustive()
    }
}

/// A link and its counts at one moment.
pub(crate) type Reading<'a> = (&'a str, Metrics);

/// Reads every source once, so that all parts of one answer agree with each other.
pub(crate) fn read_all(sources: &[Source]) -> Vec<Reading<'_>> {
    sources.iter().map(|source| (source.name.as_str(), (source.meter)())).collect()
}

/// What links of a collection have counted, as readings.
pub(crate) fn readings(read: &[(String, Metrics)]) -> Vec<Reading<'_>> {
    read.iter().map(|(name, metrics)| (name.as_str(), metrics.clone())).collect()
}

/// What is summed over all links, or servers: the first fields of every answer in JSON, in this order.
#[derive(Clone, Copy, Default, Serialize)]
pub(crate) struct Totals {
    #[serde(rename = "active_connections")]
    pub(crate) active: u64,
    #[serde(rename = "total_connections")]
    pub(crate) accepted: u64,
    #[serde(rename = "bytes_upstream")]
    pub(crate) up: u64,
    #[serde(rename = "bytes_downstream")]
    pub(crate) down: u64,
}

impl Totals {
    pub(crate) fn of(readings: &[Reading<'_>]) -> Totals {
        let sum = |count: fn(&Metrics) -> u64| readings.iter().map(|(_, metrics)| count(metrics)).sum();
        Totals {
            active: sum(|metrics| metrics.connections.active),
            accepted: sum(|metrics| metrics.connections.accepted),
            up: sum(|metrics| metrics.bytes.up),
            down: sum(|metrics| metrics.bytes.down),
        }
    }
}

impl Add for Totals {
    type Output = Totals;

    fn add(self, other: Totals) -> Totals {
        Totals {
            active: self.active + other.active,
            accepted: self.accepted + other.accepted,
            up: self.up + other.up,
            down: self.down + other.down,
        }
    }
}

/// Adds what another link of the same name has counted.
pub(crate) fn add(sum: &mut Metrics, other: Metrics) {
    // Taken apart by name, so that a count that joins the metrics cannot be forgotten here.
    let Metrics {
        connections,
        bytes,
        received,
        datagrams,
        closes,
        dial_time,
        duration,
        held,
        held_max,
        faults,
        members,
    } = other;
    sum.connections.accepted += connections.accepted;
    sum.connections.active += connections.active;
    sum.connections.closed += connections.closed;
    sum.connections.refused += connections.refused;
    sum.connections.failed += connections.failed;
    sum.bytes.up += bytes.up;
    sum.bytes.down += bytes.down;
    sum.received.up += received.up;
    sum.received.down += received.down;
    if let Some(counts) = datagrams {
        let sum = sum.datagrams.get_or_insert_default();
        sum.up += counts.up;
        sum.down += counts.down;
        sum.dropped_up += counts.dropped_up;
        sum.dropped_down += counts.dropped_down;
    }
    sum.closes.fin += closes.fin;
    sum.closes.reset += closes.reset;
    sum.closes.timeout += closes.timeout;
    sum.closes.error += closes.error;
    sum.closes.cancelled += closes.cancelled;
    sum.closes.sides.reset_client += closes.sides.reset_client;
    sum.closes.sides.reset_server += closes.sides.reset_server;
    sum.closes.sides.error_client += closes.sides.error_client;
    sum.closes.sides.error_server += closes.sides.error_server;
    sum.dial_time.add(dial_time);
    sum.duration.add(duration);
    sum.held += held;
    sum.held_max = sum.held_max.max(held_max);
    // Only one of the links of that name can be a balancer that still runs: what it says of its members holds.
    if !members.is_empty() {
        sum.members = members;
    }
    for fault in faults {
        match sum.faults.iter_mut().find(|known| known.name == fault.name) {
            Some(known) => {
                known.fired += fault.fired;
                known.kind = fault.kind;
                known.optional = fault.optional;
                known.active |= fault.active;
            }
            None => sum.faults.push(fault),
        }
    }
}
