//! The chart of a load's latencies over time.

use super::chart::{Frame, Step, frame, path};
use super::put;
use super::scale::Axis;
use super::text::{Text, count, of, time};
use crate::timeline::{Beat, LoadTrack};

/// How much room it takes to say how many requests failed, in a chart's own units.
const NOTE: u64 = 900;

/// There is no room for more powers of ten than these.
const DECADES: u64 = 6;

/// Latencies between two powers of ten: the usual ones and those of an outage are far apart.
struct Decades {
    lowest: u64,
    many: u64,
    /// Whether there are latencies below the lowest.
    below: bool,
}

impl Decades {
    fn of(shortest: u64, longest: u64) -> Decades {
        let lowest = 10_u64.pow((shortest / 2).max(1).ilog10());
        let above = longest.saturating_sub(1).max(lowest) / lowest;
        let all = u64::from(above.max(1).ilog10()) + 1;
        let (many, left_out) = (all.min(DECADES), all.saturating_sub(DECADES));
        let lowest =
            lowest.saturating_mul(10_u64.saturating_pow(u32::try_from(left_out).unwrap_or(u32::MAX)));
        Decades { lowest, many, below: shortest < lowest }
    }

    /// Where a latency stands within 200 units of height.
    fn y(&self, ns: u64) -> u64 {
        let decades = (ns.max(self.lowest) as f64 / self.lowest as f64).log10();
        200 - (decades / self.many as f64 * 200.0).clamp(0.0, 200.0).round() as u64
    }

    /// The powers of ten from top to bottom.
    fn marks(&self) -> Vec<u64> {
        let powers = 0..=u32::try_from(self.many).unwrap_or(0);
        powers.rev().map(|power| self.lowest.saturating_mul(10_u64.saturating_pow(power))).collect()
    }
}

/// The mean as a line, the longest as a dashed one, and where requests failed.
pub(super) fn latency(out: &mut String, load: &LoadTrack, shades: &str, axis: Axis, id: &str) {
    let answered: Vec<&Beat> = load.beats.iter().filter(|beat| beat.requests > 0).collect();
    let most = answered.iter().map(|beat| beat.max_ns).max();
    let (Some(most), Some(least)) = (most, answered.iter().map(|beat| beat.mean_ns).min()) else {
        return;
    };
    let decades = Decades::of(least, most);
    // Where nothing was answered there is no latency: the line has a gap.
    let runs: Vec<&[&Beat]> = answered.chunk_by(|one, next| one.to == next.from).collect();
    let line = |value: fn(&Beat) -> u64| -> String {
        let step = |beat: &&Beat| -> Step { (beat.from, beat.to, value(beat)) };
        let path =
            |run: &&[&Beat]| path(axis, &run.iter().map(step).collect::<Vec<_>>(), |ns| decades.y(ns), None);
        runs.iter().map(path).collect()
    };
    let (marks, mut drawing) = (decades.marks(), String::new());
    put!(drawing, "<path class=\"grid\" d=\"");
    marks.iter().for_each(|mark| put!(drawing, "M0 {}H10000", decades.y(*mark)));
    let (longest, mean) = (line(|beat| beat.max_ns), line(|beat| beat.mean_ns));
    put!(drawing, "\"/><path class=\"longest\" d=\"{longest}\"/><path class=\"mean\" d=\"{mean}\"/>");
    let mut legend = format!(
        "<small>of load <code>{}</code>{}</small><small><i class=\"key mean\"></i>mean</small>\
         <small><i class=\"key longest\"></i>longest</small>",
        Text(&load.name),
        every(&load.beats)
    );
    let mut description = format!("The longest answer took {}. The scale is logarithmic.", time(most));
    let failing: Vec<&Beat> = load.beats.iter().filter(|beat| beat.failed > 0).collect();
    let mut notes = String::new();
    if !failing.is_empty() {
        put!(drawing, "<path class=\"failures\" d=\"");
        failing.iter().for_each(|beat| put!(drawing, "M{} 198H{}", axis.x(beat.from), axis.x(beat.to)));
        put!(drawing, "\"/>");
        put!(legend, "<small><i class=\"key failures\"></i>requests failed</small>");
        put!(
            description,
            " {} failed.",
            of(failing.iter().map(|beat| beat.failed).sum(), "request", "requests")
        );
        for (from, failed) in told(&failing, axis) {
            put!(
                notes,
                "<b class=\"note\" style=\"left:{}\">{} failed</b>",
                axis.percent(from),
                count(failed)
            );
        }
    }
    let mut labels: Vec<String> = marks.into_iter().map(time).collect();
    if let (Some(lowest), true) = (labels.last_mut(), decades.below) {
        lowest.insert_str(0, "≤ ");
    }
    let (id, class) = (format!("{id}-latency"), "mid");
    let about =
        Frame { id, title: "Latency", legend: &legend, description, class, labels: &labels, notes, shades };
    frame(out, &about, &drawing);
}

/// From when on how many requests failed: spans that are too close to one another for two notes share one.
fn told(failing: &[&Beat], axis: Axis) -> Vec<(u64, u64)> {
    let mut told: Vec<(u64, u64)> = Vec::new();
    let mut end = 0;
    for beat in failing {
        match told.last_mut() {
            Some((from, failed)) if beat.from == end || axis.x(beat.from) - axis.x(*from) < NOTE => {
                *failed += beat.failed;
            }
            _ => told.push((beat.from, beat.failed)),
        }
        end = beat.to;
    }
    told
}

/// What one step of the lines stands for.
fn every(beats: &[Beat]) -> String {
    match beats {
        [first, _, ..] => match first.to - first.from {
            1_000_000_000 => ", by the second".to_owned(),
            span => format!(", every {}", time(span)),
        },
        _ => ", as a whole".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decades_reach_around_every_latency() {
        const MS: u64 = 1_000_000;
        let shown = |least, most| Decades::of(least, most).marks();
        assert_eq!(shown(8 * MS, 810 * MS), [1000 * MS, 100 * MS, 10 * MS, MS]);
        assert_eq!(shown(10 * MS, 10 * MS), [10 * MS, MS]);
        assert_eq!(shown(0, 0), [10, 1]);
        assert!(!Decades::of(8 * MS, 810 * MS).below);
    }

    #[test]
    fn decades_are_few_and_what_is_below_them_is_said() {
        let stall = Decades::of(0, 900_000_000);
        let marks: Vec<String> = stall.marks().into_iter().map(time).collect();
        assert_eq!(marks, ["1 s", "100 ms", "10 ms", "1 ms", "100 µs", "10 µs", "1 µs"]);
        assert_eq!((stall.below, stall.y(0), stall.y(1_000_000_000)), (true, 200, 0));
        let all = Decades::of(1, u64::MAX);
        assert_eq!((all.y(u64::MAX) < 40, all.marks()[0]), (true, u64::MAX));
    }

    #[test]
    fn a_latency_has_its_place_between_its_powers_of_ten() {
        let decades = Decades::of(10, 1000);
        assert_eq!([1, 10, 100, 1000, 5000].map(|ns| decades.y(ns)), [200, 133, 67, 0, 0]);
    }
}
