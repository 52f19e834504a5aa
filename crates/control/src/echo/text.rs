//! The counts of echo servers in the text format of Prometheus.

use super::{EchoProtocol, Reading, sum};
use crate::text::{Sample, counter, encode_families, gauge};
use prometheus::proto::MetricFamily;
use squall_echo::Counts;

/// The totals over all servers, then the families of each. A family without samples is left out.
pub(super) fn encode(readings: &[Reading<'_>]) -> prometheus::Result<String> {
    let mut families = totals(readings);
    families.extend(self::families(readings));
    families.retain(|family| !family.get_metric().is_empty());
    encode_families(&families)
}

/// The totals under the names that a proxy has for them.
fn totals(readings: &[Reading<'_>]) -> Vec<MetricFamily> {
    let total = |count| [(Vec::new(), sum(readings, count))];
    let (active, accepted) = (total(|counts| counts.active), total(|counts| counts.accepted));
    let (up, down) = (total(|counts| counts.bytes_in), total(|counts| counts.bytes_out));
    vec![
        gauge("connections_active", "Connections that are open now, over all servers.", active),
        counter("connections_total", "Connections served, over all servers.", accepted),
        counter("bytes_upstream", "Bytes received from clients, over all servers.", up),
        counter("bytes_downstream", "Bytes sent to clients, over all servers.", down),
    ]
}

/// The families of each server; some may be without samples.
pub(super) fn families(readings: &[Reading<'_>]) -> Vec<MetricFamily> {
    let (stream, datagram) =
        (|protocol| protocol != EchoProtocol::Udp, |protocol| protocol == EchoProtocol::Udp);
    let http = |protocol| protocol == EchoProtocol::Http;
    let answers = readings.iter().flat_map(|reading| {
        let label = |status| vec![("server", reading.name), ("status", status)];
        reading.answers.iter().map(move |(status, count)| (label(status.as_str()), *count))
    });
    vec![
        counter(
            "squall_echo_connections_total",
            "Connections by what became of them.",
            each(readings, stream, "outcome", |counts| {
                vec![("accepted", counts.accepted), ("closed", counts.closed), ("refused", counts.refused)]
            }),
        ),
        gauge(
            "squall_echo_connections_active",
            "Connections that are open now.",
            one(readings, stream, |counts| counts.active),
        ),
        counter(
            "squall_echo_bytes_total",
            "Bytes received from clients and sent to them.",
            each(
                readings,
                |_| true,
                "direction",
                |counts| vec![("received", counts.bytes_in), ("sent", counts.bytes_out)],
            ),
        ),
        counter(
            "squall_echo_datagrams_total",
            "Datagrams received from clients and sent to them.",
            each(readings, datagram, "direction", |counts| {
                vec![("received", counts.datagrams_in), ("sent", counts.datagrams_out)]
            }),
        ),
        counter(
            "squall_echo_datagrams_dropped_total",
            "Datagrams left unanswered because too many answers were waiting.",
            one(readings, datagram, |counts| counts.datagrams_dropped),
        ),
        counter(
            "squall_echo_requests_total",
            "Requests that were read to their end.",
            one(readings, http, |counts| counts.requests),
        ),
        counter("squall_echo_answers_total", "Answers by status, refusals included.", answers),
    ]
}

/// The samples of the servers that speak what `speaks` tells, told apart by one more label.
fn each<'a>(
    readings: &'a [Reading<'a>],
    speaks: fn(EchoProtocol) -> bool,
    label: &'static str,
    counts: fn(&Counts) -> Vec<(&'static str, u64)>,
) -> impl Iterator<Item = Sample<'a>> {
    readings.iter().filter(move |reading| speaks(reading.protocol)).flat_map(move |reading| {
        let labels = move |value| vec![("server", reading.name), (label, value)];
        counts(&reading.counts).into_iter().map(move |(value, count)| (labels(value), count))
    })
}

/// As [`each`], one sample for each server.
fn one<'a>(
    readings: &'a [Reading<'a>],
    speaks: fn(EchoProtocol) -> bool,
    count: fn(&Counts) -> u64,
) -> impl Iterator<Item = Sample<'a>> {
    let readings = readings.iter().filter(move |reading| speaks(reading.protocol));
    readings.map(move |reading| (vec![("server", reading.name)], count(&reading.counts)))
}
