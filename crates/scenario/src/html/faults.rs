//! When which fault was in force, and when the link was down: a row for each, and shades on the charts.

use super::board::row;
use super::put;
use super::scale::Axis;
use super::text::{Text, count};
use crate::timeline::{FaultTrack, LinkTrack, Window};

/// A fault with more spans than these is not shaded on the charts: they would be one grey.
const SHADED: usize = 120;

/// A row for each fault: a bar where it was in force, hatched where it acted, and a mark where it was seen to fire.
pub(super) fn rows(out: &mut String, link: &LinkTrack, axis: Axis) {
    if !link.down.is_empty() {
        let label = format!("{} down", link.kind().to_lowercase());
        row(out, &label, |out| bars(out, link.down.iter(), "bar down", axis));
    }
    for (i, fault) in link.faults.iter().enumerate() {
        let fired = match (fault.fired, fault.optional) {
            (0, false) => "<small class=\"never\">never fired</small>".to_owned(),
            (0, true) => "<small>did not fire</small>".to_owned(),
            (fired, _) => format!("<small>fired {}×</small>", count(fired)),
        };
        row(out, &format!("<code>{}</code>{fired}", Text(&fault.name)), |out| {
            bars(out, fault.windows.iter(), "bar", axis);
            bars(out, passing(fault, axis), "bar acts", axis);
            let marks = marks(link, i, axis);
            if !marks.is_empty() {
                put!(
                    out,
                    "<svg viewBox=\"0 0 10000 200\" preserveAspectRatio=\"none\" aria-hidden=\"true\"><path class=\"fired\" d=\"{marks}\"/></svg>"
                );
            }
        });
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

/// Shades for plots, where faults were in force that came or went during the run, and where the link was down; then the same of
/// the links behind it, on which its connections depend.
pub(super) fn shades(link: &LinkTrack, behind: &[&LinkTrack], axis: Axis) -> String {
    let mut out = String::new();
    own_shades(&mut out, link, "shade", axis);
    behind.iter().for_each(|link| own_shades(&mut out, link, "shade far", axis));
    out
}

fn own_shades(out: &mut String, link: &LinkTrack, class: &str, axis: Axis) {
    for fault in link.faults.iter().filter(|fault| fault.acting.len() <= SHADED) {
        bars(out, passing(fault, axis), class, axis);
    }
    if link.down.len() <= SHADED {
        bars(out, link.down.iter(), class, axis);
    }
}

/// A row for each fault of links behind this one that came or went, and for each such link that was down: whose the shades are.
pub(super) fn rows_behind(out: &mut String, behind: &[&LinkTrack], axis: Axis) {
    for link in behind {
        let kind = link.kind().to_lowercase();
        let whose =
            format!("<small><i class=\"key far\"></i>of {kind} <code>{}</code></small>", Text(&link.name));
        if !link.down.is_empty() {
            row(out, &format!("down{whose}"), |out| bars(out, link.down.iter(), "bar far", axis));
        }
        for fault in link.faults.iter().filter(|fault| passing(fault, axis).next().is_some()) {
            let label = format!("<code>{}</code>{whose}", Text(&fault.name));
            row(out, &label, |out| bars(out, passing(fault, axis), "bar far", axis));
        }
    }
}
