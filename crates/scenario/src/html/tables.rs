//! The tables of a scenario: expectations, latencies of loads, faults, steps.

use super::figures::{figure, names};
use super::put;
use super::text::{Text, bytes, count, of, rate, time};
use crate::report::Report;
use crate::timeline::{FaultTrack, LinkTrack, LoadTrack, Timeline, Window};

/// The most spans of a fault that are written out.
const SPANS: usize = 4;

/// Opens a table that scrolls by itself where the page is narrow.
pub(super) fn open(out: &mut String, caption: &str, columns: &[(&str, bool)]) {
    put!(
        out,
        "<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"{caption}\"><table><caption>{caption}</caption>\
         <thead><tr>"
    );
    for (name, number) in columns {
        let class = if *number { " class=\"n\"" } else { "" };
        put!(out, "<th scope=\"col\"{class}>{name}</th>");
    }
    put!(out, "</tr></thead><tbody>\n");
}

pub(super) fn close(out: &mut String) {
    put!(out, "</tbody></table></div>\n");
}

pub(super) fn expectations(out: &mut String, report: &Report, level: u8) {
    if report.expectations.is_empty() {
        return;
    }
    put!(out, "<h{level}>Expectations</h{level}>\n");
    open(
        out,
        "What was expected, and what was found",
        &[("Held", false), ("Expected", false), ("Found", false)],
    );
    for judgement in &report.expectations {
        let (word, class) = if judgement.holds { ("Yes", "pass") } else { ("No", "fail") };
        put!(
            out,
            "<tr><td><span class=\"word {class}\">{word}</span></td><th scope=\"row\"><code>{}</code></th>\
             <td>{}</td></tr>\n",
            Text(&judgement.that),
            Text(&judgement.actual)
        );
    }
    close(out);
}

const LATENCIES: [(&str, &str); 7] = [
    ("min", "Min"),
    ("mean", "Mean"),
    ("p50", "p50"),
    ("p90", "p90"),
    ("p99", "p99"),
    ("p99.9", "p99.9"),
    ("max", "Max"),
];

pub(super) fn loads(out: &mut String, report: &Report, level: u8) {
    let names = names(report, "load");
    if names.is_empty() {
        return;
    }
    put!(out, "<h{level}>Loads</h{level}>\n");
    let columns = LATENCIES.map(|(_, name)| (name, true));
    let head = [("Load", false), ("Planned", true), ("Answered", true), ("Failed", true)];
    let columns: Vec<_> = head.into_iter().chain(columns).chain([("Received", true)]).collect();
    open(out, "Requests and how long their answers took", &columns);
    for name in &names {
        let number = |path: &str| figure(report, &format!("load.{name}.{path}"));
        let counted = |path| number(path).map_or_else(String::new, count);
        let answered = number("ok").unwrap_or_default() > 0;
        let failed = number("failed").unwrap_or_default() > 0;
        put!(
            out,
            "<tr><th scope=\"row\"><code>{}</code></th><td class=\"n\">{}</td><td class=\"n\">{}</td>\
             <td class=\"n{}\">{}</td>",
            Text(name),
            counted("planned"),
            counted("ok"),
            if failed { " some" } else { "" },
            counted("failed")
        );
        for (key, _) in LATENCIES {
            let latency = number(&format!("latency.{key}")).filter(|_| answered);
            put!(out, "<td class=\"n\">{}</td>", latency.map_or_else(|| "–".to_owned(), time));
        }
        put!(
            out,
            "<td class=\"n\">{}</td></tr>\n",
            number("throughput.received").map_or_else(String::new, rate)
        );
    }
    close(out);
}

pub(super) fn faults(out: &mut String, timeline: &Timeline, level: u8) {
    if timeline.links.iter().all(|link| link.faults.is_empty()) {
        return;
    }
    put!(out, "<h{level}>Faults</h{level}>\n");
    let columns =
        [("Link", false), ("Fault", false), ("What it does", false), ("In force", false), ("Fired", true)];
    open(out, "Faults, when they were in force, and how often they fired", &columns);
    for link in &timeline.links {
        link.faults.iter().for_each(|fault| self::fault(out, timeline, link, fault));
    }
    close(out);
}

fn fault(out: &mut String, timeline: &Timeline, link: &LinkTrack, fault: &FaultTrack) {
    let specs: Vec<String> = fault.specs.iter().map(|spec| format!("<code>{}</code>", Text(spec))).collect();
    let fired = match (fault.fired, fault.optional) {
        (0, false) => "<span class=\"word fail\">Never</span>".to_owned(),
        (fired, _) => count(fired),
    };
    put!(
        out,
        "<tr><td><code>{}</code></td><th scope=\"row\"><code>{}</code></th><td>{}</td><td>{}</td>\
         <td class=\"n\">{fired}</td></tr>\n",
        Text(&link.name),
        Text(&fault.name),
        specs.join("<br>then "),
        spans(&fault.windows, timeline.end)
    );
}

/// Spans of time in words.
pub(super) fn spans(windows: &[Window], end: u64) -> String {
    let span = |window: &Window| match (window.from, window.to >= end) {
        (0, true) => "throughout".to_owned(),
        (from, true) => format!("from {}", time(from)),
        (from, false) => format!("{} to {}", time(from), time(window.to)),
    };
    let mut words: Vec<String> = windows.iter().take(SPANS).map(span).collect();
    if windows.len() > SPANS {
        words.push(format!("and {} more times", count((windows.len() - SPANS) as u64)));
    }
    if words.is_empty() { "never".to_owned() } else { words.join("; ") }
}

pub(super) fn steps(out: &mut String, timeline: &Timeline, level: u8) {
    if timeline.steps.is_empty() {
        return;
    }
    put!(out, "<h{level}>Steps</h{level}>\n");
    let columns = [("No.", true), ("Step", false), ("Began", true), ("Ended", true), ("Took", true)];
    open(out, "Steps that were taken, in order", &columns);
    for (i, step) in timeline.steps.iter().enumerate() {
        let ended = match step.to {
            Some(to) => {
                format!("<td class=\"n\">{}</td><td class=\"n\">{}</td>", time(to), time(to - step.from))
            }
            None => {
                "<td class=\"n\" colspan=\"2\"><span class=\"word fail\">Did not end</span></td>".to_owned()
            }
        };
        put!(
            out,
            "<tr><td class=\"n\">{}</td><th scope=\"row\"><bdi>{}</bdi></th><td class=\"n\">{}</td>{ended}</tr>\n",
            i + 1,
            Text(&step.name),
            time(step.from)
        );
    }
    close(out);
    let background = timeline.loads.iter().filter(|load| {
        let step = timeline.steps.iter().find(|step| step.name == load.name);
        step.and_then(|step| step.to).is_some_and(|to| load.to > to)
    });
    for load in background {
        put!(
            out,
            "<p class=\"note\">Load <code>{}</code> went on in the background until {}.</p>\n",
            Text(&load.name),
            time(load.to)
        );
    }
}

/// What the charts of a link are drawn from.
pub(super) fn samples(out: &mut String, link: &LinkTrack) {
    put!(
        out,
        "<details class=\"data\"><summary>The figures behind these charts ({})</summary>\n",
        of(link.samples.len() as u64, "row", "rows")
    );
    let columns = [
        ("Time", true),
        ("To the server", true),
        ("To clients", true),
        ("Up, in all", true),
        ("Down, in all", true),
        ("Open", true),
        ("Waiting", true),
    ];
    open(out, "Throughput, connections and bytes that wait, over time", &columns);
    let (mut at, mut up, mut down) = (0, 0, 0);
    for sample in &link.samples {
        let per_second = |now: u64, before: u64| rate(super::chart::per_second(now, before, sample.at - at));
        put!(
            out,
            "<tr data-t=\"{}\"><th scope=\"row\">{}</th><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n",
            sample.at,
            time(sample.at),
            per_second(sample.up, up),
            per_second(sample.down, down),
            bytes(sample.up),
            bytes(sample.down),
            count(sample.active),
            bytes(sample.held)
        );
        (at, up, down) = (sample.at, sample.up, sample.down);
    }
    put!(out, "</tbody></table></div></details>\n");
}

/// What the chart of a load's latencies is drawn from.
pub(super) fn beats(out: &mut String, load: &LoadTrack) {
    if load.beats.is_empty() {
        return;
    }
    put!(
        out,
        "<details class=\"data\"><summary>The latencies of load <code>{}</code> ({})</summary>\n",
        Text(&load.name),
        of(load.beats.len() as u64, "row", "rows")
    );
    let columns = [
        ("From", true),
        ("To", true),
        ("Answered", true),
        ("Failed", true),
        ("Mean", true),
        ("Longest", true),
    ];
    open(out, "Requests that ended, and how long they took, over time", &columns);
    for beat in &load.beats {
        let latency = |ns| if beat.requests > 0 { time(ns) } else { "–".to_owned() };
        put!(
            out,
            "<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n",
            time(beat.from),
            time(beat.to),
            count(beat.requests),
            count(beat.failed),
            latency(beat.mean_ns),
            latency(beat.max_ns)
        );
    }
    put!(out, "</tbody></table></div></details>\n");
}
