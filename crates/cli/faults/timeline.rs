//! A rehearsal as text: a short table of what was done when, and what it came to.

use super::clock::{ROWS, Seconds};
use super::offer::Offer;
use super::play::PATIENCE;
use super::rehearsal::Rehearsal;
use super::tally::{Sent, Tally, Turn};
use crate::table;
use squall::Size;
use squall_faults::{Action, Carrier, How, Side, Tick};

/// Which columns stand to the right: numbers.
const COLUMNS: [bool; 5] = [true, true, false, true, true];

/// Actions of one kind, one after another.
#[derive(Clone)]
struct Run {
    from: Tick,
    to: Tick,
    what: &'static str,
    count: usize,
    /// The offset or the number of the first.
    place: Option<u64>,
    bytes: Option<u64>,
}

impl Run {
    /// One action; nothing where it only says what others will be.
    fn of(at: Tick, action: &Action, sent: &mut Sent, offer: &Offer) -> Option<Run> {
        let (what, place, bytes) = match action {
            Action::Write { range, .. } => ("write", Some(range.offset), Some(range.len)),
            Action::Discard(range) => ("discard", Some(range.offset), Some(range.len)),
            Action::Flip { offset, .. } => {
                let unit = if offer.carrier == Carrier::Datagram { offer.piece } else { 1 };
                ("flip", Some(offset / unit), Some(1))
            }
            // Each copy is seen when it is sent.
            Action::Copy { .. } => return None,
            Action::Send { number, len } => {
                let what = match sent.note(*number) {
                    Turn::InOrder => "send",
                    Turn::Late => "send late",
                    Turn::Copy => "send copy",
                };
                (what, Some(*number), Some(*len))
            }
            Action::Drop { number } => ("drop", Some(*number), None),
            Action::Rebind => ("rebind", None, None),
            Action::Fin => ("fin", None, None),
            Action::End(ending) => (if ending.how == How::Close { "close" } else { "reset" }, None, None),
        };
        Some(Run { from: at, to: at, what, count: 1, place, bytes })
    }

    fn cells(&self) -> [String; 5] {
        let number = |n: Option<u64>| n.map(|n| n.to_string()).unwrap_or_default();
        let until = if self.to == self.from { String::new() } else { Seconds(self.to).to_string() };
        let what = match self.count {
            1 => self.what.to_owned(),
            count => format!("{count} x {}", self.what),
        };
        [Seconds(self.from).to_string(), until, what, number(self.place), number(self.bytes)]
    }
}

/// The table and the summary of one direction.
pub(super) fn render(rehearsal: &Rehearsal, offer: &Offer) -> String {
    let place = if offer.carrier == Carrier::Datagram { "datagram" } else { "offset" };
    let head = ["from (s)", "to (s)", "action", place, "bytes"].map(str::to_owned);
    let mut rows = runs(&rehearsal.actions, offer);
    let left_out = rows.len().saturating_sub(ROWS);
    rows.truncate(ROWS);
    let cells: Vec<_> = [head].into_iter().chain(rows.iter().map(Run::cells)).collect();
    let body =
        if rows.is_empty() { "  nothing is done\n".to_owned() } else { table::aligned(2, COLUMNS, &cells) };
    let mut text = format!("{}\n{body}", rehearsal.direction);
    if left_out > 0 {
        text.push_str(&format!("  and {left_out} more; --json has every one\n"));
    }
    format!("{text}\n{}", table::render(2, &summary(rehearsal, offer)))
}

/// Actions in few enough rows. Where there are too many, those of a kind that happen at once are one row, and then so many
/// of a kind, one after another, as it takes. Where kinds alternate too often for that, there are more.
fn runs(actions: &[(Tick, Action)], offer: &Offer) -> Vec<Run> {
    let mut sent = Sent::default();
    let each = actions.iter().filter_map(|(at, action)| Run::of(*at, action, &mut sent, offer));
    let each: Vec<Run> = each.collect();
    if each.len() <= ROWS {
        return each;
    }
    let mut most = 1;
    loop {
        let mut runs: Vec<Run> = Vec::new();
        for next in &each {
            match runs.last_mut() {
                Some(run) if run.what == next.what && (run.from == next.from || run.count < most) => {
                    (run.to, run.count) = (next.to, run.count + 1);
                    run.bytes = run.bytes.zip(next.bytes).map(|(a, b)| a + b);
                }
                _ => runs.push(next.clone()),
            }
        }
        if runs.len() <= ROWS || most >= each.len() {
            return runs;
        }
        most *= 2;
    }
}

fn summary(rehearsal: &Rehearsal, offer: &Offer) -> Vec<[String; 2]> {
    let mut lines: Vec<(&str, String)> = Vec::new();
    let datagrams = offer.carrier == Carrier::Datagram;
    if let Some(note) = note(rehearsal, offer) {
        lines.push(("note", note));
    }
    let delivered = rehearsal.delivered();
    let tally = Tally::of(rehearsal, offer);
    match datagrams {
        true => lines.push(("delivered", format!("{}, {delivered} bytes", count(tally.sent, "datagram")))),
        false => lines.push(("delivered", count(delivered, "byte"))),
    }
    if let Some((first, last)) = rehearsal.span() {
        let (one, other) = if datagrams { ("first", "last") } else { ("first byte", "last byte") };
        lines.push((one, format!("{} s", Seconds(first))));
        lines.push((other, format!("{} s", Seconds(last))));
        if let Some(rate) = per_second(delivered, last) {
            lines.push(("rate", format!("{rate}/s")));
        }
    }
    let counts = [
        ("dropped", tally.dropped, "datagram"),
        ("copies", tally.copies, "datagram"),
        ("reordered", tally.late, "datagram"),
        ("cut short", tally.shortened, "datagram"),
        ("new port", tally.rebinds, "time"),
        ("discarded", rehearsal.discarded(), "byte"),
        ("lost", if datagrams { 0 } else { rehearsal.lost() }, "byte"),
        ("never read", rehearsal.unread, "byte"),
    ];
    for (what, number, of) in counts.into_iter().filter(|(_, number, _)| *number > 0) {
        lines.push((what, count(number, of)));
    }
    if rehearsal.held > 0 {
        let until = if rehearsal.cut_short { "when the preview ended" } else { "for ever" };
        lines.push(("held", format!("{}, {until}", count(rehearsal.held, "byte"))));
    }
    // A session of datagrams has no end that anything could be seen of.
    if !datagrams || rehearsal.cut_short {
        lines.push(("end", end(rehearsal)));
    }
    lines.push(("fired", rehearsal.fired.to_string()));
    lines.into_iter().map(|(what, text)| [what.to_owned(), text]).collect()
}

fn count(number: u64, of: &str) -> String {
    if number == 1 { format!("1 {of}") } else { format!("{number} {of}s") }
}

/// Why there is nothing to see, where that may surprise.
fn note(rehearsal: &Rehearsal, offer: &Offer) -> Option<String> {
    let what = if offer.carrier == Carrier::Datagram { "session" } else { "connection" };
    if !rehearsal.admitted {
        Some(format!("the fault does not act on this {what}"))
    } else if rehearsal.waiting && offer.payload.is_empty() {
        Some("its pattern never came, as all bytes are zero: --payload TEXT offers others".to_owned())
    } else if rehearsal.waiting {
        Some("its pattern never came".to_owned())
    } else if rehearsal.fired == 0 && rehearsal.timed && offer.pace.is_none() {
        Some("time decides, and no time has passed: --pace RATE offers the bytes bit by bit".to_owned())
    } else {
        None
    }
}

/// How the direction ended.
fn end(rehearsal: &Rehearsal) -> String {
    let Some((at, action)) = rehearsal.end() else {
        return match rehearsal.cut_short {
            true => format!("not within {PATIENCE} steps, where a preview stops"),
            false => "never".to_owned(),
        };
    };
    let what = match action {
        Action::End(ending) => match ending.how {
            How::Reset { side: Side::Both, .. } => "RST to both peers".to_owned(),
            How::Reset { side, .. } => format!("RST to the {side}"),
            How::Close => "closed for both peers".to_owned(),
        },
        _ => "FIN".to_owned(),
    };
    format!("{what} at {} s", Seconds(at))
}

/// The bytes of a second, where `bytes` took until `last`; nothing where they took no time, or all but for ever.
fn per_second(bytes: u64, last: Tick) -> Option<Size> {
    let rate = (u128::from(bytes) * 1_000_000_000).checked_div(u128::from(last.as_nanos()))?;
    u64::try_from(rate).ok().filter(|rate| *rate > 0).map(Size::bytes)
}
