//! When which fault was in force, and when the link was down: a row for each, and shades on the charts.

use super::put;
use super::scale::Axis;
use super::text::{Text, count};
use crate::timeline::{FaultTrack, LinkTrack, Window};

/// A fault with more spans than these is not shaded on the charts: they would be one grey.
const SHADED: usize = 120;

/// A row for each fault: a bar where it was in force, hatched where it acted, and a mark where it was seen to fire.
pub(super) fn rows(out: &mut String, link: &LinkTrack, axis: Axis) {
    if !link.down.is_empty() {
        put!(
            out,
            "<div class=\"track row\"><div class=\"label\">link down</div><div class=\"y\"></div><div class=\"plot\">"
        );
        bars(out, link.down.iter(), "bar down", axis);
        put!(out, "</div></div>\n");
    }
    for (i, fault) in link.faults.iter().enumerate() {
        let fired = match (fault.fired, fault.optional) {
            (0, false) => "<small class=\"never\">never fired</small>".to_owned(),
            (0, true) => "<small>did not fire</small>".to_owned(),
            (fired, _) => format!("<small>fired {}×</small>", count(fired)),
        };
        put!(
            out,
            "<div class=\"track row\"><div class=\"label\"><code>{}</code>{fired}</div><div class=\"y\"></div><div class=\"plot\">",
            Text(&fault.name)
        );
        bars(out, fault.windows.iter(), "bar", axis);
        bars(out, passing(fault, axis), "bar acts", axis);
        let marks = marks(link, i, axis);
        if !marks.is_empty() {
            put!(
                out,
                "<svg viewBox=\"0 0 10000 200\" preserveAspectRatio=\"none\" aria-hidden=\"true\"><path class=\"fired\" d=\"{marks}\"/></svg>"
            );
        }
        put!(out, "</div></div>\n");
    }
}

fn bars<'a>(out: &mut String, windows: impl Iterator<Item = &'a Window>, class: &str, axis: Axis) {
    for window in windows {
        put!(
            out,
            "<i class=\"{class}\" style=\"left:{};width:{}\"></i>",
            axis.percent(window.from),
            axis.width(window.from, window.to)
        );
    }
}

/// When a fault acted, unless that was all the time.
fn passing(fault: &FaultTrack, axis: Axis) -> impl Iterator<Item = &Window> {
    fault.acting.iter().filter(move |window| window.from > 0 || !axis.percent(window.to).is_all())
}

/// Where a fault was seen to have fired again.
fn marks(link: &LinkTrack, fault: usize, axis: Axis) -> String {
    let (mut marks, mut before) = (String::new(), 0);
    for sample in &link.samples {
        let fired = sample.fired.get(fault).copied().unwrap_or_default();
        if fired > before {
            put!(marks, "M{} 0V200", axis.x(sample.at));
        }
        before = fired;
    }
    marks
}

/// Shades a plot where faults were in force that came or went during the run, and where the link was down.
pub(super) fn shades(out: &mut String, link: &LinkTrack, axis: Axis) {
    for fault in link.faults.iter().filter(|fault| fault.acting.len() <= SHADED) {
        bars(out, passing(fault, axis), "shade", axis);
    }
    if link.down.len() <= SHADED {
        bars(out, link.down.iter(), "shade", axis);
    }
}
