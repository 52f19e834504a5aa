//! Charts over time: throughput, what is open and what waits.

use super::put;
use super::scale::{Axis, round, round_bytes};
use super::text::{Text, bytes, count, rate};
use crate::timeline::{LinkTrack, Sample};

/// Bytes in a second, where `now - before` took `ns`.
pub(super) fn per_second(now: u64, before: u64, ns: u64) -> u64 {
    let rate = u128::from(now.saturating_sub(before)) * 1_000_000_000 / u128::from(ns.max(1));
    u64::try_from(rate).unwrap_or(u64::MAX)
}

/// A value from one time to another.
pub(super) type Step = (u64, u64, u64);

/// Each sample's value, which holds from the sample before on.
fn steps(samples: &[Sample], value: impl Fn(&Sample, &Sample) -> u64) -> Vec<Step> {
    let beginning = Sample::default();
    let before = std::iter::once(&beginning).chain(samples);
    samples.iter().zip(before).map(|(now, before)| (before.at, now.at, value(now, before))).collect()
}

/// A line of steps within 200 units of height. `y` says where a value stands. It is closed along `base` where there is one.
pub(super) fn path(axis: Axis, steps: &[Step], y: impl Fn(u64) -> u64, base: Option<u64>) -> String {
    let mut path = String::new();
    let Some((first, ..)) = steps.first() else { return path };
    let start = y(steps[0].2);
    let mut height = Some(base.unwrap_or(start));
    match base {
        Some(base) => put!(path, "M{} {base}", axis.x(*first)),
        None => put!(path, "M{} {}", axis.x(*first), start),
    }
    for (i, (_, to, value)) in steps.iter().enumerate() {
        let own = y(*value);
        if height != Some(own) {
            put!(path, "V{own}");
            height = Some(own);
        }
        // Steps of the same height are one.
        if steps.get(i + 1).is_none_or(|(_, _, next)| y(*next) != own) {
            put!(path, "H{}", axis.x(*to));
        }
    }
    if let Some(base) = base {
        put!(path, "V{base}Z");
    }
    path
}

/// What a chart is beside its drawing.
pub(super) struct Frame<'a> {
    pub(super) id: String,
    pub(super) title: &'a str,
    /// Below the title.
    pub(super) legend: &'a str,
    /// What is drawn, in words.
    pub(super) description: String,
    pub(super) class: &'a str,
    /// From top to bottom.
    pub(super) labels: &'a [String],
    /// Written over the drawing.
    pub(super) notes: String,
    /// Drawn behind it: when faults acted, the same on every chart of a link.
    pub(super) shades: &'a str,
}

pub(super) fn frame(out: &mut String, frame: &Frame<'_>, drawing: &str) {
    let Frame { id, title, legend, description, class, labels, notes, shades } = frame;
    put!(
        out,
        "<div class=\"track chart {class}\"><div class=\"label\"><strong>{title}</strong>{legend}</div><div class=\"y\" aria-hidden=\"true\">"
    );
    labels.iter().for_each(|label| put!(out, "<span>{label}</span>"));
    put!(out, "</div><div class=\"plot\">{shades}");
    put!(
        out,
        "<svg viewBox=\"0 0 10000 200\" preserveAspectRatio=\"none\" role=\"img\" aria-labelledby=\"{id}-t {id}-d\">\
         <title id=\"{id}-t\">{title}</title><desc id=\"{id}-d\">{}</desc>{drawing}</svg>{notes}</div></div>\n",
        Text(description)
    );
}

/// Bytes to the server above the axis, bytes to clients below it.
pub(super) fn throughput(out: &mut String, link: &LinkTrack, shades: &str, axis: Axis, id: &str) {
    let up = steps(&link.samples, |now, before| per_second(now.up, before.up, now.at - before.at));
    let down = steps(&link.samples, |now, before| per_second(now.down, before.down, now.at - before.at));
    let most = |steps: &[Step]| steps.iter().map(|step| step.2).max().unwrap_or_default();
    let peak = most(&up).max(most(&down));
    let top = round_bytes(peak.min(limit(up.iter().chain(&down))));
    let height = |value: u64| scaled(value, top, 96);
    let drawing = format!(
        "<path class=\"up\" d=\"{}\"/><path class=\"down\" d=\"{}\"/><path class=\"zero\" d=\"M0 100H10000\"/>",
        path(axis, &up, |value| 100 - height(value), Some(100)),
        path(axis, &down, |value| 100 + height(value), Some(100)),
    );
    let description = format!(
        "At most {} to the server and {} to clients. Shaded spans are faults that came or went during the run.",
        rate(most(&up)),
        rate(most(&down))
    );
    let mut legend =
        "<small><i class=\"key up\"></i>up, to the server</small><small><i class=\"key down\"></i>down, to \
                      clients</small>"
            .to_owned();
    if peak > top {
        put!(legend, "<small>peaks are cut off; the highest is {}</small>", rate(peak));
    }
    let labels = [rate(top), "0".to_owned(), rate(top)];
    let id = format!("{id}-throughput");
    let about = Frame {
        id,
        title: "Throughput",
        legend: &legend,
        description,
        class: "tall",
        labels: &labels,
        notes: String::new(),
        shades,
    };
    frame(out, &about, &drawing);
}

/// How far a chart needs to reach: a burst that dwarfs everything else would leave nothing else to see.
fn limit<'a>(steps: impl Iterator<Item = &'a Step>) -> u64 {
    let mut values: Vec<u64> = steps.map(|step| step.2).filter(|value| *value > 0).collect();
    values.sort_unstable();
    let usual = values.get(values.len() * 9 / 10).copied().unwrap_or(u64::MAX);
    let many = values.len() >= 20;
    if many && values.last().is_some_and(|most| *most / 8 > usual) {
        usual.saturating_mul(2)
    } else {
        u64::MAX
    }
}

/// A value on its way from 0 to `top`, in units of which the whole way has `units`.
fn scaled(value: u64, top: u64, units: u64) -> u64 {
    u64::try_from(u128::from(value.min(top)) * u128::from(units) / u128::from(top.max(1))).unwrap_or(units)
}

/// Something that goes up and down from 0 on.
fn gauge(out: &mut String, link: &LinkTrack, shades: &str, axis: Axis, about: Gauge<'_>) {
    let steps = steps(&link.samples, |now, _| (about.value)(now));
    let most = steps.iter().map(|step| step.2).max().unwrap_or_default();
    if most == 0 {
        let (title, never) = (about.title, about.never);
        put!(
            out,
            "<div class=\"track chart\"><div class=\"label\"><strong>{title}</strong></div><div class=\"y\"></div>\
             <div class=\"plot\"><p class=\"none\">{never}</p></div></div>\n"
        );
        return;
    }
    let top = (about.round)(most);
    let drawing = format!(
        "<path class=\"gauge\" d=\"{}\"/><path class=\"zero\" d=\"M0 200H10000\"/>",
        path(axis, &steps, |value| 200 - scaled(value, top, 190), Some(200))
    );
    let description = format!("At most {}.", (about.show)(most));
    let labels = [(about.show)(top), "0".to_owned()];
    let (id, title, legend, notes) = (about.id, about.title, about.legend, String::new());
    let about = Frame { id, title, legend, description, class: "low", labels: &labels, notes, shades };
    frame(out, &about, &drawing);
}

struct Gauge<'a> {
    id: String,
    title: &'a str,
    legend: &'a str,
    /// What is said where there never was anything.
    never: &'a str,
    value: fn(&Sample) -> u64,
    round: fn(u64) -> u64,
    show: fn(u64) -> String,
}

/// Connections that are open, and bytes that wait in the link.
pub(super) fn gauges(out: &mut String, link: &LinkTrack, shades: &str, axis: Axis, id: &str) {
    let open = Gauge {
        id: format!("{id}-open"),
        title: "Open connections",
        legend: "",
        never: "None was seen open.",
        value: |sample| sample.active,
        round,
        show: count,
    };
    let held = Gauge {
        id: format!("{id}-held"),
        title: "Held in the link",
        legend: "<small>bytes that wait</small>",
        never: "Nothing was seen waiting.",
        value: |sample| sample.held,
        round: round_bytes,
        show: bytes,
    };
    gauge(out, link, shades, axis, open);
    gauge(out, link, shades, axis, held);
}
