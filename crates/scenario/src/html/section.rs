//! One scenario on the page: the verdict, why, and everything behind it.

use super::figures::figure;
use super::text::{Prose, Text, of, time};
use super::{Section, board, put, tables};
use crate::model::Clock;
use crate::report::Report;
use crate::timeline::Timeline;

/// Writes a section under the anchor `id`; its headline has the `level`, those within it the next ones.
pub(super) fn section(out: &mut String, section: &Section<'_>, id: &str, level: u8) {
    let note = match section.note {
        "" => String::new(),
        note => format!(" <span class=\"which\">{}</span>", Text(note)),
    };
    put!(
        out,
        "<article id=\"{id}\" aria-labelledby=\"{id}-h\">\n<div class=\"verdict {}\"><p class=\"badge\">{}</p>\
         <h{level} id=\"{id}-h\"><bdi>{}</bdi>{note}</h{level}></div>\n",
        section.verdict.class(),
        section.verdict.word(),
        Text(section.name)
    );
    match section.report {
        None => put!(out, "<pre class=\"said\" tabindex=\"0\">{}</pre>\n", Text(section.words.trim_end())),
        Some(report) => ran(out, section, report, id, level + 1),
    }
    put!(out, "</article>\n");
}

fn ran(out: &mut String, section: &Section<'_>, report: &Report, id: &str, level: u8) {
    facts(out, report, section.replay);
    reasons(out, report, level);
    tables::expectations(out, report, level);
    if let Some(timeline) = &report.timeline {
        links(out, report, timeline, id, level);
    }
    tables::loads(out, report, level);
    if let Some(timeline) = &report.timeline {
        tables::faults(out, timeline, level);
        tables::steps(out, timeline, level);
    }
    said(out, section.words, level);
    json(out, report);
}

pub(super) fn clock(report: &Report) -> &'static str {
    match report.clock {
        Clock::Real => "real",
        Clock::Virtual => "virtual",
    }
}

fn facts(out: &mut String, report: &Report, replay: &str) {
    let held = report.expectations.iter().filter(|judgement| judgement.holds).count();
    let expected = match report.expectations.len() {
        0 => "none stated".to_owned(),
        all => format!("{held} of {all} held"),
    };
    put!(out, "<dl class=\"facts\">");
    let mut fact = |what: &str, is: &str| put!(out, "<div><dt>{what}</dt><dd>{is}</dd></div>");
    let took = figure(report, "elapsed").map(time);
    if let Some(took) = &took {
        fact("Took", took);
    }
    fact("Clock", clock(report));
    fact("Seed", &report.seed.to_string());
    if took.is_some() {
        fact("Expectations", &expected);
    }
    put!(
        out,
        "<div class=\"replay\"><dt>To see it again</dt><dd><code>{}</code></dd></div></dl>\n",
        Text(replay)
    );
}

fn reasons(out: &mut String, report: &Report, level: u8) {
    if report.reason.is_empty() {
        return;
    }
    let what = if report.has_run() { "failed" } else { "did not run" };
    put!(out, "<h{level}>Why it {what}</h{level}>\n<ul class=\"reasons\">\n");
    report.reason.iter().for_each(|reason| put!(out, "<li><bdi>{}</bdi></li>\n", Prose(reason)));
    put!(out, "</ul>\n");
}

fn links(out: &mut String, report: &Report, timeline: &Timeline, id: &str, level: u8) {
    for (i, link) in timeline.links.iter().enumerate() {
        let (kind, name) = (link.kind(), Text(&link.name));
        put!(out, "<section class=\"link\"><h{level}>{kind} <code>{name}</code></h{level}>\n");
        summary(out, report, &link.path());
        board::board(out, report, timeline, link, &format!("{id}-l{}", i + 1), level + 1);
        put!(out, "</section>\n");
    }
}

/// What a link saw, in two sentences.
fn summary(out: &mut String, report: &Report, link: &str) {
    let number = |path: &str| figure(report, &format!("{link}.{path}"));
    let Some(accepted) = number("connections.accepted") else { return };
    put!(out, "<p class=\"lead\">{} accepted", of(accepted, "connection", "connections"));
    let mut parts = Vec::new();
    let ways = [
        ("closes.fin", "finished"),
        ("closes.reset", "reset"),
        ("closes.timeout", "timed out"),
        ("closes.error", "ended by an error"),
        ("closes.cancelled", "cancelled"),
        ("connections.refused", "turned away"),
        ("connections.failed", "without reaching the server"),
    ];
    for (path, words) in ways {
        if let Some(many @ 1..) = number(path) {
            parts.push(format!("{} {words}", super::text::count(many)));
        }
    }
    if !parts.is_empty() {
        put!(out, ": {}", parts.join(", "));
    }
    let bytes = |path| super::text::bytes(number(path).unwrap_or_default());
    put!(out, ". {} to the server, {} to clients.", bytes("bytes.up"), bytes("bytes.down"));
    if let (Some(up), Some(down)) = (number("datagrams.up"), number("datagrams.down")) {
        let dropped = number("datagrams.dropped_up").unwrap_or_default()
            + number("datagrams.dropped_down").unwrap_or_default();
        put!(
            out,
            " {} relayed, {} dropped.",
            of(up + down, "datagram", "datagrams"),
            super::text::count(dropped)
        );
    }
    put!(out, "</p>\n");
}

fn said(out: &mut String, words: &str, level: u8) {
    if !words.trim().is_empty() {
        put!(
            out,
            "<h{level}>Details</h{level}>\n<pre class=\"said\" tabindex=\"0\">{}</pre>\n",
            Text(words.trim_end())
        );
    }
}

fn json(out: &mut String, report: &Report) {
    if let Ok(json) = serde_json::to_string_pretty(report) {
        put!(
            out,
            "<details class=\"data\"><summary>The whole report as JSON</summary><pre tabindex=\"0\">{}</pre></details>\n",
            Text(json)
        );
    }
}
