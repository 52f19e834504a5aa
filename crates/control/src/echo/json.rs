//! The counts of echo servers as JSON: the totals first, then each server.

use super::{EchoProtocol, Reading, totals};
use crate::source::Totals;
use serde::Serialize;
use std::collections::BTreeMap;

/// One JSON object and a newline.
pub(super) fn encode(readings: &[Reading<'_>]) -> Result<String, serde_json::Error> {
    let report = Report {
        totals: totals(readings),
        servers: readings.iter().map(|reading| (reading.name, Entry::of(reading))).collect(),
    };
    serde_json::to_string(&report).map(|text| text + "\n")
}

/// Fields are written in the order in which they stand here.
#[derive(Serialize)]
struct Report<'a> {
    #[serde(flatten)]
    totals: Totals,
    servers: BTreeMap<&'a str, Entry<'a>>,
}

type Numbers = BTreeMap<&'static str, u64>;

/// What is known of one server: in alphabetical order, as are the keys of its maps.
#[derive(Serialize)]
pub(crate) struct Entry<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    answers: Option<&'a BTreeMap<String, u64>>,
    bytes: Numbers,
    #[serde(skip_serializing_if = "Option::is_none")]
    connections: Option<Numbers>,
    #[serde(skip_serializing_if = "Option::is_none")]
    datagrams: Option<Numbers>,
    #[serde(skip_serializing_if = "Option::is_none")]
    requests: Option<u64>,
}

impl Entry<'_> {
    pub(crate) fn of<'a>(reading: &'a Reading<'a>) -> Entry<'a> {
        let (counts, protocol) = (&reading.counts, reading.protocol);
        let (http, datagrams) = (protocol == EchoProtocol::Http, protocol == EchoProtocol::Udp);
        Entry {
            answers: http.then_some(&reading.answers),
            bytes: Numbers::from([("received", counts.bytes_in), ("sent", counts.bytes_out)]),
            connections: (!datagrams).then(|| {
                Numbers::from([
                    ("accepted", counts.accepted),
                    ("active", counts.active),
                    ("closed", counts.closed),
                    ("refused", counts.refused),
                ])
            }),
            datagrams: datagrams.then(|| {
                Numbers::from([
                    ("dropped", counts.datagrams_dropped),
                    ("received", counts.datagrams_in),
                    ("sent", counts.datagrams_out),
                ])
            }),
            requests: http.then_some(counts.requests),
        }
    }
}
