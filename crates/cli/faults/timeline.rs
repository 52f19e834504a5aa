//! A rehearsal as text: a short table of what was done when, and what it came to.

use super::rehearsal::{PATIENCE, Rehearsal};
use super::table;
use squall::Size;
use squall_faults::{Action, How, Side, Tick};
use std::fmt;

/// Rows that a person reads.
const ROWS: usize = 32;

/// Actions of one kind, one after another.
struct Run {
    from: Tick,
    to: Tick,
    what: &'static str,
    count: usize,
    offset: Option<u64>,
    bytes: u64,
}

impl Run {
    fn of(at: Tick, action: &Action) -> Run {
        let (what, offset, bytes) = match action {
            Action::Write { range, .. } => ("write", Some(range.offset), range.len),
            Action::Discard(range) => ("discard", Some(range.offset), range.len),
            Action::Flip { offset, .. } => ("flip", Some(*offset), 1),
            Action::Fin => ("fin", None, 0),
            Action::End(ending) => (if ending.how == How::Close { "close" } else { "reset" }, None, 0),
        };
        Run { from: at, to: at, what, count: 1, offset, bytes }
    }

    fn cells(&self) -> [String; 5] {
        let number = |n: Option<u64>| n.map(|n| n.to_string()).unwrap_or_default();
        let until = if self.to == self.from { String::new() } else { Seconds(self.to).to_string() };
        let what = match self.count {
            1 => self.what.to_owned(),
            count => format!("{count} x {}", self.what),
        };
        [
            Seconds(self.from).to_string(),
            until,
            what,
            number(self.offset),
            number(self.offset.map(|_| self.bytes)),
        ]
    }
}

/// The table and the summary of one direction.
pub(super) fn render(rehearsal: &Rehearsal) -> String {
    let head = ["from (s)", "to (s)", "action", "offset", "bytes"].map(str::to_owned);
    let mut rows = runs(&rehearsal.actions);
    let left_out = rows.len().saturating_sub(ROWS);
    rows.truncate(ROWS);
    let cells: Vec<_> = [head].into_iter().chain(rows.iter().map(Run::cells)).collect();
    let body = if rows.is_empty() { "  nothing is done\n".to_owned() } else { aligned(&cells) };
    let mut text = format!("{}\n{body}", rehearsal.direction);
    if left_out > 0 {
        text.push_str(&format!("  and {left_out} more; --json has every one\n"));
    }
    format!("{text}\n{}", table::render(2, &summary(rehearsal)))
}

/// Actions in few enough rows: so many of a kind, one after another, are one row as it takes. Where kinds alternate too
/// often for that, there are more.
fn runs(actions: &[(Tick, Action)]) -> Vec<Run> {
    let mut most = 1;
    loop {
        let mut runs: Vec<Run> = Vec::new();
        for (at, action) in actions {
            let next = Run::of(*at, action);
            match runs.last_mut() {
                Some(run) if run.what == next.what && run.count < most => {
                    (run.to, run.count, run.bytes) = (next.to, run.count + 1, run.bytes + next.bytes);
                }
                _ => runs.push(next),
            }
        }
        if runs.len() <= ROWS || most >= actions.len() {
            return runs;
        }
        most *= 2;
    }
}

/// Columns of numbers, to the right, with the words between them to the left.
fn aligned(rows: &[[String; 5]]) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or(0);
    let widths: [usize; 5] = std::array::from_fn(width);
    let lines = rows.iter().map(|[from, to, what, offset, bytes]| {
        let [a, b, c, d, e] = widths;
        format!("  {from:>a$}  {to:>b$}  {what:c$}  {offset:>d$}  {bytes:>e$}").trim_end().to_owned() + "\n"
    });
    lines.collect()
}

fn summary(rehearsal: &Rehearsal) -> Vec<[String; 2]> {
    let mut lines = Vec::new();
    let mut line = |what: &str, text: String| lines.push([what.to_owned(), text]);
    if !rehearsal.admitted {
        line("note", "the fault does not act on this connection".to_owned());
    }
    let delivered = rehearsal.delivered();
    line("delivered", format!("{delivered} bytes"));
    if let Some((first, last)) = rehearsal.span() {
        line("first byte", format!("{} s", Seconds(first)));
        line("last byte", format!("{} s", Seconds(last)));
        if let Some(rate) = per_second(delivered, last) {
            line("rate", format!("{rate}/s"));
        }
    }
    let rest =
        [("discarded", rehearsal.discarded()), ("lost", rehearsal.lost()), ("never read", rehearsal.unread)];
    for (what, bytes) in rest {
        if bytes > 0 {
            line(what, format!("{bytes} bytes"));
        }
    }
    if rehearsal.held > 0 {
        let until = if rehearsal.cut_short { "when the preview ended" } else { "for ever" };
        line("held", format!("{} bytes, {until}", rehearsal.held));
    }
    line("end", end(rehearsal));
    line("fired", rehearsal.fired.to_string());
    lines
}

/// How the direction ended.
fn end(rehearsal: &Rehearsal) -> String {
    let Some((at, action)) = rehearsal.end() else {
        return match rehearsal.cut_short {
            true => format!("not within {PATIENCE} reads and actions, where a preview stops"),
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

/// A time in seconds, to the microsecond.
struct Seconds(Tick);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let us = self.0.as_nanos() / 1_000;
        write!(f, "{}.{:06}", us / 1_000_000, us % 1_000_000)
    }
}
