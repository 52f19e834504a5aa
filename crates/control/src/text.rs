//! The counts in the text format of Prometheus, version 0.0.4.

use crate::source::{Reading, Totals};
use prometheus::TextEncoder;
use prometheus::proto::{Bucket, Counter, Gauge, Histogram, LabelPair, Metric, MetricFamily, MetricType};
use squall_balance::Condition;
use squall_proxy::{Datagrams, Durations, MemberMetrics, Metrics};

/// The media type of what [`encode`] gives.
pub(crate) const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The totals over all links, then the families of each link. A family without samples is left out.
pub(crate) fn encode(readings: &[Reading<'_>]) -> prometheus::Result<String> {
    let mut families = totals(&Totals::of(readings), "links");
    families.extend(self::families(readings));
    encode_families(&families)
}

/// The families of each link; none without samples.
pub(crate) fn families(readings: &[Reading<'_>]) -> Vec<MetricFamily> {
    let families = [connections(readings), traffic(readings), members(readings)];
    families.into_iter().flatten().filter(|family| !family.get_metric().is_empty()).collect()
}

/// The families as text. None may be without samples.
pub(crate) fn encode_families(families: &[MetricFamily]) -> prometheus::Result<String> {
    TextEncoder::new().encode_to_string(families)
}

/// A family of a single number.
pub(crate) fn number(number: &crate::toxiproxy::Gauge) -> MetricFamily {
    let empty = [(Vec::new(), 0)];
    match number.rises {
        true => family(number.name, number.help, MetricType::COUNTER, empty, |metric, _| {
            metric.set_counter(counter_of(number.value));
        }),
        false => family(number.name, number.help, MetricType::GAUGE, empty, |metric, _| {
            metric.set_gauge(gauge_of(number.value));
        }),
    }
}

fn counter_of(value: f64) -> Counter {
    let mut counter = Counter::default();
    counter.set_value(value);
    counter
}

fn gauge_of(value: f64) -> Gauge {
    let mut gauge = Gauge::default();
    gauge.set_value(value);
    gauge
}

/// Label names and their values, and the number.
pub(crate) type Sample<'a> = (Vec<(&'static str, &'a str)>, u64);

/// The totals, which come first; `all` says over what.
pub(crate) fn totals(totals: &Totals, all: &str) -> Vec<MetricFamily> {
    let total = |value| [(Vec::new(), value)];
    let help = |what: &str| format!("{what}, over all {all}.");
    vec![
        gauge("connections_active", &help("Connections that are open now"), total(totals.active)),
        counter("connections_total", &help("Connections accepted"), total(totals.accepted)),
        counter("bytes_upstream", &help("Bytes delivered to servers"), total(totals.up)),
        counter("bytes_downstream", &help("Bytes delivered to clients"), total(totals.down)),
    ]
}

fn connections(readings: &[Reading<'_>]) -> Vec<MetricFamily> {
    let outcomes = per_link(readings, "outcome", |metrics| {
        let counts = &metrics.connections;
        vec![
            ("accepted", counts.accepted),
            ("closed", counts.closed),
            ("refused", counts.refused),
            ("failed", counts.failed),
        ]
    });
    let reasons = readings.iter().flat_map(|(link, metrics)| {
        let (counts, sides) = (&metrics.closes, &metrics.closes.sides);
        let by_a_fault = counts.reset.saturating_sub(sides.reset_client + sides.reset_server);
        [
            ("fin", "both", counts.fin),
            ("reset", "client", sides.reset_client),
            ("reset", "server", sides.reset_server),
            ("reset", "squall", by_a_fault),
            ("timeout", "squall", counts.timeout),
            ("error", "client", sides.error_client),
            ("error", "server", sides.error_server),
            ("cancelled", "squall", counts.cancelled),
        ]
        .map(|(reason, side, count)| (vec![("link", *link), ("reason", reason), ("side", side)], count))
    });
    let active = readings.iter().map(|(link, metrics)| (vec![("link", *link)], metrics.connections.active));
    vec![
        counter("squall_connections_total", "Connections by what became of them.", outcomes),
        gauge("squall_connections_active", "Connections that are open now.", active),
        counter("squall_closes_total", "Closed connections by reason, and at whose hands.", reasons),
        histogram("squall_dial_seconds", "How long it took to reach the server.", readings, |metrics| {
            &metrics.dial_time
        }),
        histogram("squall_connection_seconds", "How long closed connections lasted.", readings, |metrics| {
            &metrics.duration
        }),
    ]
}

fn traffic(readings: &[Reading<'_>]) -> Vec<MetricFamily> {
    let bytes = per_link(readings, "direction", |metrics| {
        vec![("up", metrics.bytes.up), ("down", metrics.bytes.down)]
    });
    let fired = readings.iter().flat_map(|(link, metrics)| {
        // The series of a fault ends with it.
        metrics.faults.iter().filter(|fault| fault.active).map(|fault| {
            (vec![("link", *link), ("fault", fault.name.as_str()), ("kind", fault.kind)], fault.fired)
        })
    });
    let held = readings.iter().map(|(link, metrics)| (vec![("link", *link)], metrics.held));
    let sent = per_link(readings, "direction", |metrics| {
        metrics.datagrams.map_or_else(Vec::new, |counts| vec![("up", counts.up), ("down", counts.down)])
    });
    let dropped = per_link(readings, "direction", |metrics| {
        let counts = |counts: Datagrams| vec![("up", counts.dropped_up), ("down", counts.dropped_down)];
        metrics.datagrams.map_or_else(Vec::new, counts)
    });
    let mut families = vec![
        counter("squall_bytes_total", "Bytes delivered to the receivers.", bytes),
        counter("squall_faults_fired_total", "How often each fault has acted.", fired),
        gauge("squall_held_bytes", "Bytes that were read and wait to be delivered.", held),
    ];
    // A family without a sample is none.
    if readings.iter().any(|(_, metrics)| metrics.datagrams.is_some()) {
        families.push(counter("squall_datagrams_total", "Datagrams sent on to the receivers.", sent));
        families.push(counter(
            "squall_datagrams_dropped_total",
            "Datagrams received and not sent on: by a fault, or because a queue was full.",
            dropped,
        ));
    }
    families
}

/// What is known of the members of balancers; nothing where there are none.
fn members(readings: &[Reading<'_>]) -> Vec<MetricFamily> {
    let all = || readings.iter().flat_map(|(link, metrics)| metrics.members.iter().map(|each| (*link, each)));
    let each = |count: fn(&MemberMetrics) -> u64| {
        all().map(move |(link, each)| (vec![("link", link), ("member", each.name.as_str())], count(each)))
    };
    let picked = each(|member| member.picks);
    let dials = all().flat_map(|(link, each)| {
        [("connected", each.connections), ("failed", each.failures)].map(|(outcome, count)| {
            (vec![("link", link), ("member", each.name.as_str()), ("outcome", outcome)], count)
        })
    });
    let probes = all().flat_map(|(link, each)| {
        let passed = each.probes.saturating_sub(each.probe_failures);
        [("passed", passed), ("failed", each.probe_failures)].map(|(outcome, count)| {
            (vec![("link", link), ("member", each.name.as_str()), ("outcome", outcome)], count)
        })
    });
    // One sample for each state, so that a change moves a 1 and leaves no series behind.
    let states = all().flat_map(|(link, each)| {
        STATES.map(|state| {
            let labels = vec![("link", link), ("member", each.name.as_str()), ("state", state.name())];
            (labels, u64::from(each.state == state))
        })
    });
    vec![
        counter("squall_member_picks_total", "How often each member was picked.", picked),
        counter("squall_member_connections_total", "Dials to members by what became of them.", dials),
        gauge("squall_member_connections_active", "Connections that a member has now.", each(|m| m.active)),
        counter("squall_member_ejections_total", "How often each member was ejected.", each(|m| m.ejections)),
        counter("squall_member_probes_total", "Probes of members by what became of them.", probes),
        gauge("squall_member_weight", "The weight of each member.", each(|m| u64::from(m.weight))),
        gauge("squall_member_state", "1 for the state that a member is in, 0 for the others.", states),
    ]
}

/// The states that a member can be in.
const STATES: [Condition; 8] = [
    Condition::Up,
    Condition::SlowStart,
    Condition::Full,
    Condition::Weightless,
    Condition::Ejected,
    Condition::Unhealthy,
    Condition::Drain,
    Condition::Down,
];

/// The samples of one link after another, told apart by one more label.
fn per_link<'a>(
    readings: &[Reading<'a>],
    label: &'static str,
    counts: fn(&Metrics) -> Vec<(&'static str, u64)>,
) -> impl Iterator<Item = Sample<'a>> {
    readings.iter().flat_map(move |(link, metrics)| {
        let link = *link;
        counts(metrics).into_iter().map(move |(value, count)| (vec![("link", link), (label, value)], count))
    })
}

/// Times of each link.
fn histogram(
    name: &str,
    help: &str,
    readings: &[Reading<'_>],
    times: fn(&Metrics) -> &Durations,
) -> MetricFamily {
    let metric = |(link, metrics): &Reading<'_>| {
        let times = times(metrics);
        let bucket = |(bound, count): (std::time::Duration, u64)| {
            let mut bucket = Bucket::default();
            bucket.set_upper_bound(bound.as_secs_f64());
            bucket.set_cumulative_count(count);
            bucket
        };
        let mut histogram = Histogram::default();
        histogram.set_sample_count(times.count);
        histogram.set_sample_sum(times.sum_ns as f64 / 1e9);
        histogram.set_bucket(times.cumulative().map(bucket).collect());
        let mut metric = Metric::from_label(vec![label(("link", link))]);
        metric.set_histogram(histogram);
        metric
    };
    let mut family = MetricFamily::default();
    family.set_name(name.to_owned());
    family.set_help(help.to_owned());
    family.set_field_type(MetricType::HISTOGRAM);
    family.set_metric(readings.iter().map(metric).collect());
    family
}

pub(crate) fn counter<'a>(
    name: &str,
    help: &str,
    samples: impl IntoIterator<Item = Sample<'a>>,
) -> MetricFamily {
    family(name, help, MetricType::COUNTER, samples, |metric, value| {
        metric.set_counter(counter_of(value));
    })
}

pub(crate) fn gauge<'a>(
    name: &str,
    help: &str,
    samples: impl IntoIterator<Item = Sample<'a>>,
) -> MetricFamily {
    family(name, help, MetricType::GAUGE, samples, |metric, value| {
        metric.set_gauge(gauge_of(value));
    })
}

fn family<'a>(
    name: &str,
    help: &str,
    kind: MetricType,
    samples: impl IntoIterator<Item = Sample<'a>>,
    set: impl Fn(&mut Metric, f64),
) -> MetricFamily {
    let metric = |(labels, value): Sample<'_>| {
        let mut metric = Metric::from_label(labels.into_iter().map(label).collect());
        // The format knows only floating point; counts are exact up to 2^53.
        set(&mut metric, value as f64);
        metric
    };
    let mut family = MetricFamily::default();
    family.set_name(name.to_owned());
    family.set_help(help.to_owned());
    family.set_field_type(kind);
    family.set_metric(samples.into_iter().map(metric).collect());
    family
}

fn label((name, value): (&str, &str)) -> LabelPair {
    let mut pair = LabelPair::default();
    pair.set_name(name.to_owned());
    pair.set_value(value.to_owned());
    pair
}

#[cfg(test)]
mod tests {
    use super::*;
    use squall_proxy::FaultMetrics;

    #[test]
    fn label_values_are_escaped() {
        let text = encode(&[("a\"b\\c\nd é", Metrics::default())]).expect("encodes");
        assert!(text.contains("squall_connections_active{link=\"a\\\"b\\\\c\\nd é\"} 0\n"), "{text}");
    }

    #[test]
    fn without_links_only_the_totals_are_left() {
        let text = encode(&[]).expect("encodes");
        assert_eq!(text.lines().filter(|line| !line.starts_with('#')).count(), 4, "{text}");
        assert!(text.contains("# TYPE connections_active gauge\nconnections_active 0\n"), "{text}");
    }

    #[test]
    fn large_counts_are_written_in_full() {
        let fault =
            |fired| FaultMetrics { name: "cut".into(), kind: "reset", fired, optional: false, active: true };
        let metrics = Metrics { faults: vec![fault(1 << 53)], ..Default::default() };
        let text = encode(&[("web", metrics)]).expect("encodes");
        let expected =
            "squall_faults_fired_total{link=\"web\",fault=\"cut\",kind=\"reset\"} 9007199254740992\n";
        assert!(text.contains(expected), "{text}");
    }
}
