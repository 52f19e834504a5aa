//! Traces as files hold them: mahimahi's lines of milliseconds, or rows of a duration and the bytes that pass in it.

use super::{Opportunity, Schedule};
use crate::value::{Size, Value, ValueError, nanos};
use std::num::IntErrorKind;
use std::time::Duration;

/// Why a text is no trace.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{}{message}", place(*line))]
pub struct TraceError {
    /// The line that is wrong, from 1; 0 where it is the trace as a whole.
    pub line: usize,
    /// What is wrong, and what to write instead where that is known.
    pub message: String,
}

fn place(line: usize) -> String {
    if line == 0 { String::new() } else { format!("line {line}: ") }
}

const MILLISECOND: u64 = 1_000_000;
/// Bytes that one line of a mahimahi trace lets pass: a packet of the usual size.
const PACKET: u64 = 1_500;
/// Opportunities in a round at the most: they are kept in memory.
const MAX_OPPORTUNITIES: u64 = 10_000_000;
/// Nanoseconds in a round at the most: some rounds must fit into what 64 bits hold.
const MAX_PERIOD: u64 = 1 << 62;

impl Schedule {
    /// Reads a trace in either format: rows where the first line that means something has a comma, else mahimahi's.
    ///
    /// # Errors
    /// Those of [`Schedule::csv`] and [`Schedule::mahimahi`].
    pub fn parse(text: &str) -> Result<Schedule, TraceError> {
        match meaningful(text).next() {
            Some((_, line)) if line.contains(',') => Schedule::csv(text),
            _ => Schedule::mahimahi(text),
        }
    }

    /// Reads a trace of mahimahi (Netravali et al., USENIX ATC 2015). Each line is a whole number of milliseconds since the
    /// round began and lets 1,500 bytes pass then; several lines may have the same number. The last one is also the length
    /// of the round. Blank lines, and those that begin with `#`, are skipped.
    ///
    /// # Errors
    /// Where a line is not a number or is less than the one above, no time passes, or the trace is too long: at most 10
    /// million opportunities and 2^62 nanoseconds are read.
    pub fn mahimahi(text: &str) -> Result<Schedule, TraceError> {
        let (mut round, mut last, mut last_line) = (Round::default(), 0, 0);
        for (number, line) in meaningful(text) {
            let ms = milliseconds(line).map_err(|message| TraceError::at(number, message))?;
            if ms < last {
                return Err(TraceError::at(number, format!("`{line}` is before the {last} above it")));
            }
            round.go_on(number, (ms - last).saturating_mul(MILLISECOND))?;
            round.allow(number, PACKET)?;
            (last, last_line) = (ms, number);
        }
        if last_line > 0 && last == 0 {
            return Err(TraceError::at(last_line, "the last line is 0: no time passes in a round"));
        }
        round.finish()
    }

    /// Reads rows `duration,bytes`: for so long that many bytes pass, such as `100ms,12500` or `2s,1MiB`. A row of 0 bytes
    /// is an outage. The first row may be the header `duration,bytes`. Blank lines, and those that begin with `#`, are
    /// skipped.
    ///
    /// The bytes are spread over steps of a millisecond, the last of which may be shorter, and pass at the end of their
    /// step: step k of n gives floor(bytes * k / n) - floor(bytes * (k - 1) / n).
    ///
    /// # Errors
    /// Where a line is no such row or its duration is 0, nothing passes in a whole round, or the trace is too long: at most
    /// 10 million opportunities and 2^62 nanoseconds are read.
    pub fn csv(text: &str) -> Result<Schedule, TraceError> {
        let mut round = Round::default();
        for (row, (number, line)) in meaningful(text).enumerate() {
            let fields = line.split_once(',').filter(|(_, bytes)| !bytes.contains(','));
            let Some((duration, bytes)) = fields.map(|(a, b)| (a.trim(), b.trim())) else {
                return Err(TraceError::at(number, format!("`{line}` is not a row `duration,bytes`")));
            };
            if row == 0 && (duration, bytes) == ("duration", "bytes") {
                continue;
            }
            let length = Duration::parse(duration).map_err(|error| TraceError::value(number, error))?;
            let size = Size::parse(bytes).map_err(|error| TraceError::value(number, error))?;
            let ns = nanos(length);
            if ns == 0 {
                let message = format!("a row of `{duration}` has no time for its bytes");
                return Err(TraceError::at(number, message));
            }
            round.spread(number, ns, size.as_bytes())?;
        }
        round.finish()
    }
}

fn milliseconds(line: &str) -> Result<u64, String> {
    line.parse::<u64>().map_err(|error| match error.kind() {
        IntErrorKind::PosOverflow => format!("`{line}` is too large a number of milliseconds"),
        _ => format!("`{line}` is not a number of milliseconds"),
    })
}

/// The lines that mean something, trimmed, with their numbers from 1.
fn meaningful(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines = text.lines().enumerate().map(|(index, line)| (index + 1, line.trim()));
    lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
}

impl TraceError {
    fn at(line: usize, message: impl Into<String>) -> TraceError {
        TraceError { line, message: message.into() }
    }

    fn value(line: usize, error: ValueError) -> TraceError {
        let help = error.help.map(|help| format!("; {help}")).unwrap_or_default();
        TraceError::at(line, format!("{}{help}", error.message))
    }
}

/// A round as it is being read.
#[derive(Default)]
struct Round {
    opportunities: Vec<Opportunity>,
    /// Nanoseconds read so far.
    now: u64,
    total: u64,
}

impl Round {
    /// Lets `ns` pass.
    fn go_on(&mut self, line: usize, ns: u64) -> Result<(), TraceError> {
        self.now = self.now.checked_add(ns).filter(|now| *now <= MAX_PERIOD).ok_or_else(|| {
            TraceError::at(line, format!("the round is longer than {MAX_PERIOD} ns (146 years)"))
        })?;
        Ok(())
    }

    /// Lets bytes pass now, together with what passes at this time already.
    fn allow(&mut self, line: usize, bytes: u64) -> Result<(), TraceError> {
        self.count(line, bytes)?;
        match self.opportunities.last_mut().filter(|last| last.at == self.now) {
            Some(last) => last.bytes += bytes,
            None => {
                self.room_for(line, 1)?;
                self.opportunities.push(Opportunity { at: self.now, bytes });
            }
        }
        Ok(())
    }

    /// Lets `ns` pass, and bytes at the ends of its milliseconds.
    fn spread(&mut self, line: usize, ns: u64, bytes: u64) -> Result<(), TraceError> {
        let start = self.now;
        self.go_on(line, ns)?;
        self.count(line, bytes)?;
        let steps = ns.div_ceil(MILLISECOND);
        // With fewer bytes than steps, a step gives one byte or none, and byte b comes with step ceil(b * steps / bytes). Going
        // by bytes then keeps a long row with little in it short.
        let giving = steps.min(bytes);
        self.room_for(line, giving)?;
        let mut given = 0;
        for i in 1..=giving {
            let step = (u128::from(i) * u128::from(steps)).div_ceil(u128::from(giving)) as u64;
            let until = (u128::from(step) * u128::from(bytes) / u128::from(steps)) as u64;
            let at = start + step.saturating_mul(MILLISECOND).min(ns);
            self.opportunities.push(Opportunity { at, bytes: until - given });
            given = until;
        }
        Ok(())
    }

    fn count(&mut self, line: usize, bytes: u64) -> Result<(), TraceError> {
        let total = self.total.checked_add(bytes);
        self.total = total.ok_or_else(|| TraceError::at(line, "2^64 bytes or more in a round"))?;
        Ok(())
    }

    /// An error where so many opportunities more are too many.
    fn room_for(&self, line: usize, more: u64) -> Result<(), TraceError> {
        if self.opportunities.len() as u64 + more.min(MAX_OPPORTUNITIES + 1) > MAX_OPPORTUNITIES {
            let message = format!("more than {MAX_OPPORTUNITIES} opportunities in a round");
            return Err(TraceError::at(line, message));
        }
        Ok(())
    }

    fn finish(self) -> Result<Schedule, TraceError> {
        if self.now == 0 {
            return Err(TraceError::at(0, "the trace is empty"));
        }
        if self.total == 0 {
            return Err(TraceError::at(0, "the trace lets nothing pass at all"));
        }
        Ok(Schedule { opportunities: self.opportunities, period: self.now, total: self.total })
    }
}
