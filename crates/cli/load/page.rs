//! A report for people.

use crate::table::{aligned, wrap};
use squall::load::{Document, Figures, Latency, Outcome};
use squall::scenario::expr::{Dimension, Number, Quantity, humanize};

/// The whole page.
pub(super) fn page(document: &Document) -> String {
    let figures = document.figures();
    let mut page = format!("{}  {}\n", headline(document.result), document.plan.target);
    for reason in &document.reason {
        for line in wrap(reason, 96) {
            page.push_str(&format!("      {line}\n"));
        }
    }
    page.push_str(&format!("\n  {}\n\n", plan(document)));
    page.push_str(&counts(document, &figures));
    page.push('\n');
    page.push_str(&times(document));
    let errors = errors(&figures);
    if !errors.is_empty() {
        page.push_str(&format!("\n  failed by cause\n{}", aligned(4, [false, true], &errors)));
    }
    if figures.members.len() > 1 {
        let rows: Vec<[String; 2]> =
            figures.members.iter().map(|(name, n)| [name.clone(), n.to_string()]).collect();
        page.push_str(&format!("\n  connections by server\n{}", aligned(4, [false, true], &rows)));
    }
    if !document.thresholds.is_empty() {
        let row = |threshold: &squall::load::Threshold| {
            let holds = if threshold.holds { "holds" } else { "FAILS" };
            [holds.to_owned(), threshold.that.clone(), format!("found {}", threshold.actual)]
        };
        let rows: Vec<[String; 3]> = document.thresholds.iter().map(row).collect();
        page.push_str(&format!("\n  thresholds\n{}", aligned(4, [false; 3], &rows)));
    }
    page
}

fn headline(result: Outcome) -> &'static str {
    match result {
        Outcome::Pass => "pass",
        Outcome::Fail => "FAIL",
        Outcome::Invalid => "INVALID",
        Outcome::Interrupted => "interrupted",
    }
}

fn plan(document: &Document) -> String {
    let plan = &document.plan;
    let many = |n: u64, what: &str| if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") };
    let option = |name: &str| plan.options.get(name);
    let mut words = vec![format!("{} loop", plan.model), many(plan.connections, "connection")];
    match (plan.requests, plan.duration_ns) {
        (Some(requests), _) => words.push(many(requests, "request")),
        (None, duration) => words.push(format!("for {}", shown(duration.unwrap_or(0), Dimension::Duration))),
    }
    if let Some(rate) = option("rate").filter(|_| option("stages").is_none()) {
        words.push(
            format!("{rate}/s {}", option("arrivals").map_or("", String::as_str)).trim_end().to_owned(),
        );
    }
    for name in ["stages", "size", "pipeline", "per-conn", "warmup"] {
        words.extend(option(name).map(|value| format!("{name} {value}")));
    }
    if plan.shards > 1 {
        let parts: Vec<String> = plan.parts.iter().map(u64::to_string).collect();
        words.push(format!("part {} of {}", parts.join(", "), plan.shards));
    }
    words.push(format!("seed {}", plan.seed));
    words.join(", ")
}

fn counts(document: &Document, figures: &Figures) -> String {
    let Figures { counts, bytes, connections, integrity, .. } = figures;
    let (timing, mut rows) = (&document.timing, Vec::new());
    let mut row = |name: &str, text: String| rows.push([name.to_owned(), text]);
    let also = |n: u64, what: &str| if n > 0 { format!(", {n} {what}") } else { String::new() };
    row(
        "requests",
        format!(
            "{} ok, {} failed of {}{}{}{}; {}/s",
            counts.ok,
            counts.failed,
            counts.planned,
            also(counts.dropped, "unfinished"),
            also(counts.retried, "sent again"),
            also(counts.warmup, "warming up"),
            timing.requests_per_s,
        ),
    );
    let (size, rate) = (|n| shown(n, Dimension::Bytes), |n| shown(n, Dimension::Rate));
    row(
        "bytes",
        format!(
            "{} sent, {} received; {} and {}",
            size(bytes.sent),
            size(bytes.received),
            rate(timing.throughput.sent_bytes_per_s),
            rate(timing.throughput.received_bytes_per_s),
        ),
    );
    row(
        "connections",
        format!("{} opened, {} lost, {} refused", connections.opened, connections.lost, connections.refused),
    );
    let strays = [
        (integrity.corrupt, "corrupt"),
        (integrity.truncated, "truncated"),
        (integrity.extra, "bytes too many"),
        (integrity.duplicated, "duplicated"),
        (integrity.reordered, "out of order"),
        (integrity.lost, "lost"),
        (integrity.late, "late"),
    ];
    let strays: Vec<String> =
        strays.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")).collect();
    let plan = &document.plan;
    let compared = ["expect", "expect-echo"].iter().any(|name| plan.options.contains_key(*name));
    let right = match plan.target.starts_with("http") && !compared {
        _ if bytes.received == 0 => "nothing came back",
        true => "bodies were not compared",
        false => "every byte right",
    };
    row("integrity", if strays.is_empty() { right.to_owned() } else { strays.join(", ") });
    row("elapsed", rounded(timing.elapsed_ns));
    aligned(2, [false, false], &rows)
}

fn times(document: &Document) -> String {
    let timing = &document.timing;
    let head = ["", "min", "mean", "p50", "p90", "p99", "p99.9", "max"].map(str::to_owned);
    let row = |name: &str, times: Option<Latency>| {
        let times = times?;
        let all = [
            times.min_ns,
            times.mean_ns,
            times.p50_ns,
            times.p90_ns,
            times.p99_ns,
            times.p999_ns,
            times.max_ns,
        ];
        let [min, mean, p50, p90, p99, p999, max] = all.map(rounded);
        Some([name.to_owned(), min, mean, p50, p90, p99, p999, max])
    };
    // In a closed loop a request is planned when it is sent, and the two are the same.
    let open = document.plan.model == "open";
    let rows = [
        Some(head),
        row("latency", timing.latency),
        row("service time", timing.service_time.filter(|_| open)),
        row("first byte", timing.first_byte),
        row("send delay", timing.send_delay),
        row("connect", timing.connect),
    ];
    let rows: Vec<[String; 8]> = rows.into_iter().flatten().collect();
    if rows.len() == 1 {
        return "  nothing was measured\n".to_owned();
    }
    aligned(2, [false, true, true, true, true, true, true, true], &rows)
}

fn errors(figures: &Figures) -> Vec<[String; 2]> {
    let errors = figures.errors;
    let causes = [
        ("refused", errors.refused),
        ("reset", errors.reset),
        ("closed early", errors.closed),
        ("timeout", errors.timeout),
        ("corrupt", errors.corrupt),
        ("not sent", errors.not_sent),
        ("malformed", errors.malformed),
        ("incomplete", errors.incomplete),
        ("mixed up", errors.mixed_up),
        ("status 2xx", errors.status_2xx),
        ("status 3xx", errors.status_3xx),
        ("status 4xx", errors.status_4xx),
        ("status 5xx", errors.status_5xx),
        ("other", errors.other),
    ];
    let some = causes.into_iter().filter(|(_, n)| *n > 0);
    some.map(|(cause, n)| [cause.to_owned(), n.to_string()]).collect()
}

fn shown(value: u64, dimension: Dimension) -> String {
    humanize(Quantity { number: Number::whole(i128::from(value)), dimension })
}

/// A time to three digits.
fn rounded(ns: u64) -> String {
    let digits = ns.checked_ilog10().map_or(1, |log| log + 1);
    let unit = 10_u64.pow(digits.saturating_sub(3));
    shown(ns.div_ceil(unit).saturating_mul(unit), Dimension::Duration)
}
