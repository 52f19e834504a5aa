//! One link over time: steps, faults, charts and connections below one another on one axis.

use super::scale::Axis;
use super::text::Text;
use super::{chart, faults, lanes, latency, members, put, tables};
use crate::report::Report;
use crate::timeline::{LinkTrack, LoadTrack, Timeline};

/// A link with more loads than these has no row for each.
const LOADS: usize = 8;

/// Steps that begin closer to one another than this have one mark.
const NEAR: u64 = 250;

/// The width of a letter in a chart's own units, on a page as wide as it gets.
pub(super) const LETTER: u64 = 82;

/// From here on the time of a mark stands before it, for want of room behind it.
const LATE: u64 = 9_000;

/// Writes the board of `link`; `id` is its own on the page.
pub(super) fn board(
    out: &mut String,
    report: &Report,
    timeline: &Timeline,
    link: &LinkTrack,
    id: &str,
    level: u8,
) {
    let kind = link.kind();
    let axis = Axis::new(timeline.end);
    let loads: Vec<&LoadTrack> =
        timeline.loads.iter().filter(|load| load.link.as_deref() == Some(&link.name)).collect();
    put!(
        out,
        "<div class=\"bar-top\"><p class=\"readout\" role=\"status\"></p><p class=\"zoom\" hidden>Zoom \
         <button type=\"button\" data-zoom=\"1\" aria-pressed=\"true\">1×</button>\
         <button type=\"button\" data-zoom=\"3\" aria-pressed=\"false\">3×</button>\
         <button type=\"button\" data-zoom=\"10\" aria-pressed=\"false\">10×</button></p></div>\n\
         <div class=\"board\" id=\"{id}\" role=\"region\" tabindex=\"0\" aria-label=\"{kind} {} over time\" data-length=\"{}\">\
         <div class=\"canvas\">\n",
        Text(&link.name),
        timeline.end.max(1)
    );
    steps(out, timeline, axis);
    for load in loads.iter().filter(|_| loads.len() <= LOADS) {
        let name = format!("<code>{}</code><small>load</small>", Text(&load.name));
        row(out, &name, |out| bar(out, axis, load));
    }
    members::rows(out, report, timeline, link, axis);
    let behind: Vec<&LinkTrack> =
        link.behind.iter().filter_map(|name| timeline.links.iter().find(|link| link.name == *name)).collect();
    faults::rows(out, link, axis);
    faults::rows_behind(out, &behind, axis);
    let shades = faults::shades(link, &behind, axis);
    chart::throughput(out, link, &shades, axis, id);
    for (i, load) in loads.iter().take(LOADS).enumerate() {
        latency::latency(out, load, &shades, axis, &format!("{id}-{}", i + 1));
    }
    chart::gauges(out, link, &shades, axis, id);
    ticks(out, axis);
    lanes::lanes(out, link, &shades, axis);
    put!(out, "<div class=\"cursor\" hidden></div></div></div>\n");
    put!(out, "<h{level} class=\"vh\">Figures of {} {}</h{level}>\n", kind.to_lowercase(), Text(&link.name));
    members::table(out, report, link);
    lanes::endings(out, link);
    tables::samples(out, link);
    loads.iter().take(LOADS).for_each(|load| tables::beats(out, load));
}

pub(super) fn row(out: &mut String, label: &str, fill: impl FnOnce(&mut String)) {
    put!(
        out,
        "<div class=\"track row\"><div class=\"label\">{label}</div><div class=\"y\"></div><div class=\"plot\">"
    );
    fill(out);
    put!(out, "</div></div>\n");
}

fn bar(out: &mut String, axis: Axis, load: &LoadTrack) {
    let (left, width) = (axis.percent(load.from), axis.width(load.from, load.to));
    put!(out, "<i class=\"span\" style=\"left:{left};width:{width}\"></i>");
}

/// The steps by their numbers and names, each until the next one; those that begin at the same place share it.
fn steps(out: &mut String, timeline: &Timeline, axis: Axis) {
    let mut marks: Vec<(u64, usize, String)> = Vec::new();
    for (i, step) in timeline.steps.iter().enumerate() {
        let text = format!("{} {}", i + 1, step.name);
        match marks.last_mut() {
            Some((from, _, texts)) if axis.x(step.from) - axis.x(*from) < NEAR => put!(texts, " · {text}"),
            _ => marks.push((step.from, i, text)),
        }
    }
    if marks.is_empty() {
        return;
    }
    if axis.x(timeline.end) - axis.x(timeline.settling) >= NEAR {
        marks.push((timeline.settling, timeline.steps.len(), "settling".to_owned()));
    }
    row(out, "<strong>Steps</strong>", |out| {
        for (n, (from, first, text)) in marks.iter().enumerate() {
            let (to, after) = marks
                .get(n + 1)
                .map_or((timeline.end, timeline.steps.len()), |(next, after, _)| (*next, *after));
            // Where there is no room for names, numbers say which rows of the table below are meant.
            let room = (axis.x(to) - axis.x(*from)) / LETTER;
            let short = match after.saturating_sub(*first) {
                0 => text.clone(),
                1 => format!("{}", first + 1),
                _ => format!("{}–{after}", first + 1),
            };
            let shown = if text.chars().count() as u64 <= room { text } else { &short };
            put!(
                out,
                "<i class=\"step\" style=\"left:{};width:{}\" title=\"{}\">{}</i>",
                axis.percent(*from),
                axis.width(*from, to),
                Text(text),
                Text(shown)
            );
        }
    });
}

fn ticks(out: &mut String, axis: Axis) {
    put!(
        out,
        "<div class=\"track ticks\"><div class=\"label\">Time</div><div class=\"y\"></div><div class=\"plot\">"
    );
    for (at, label) in axis.ticks() {
        let class = if axis.x(at) > LATE { " class=\"late\"" } else { "" };
        put!(out, "<span{class} style=\"left:{}\">{label}</span>", axis.percent(at));
    }
    put!(out, "</div></div>\n");
}
