//! The counts as JSON: the totals first, then everything known of each link, its keys sorted.

use crate::source::{Reading, Totals};
use serde::Serialize;
use squall_proxy::{Durations, FaultMetrics, MemberMetrics, Metrics};
use std::collections::BTreeMap;

/// Fields are written in the order in which they stand here.
#[derive(Serialize)]
struct Report<'a> {
    #[serde(flatten)]
    totals: Totals,
    links: BTreeMap<&'a str, Link<'a>>,
}

type Counts = BTreeMap<&'static str, u64>;

/// In alphabetical order, as are the keys of its maps.
#[derive(Serialize)]
pub(crate) struct Link<'a> {
    bytes: Counts,
    closes: Counts,
    closes_by_side: Counts,
    connections: Counts,
    #[serde(skip_serializing_if = "Option::is_none")]
    datagrams: Option<Counts>,
    dial_time: Counts,
    duration: Counts,
    faults: BTreeMap<&'a str, Fault>,
    held_bytes: u64,
    held_max_bytes: u64,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    members: BTreeMap<&'a str, Member<'a>>,
    received_bytes: Counts,
}

#[derive(Serialize)]
struct Fault {
    active: bool,
    fired: u64,
    kind: &'static str,
    optional: bool,
}

#[derive(Serialize)]
pub(crate) struct Member<'a> {
    active: u64,
    address: &'a str,
    admin: &'static str,
    connections: u64,
    ejections: u64,
    failures: u64,
    healthy: bool,
    picks: u64,
    probe_failures: u64,
    probes: u64,
    state: &'static str,
    weight: u32,
}

/// One JSON object and a newline.
pub(crate) fn encode(readings: &[Reading<'_>]) -> Result<String, serde_json::Error> {
    let report = Report {
        totals: Totals::of(readings),
        links: readings.iter().map(|(name, metrics)| (*name, link(metrics))).collect(),
    };
    serde_json::to_string(&report).map(|text| text + "\n")
}

/// What is known of one link, as one JSON object.
pub(crate) fn encode_link(metrics: &Metrics) -> Result<String, serde_json::Error> {
    serde_json::to_string(&link(metrics))
}

/// What is known of one link.
pub(crate) fn link(metrics: &Metrics) -> Link<'_> {
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
    } = metrics;
    Link {
        bytes: Counts::from([("down", bytes.down), ("up", bytes.up)]),
        closes: Counts::from([
            ("cancelled", closes.cancelled),
            ("error", closes.error),
            ("fin", closes.fin),
            ("reset", closes.reset),
            ("timeout", closes.timeout),
        ]),
        closes_by_side: Counts::from([
            ("error_client", closes.sides.error_client),
            ("error_server", closes.sides.error_server),
            ("reset_client", closes.sides.reset_client),
            ("reset_server", closes.sides.reset_server),
        ]),
        connections: Counts::from([
            ("accepted", connections.accepted),
            ("active", connections.active),
            ("closed", connections.closed),
            ("failed", connections.failed),
            ("refused", connections.refused),
        ]),
        datagrams: datagrams.map(|counts| {
            Counts::from([
                ("down", counts.down),
                ("dropped_down", counts.dropped_down),
                ("dropped_up", counts.dropped_up),
                ("up", counts.up),
            ])
        }),
        dial_time: times(dial_time),
        duration: times(duration),
        faults: faults.iter().map(|each| (each.name.as_str(), fault(each))).collect(),
        held_bytes: *held,
        held_max_bytes: *held_max,
        members: members.iter().map(|each| (each.name.as_str(), member(each))).collect(),
        received_bytes: Counts::from([("down", received.down), ("up", received.up)]),
    }
}

fn times(times: &Durations) -> Counts {
    Counts::from([("count", times.count), ("sum_ns", times.sum_ns)])
}

/// A member of a balancer, without its name.
pub(crate) fn member(metrics: &MemberMetrics) -> Member<'_> {
    let MemberMetrics {
        name: _,
        address,
        state,
        admin,
        healthy,
        weight,
        active,
        picks,
        connections,
        failures,
        ejections,
        probes,
        probe_failures,
    } = metrics;
    Member {
        active: *active,
        address,
        admin: admin.name(),
        connections: *connections,
        ejections: *ejections,
        failures: *failures,
        healthy: *healthy,
        picks: *picks,
        probe_failures: *probe_failures,
        probes: *probes,
        state: state.name(),
        weight: *weight,
    }
}

fn fault(metrics: &FaultMetrics) -> Fault {
    let FaultMetrics { name: _, kind, fired, optional, active } = metrics;
    Fault { active: *active, fired: *fired, kind, optional: *optional }
}

#[cfg(test)]
mod tests {
    use super::*;
    use squall_proxy::{Bytes, Connections};

    #[test]
    fn totals_come_first_and_links_are_sorted() {
        let busy = Metrics {
            connections: Connections { accepted: 5, active: 2, ..Default::default() },
            bytes: Bytes { up: 10, down: 20 },
            held: 3,
            held_max: 4,
            faults: vec![FaultMetrics {
                name: "slow".into(),
                kind: "latency",
                fired: 1,
                optional: false,
                active: true,
            }],
            ..Default::default()
        };
        let text = encode(&[("web", busy), ("db", Metrics::default())]).expect("plain data");
        let nothing = r#"{"bytes":{"down":0,"up":0},"closes":{"cancelled":0,"error":0,"fin":0,"reset":0,"timeout":0},"closes_by_side":{"error_client":0,"error_server":0,"reset_client":0,"reset_server":0},"connections":{"accepted":0,"active":0,"closed":0,"failed":0,"refused":0},"dial_time":{"count":0,"sum_ns":0},"duration":{"count":0,"sum_ns":0},"faults":{},"held_bytes":0,"held_max_bytes":0,"received_bytes":{"down":0,"up":0}}"#;
        let web = nothing
            .replacen(r#""down":0,"up":0"#, r#""down":20,"up":10"#, 1)
            .replace(r#""accepted":0,"active":0"#, r#""accepted":5,"active":2"#)
            .replace(
                r#""faults":{}"#,
                r#""faults":{"slow":{"active":true,"fired":1,"kind":"latency","optional":false}}"#,
            )
            .replace(r#""held_bytes":0,"held_max_bytes":0"#, r#""held_bytes":3,"held_max_bytes":4"#);
        let totals =
            r#""active_connections":2,"total_connections":5,"bytes_upstream":10,"bytes_downstream":20"#;
        assert_eq!(text, format!("{{{totals},\"links\":{{\"db\":{nothing},\"web\":{web}}}}}\n"));
    }
}
