//! `trace`: a recorded link, replayed.

use crate::carrier::Carriers;
use crate::engine::{Cx, Range};
use crate::fault::{Fault, Rank};
use crate::pacing::Turns;
use crate::params::params;
use crate::spec::Scope;
use crate::tick::Tick;
use crate::trace::{Credit, Schedule};
use crate::value::{Size, TraceFile};

params! {
    /// Replays what a link let through when it was recorded, over and over: connections share what each moment offers, take
    /// turns, and what nobody uses is lost. A full queue stops reading; of datagrams, it drops those that come last.
    ///
    /// The file is a mahimahi trace (a line for each 1,500 bytes, saying at which millisecond they may pass) or CSV with rows
    /// `duration,bytes` (`100ms,125kB`: for so long so many bytes, evenly).
    ///
    /// It fires once per connection and direction that it limits.
    pub struct Trace {
        /// The file; a relative name counts from where the command runs, or from the scenario's folder.
        file: TraceFile,
        /// How many bytes may wait.
        queue: Size = Size::bytes(65_536),
        /// Bytes that each datagram, or each segment of a stream, takes up on the recorded link beside its own: headers.
        overhead: Size = Size::bytes(0),
    }
}

/// More headers than any packet has, few enough to be granted one by one.
const MOST_OVERHEAD: u64 = 65_535;

impl Trace {
    /// Replays this schedule.
    pub fn new(schedule: Schedule) -> Trace {
        Trace { file: TraceFile::from(schedule), queue: Size::bytes(65_536), overhead: Size::bytes(0) }
    }

    /// Lets so many bytes wait.
    #[must_use]
    pub fn queue(self, bytes: u64) -> Trace {
        Trace { queue: Size::bytes(bytes), ..self }
    }

    /// Adds headers of so many bytes to each datagram or segment.
    #[must_use]
    pub fn overhead(self, bytes: u64) -> Trace {
        Trace { overhead: Size::bytes(bytes), ..self }
    }

    /// When a piece has passed that takes up so many bytes.
    fn pass(&self, credit: &mut Credit, from: Tick, at: Tick, bytes: u64) -> Tick {
        let Some(schedule) = self.file.schedule() else { return at };
        let (mut left, mut now) = (bytes, at.since(from));
        while left > 0 {
            let (time, granted) = schedule.take(credit, now, left);
            left -= granted;
            now = time;
        }
        from.plus(now)
    }

    /// The next turn of a stream: up to the end of a segment where headers count, else what one moment lets pass.
    fn turn(&self, credit: &mut Credit, cx: (Tick, u64), at: Tick, offset: u64, waiting: u64) -> (Tick, u64) {
        let (joined, segment) = cx;
        let overhead = self.overhead.as_bytes().min(MOST_OVERHEAD);
        match self.file.schedule() {
            Some(schedule) if overhead == 0 => {
                let (time, granted) = schedule.take(credit, at.since(joined), waiting);
                (joined.plus(time), granted)
            }
            _ => {
                let bytes = waiting.min(segment - offset % segment);
                let headers = if offset.is_multiple_of(segment) { overhead } else { 0 };
                (self.pass(credit, joined, at, bytes.saturating_add(headers)), bytes)
            }
        }
    }
}

impl Fault for Trace {
    const NAME: &'static str = "trace";
    const EXAMPLE: &'static str = "trace:file=lte.mahimahi";
    const MAIN: Option<&'static str> = Some("file");
    const ON: Carriers = Carriers::Both;
    const RANK: Rank = Rank::Rate;
    type State = Turns;
    type Shared = Credit;

    fn wants(&self) -> Option<&str> {
        self.file.missing()
    }

    fn supply(&self, contents: &str) -> Result<Trace, String> {
        let schedule = Schedule::parse(contents).map_err(|error| error.to_string())?;
        Ok(Trace { file: self.file.filled(schedule), ..self.clone() })
    }

    fn validate(&self, _scope: &Scope) -> Result<(), String> {
        match self.overhead.as_bytes() {
            0..=MOST_OVERHEAD => Ok(()),
            _ => Err(format!("adds headers of at most {MOST_OVERHEAD} bytes as `overhead`")),
        }
    }

    fn armed(&self, turns: &mut Turns, _cx: &mut Cx<'_, Credit>) {
        // The end of a window let go of what waited.
        *turns = Turns::default();
    }

    fn data(&self, turns: &mut Turns, range: Range, cx: &mut Cx<'_, Credit>) {
        if !cx.act(range.offset) {
            return cx.pass(range);
        }
        let (mut credit, place) = (cx.shared(), (cx.joined(), cx.segment()));
        turns.data(range, cx, |at, offset, waiting| self.turn(&mut credit, place, at, offset, waiting));
    }

    fn datagram(&self, _turns: &mut Turns, range: Range, cx: &mut Cx<'_, Credit>) {
        if !cx.act(range.offset) {
            return cx.pass(range);
        }
        // With nothing before it, it does not wait in the queue.
        let queued = cx.queued();
        if queued > 0 && queued + range.len > self.queue.as_bytes() {
            return cx.discard(range);
        }
        let taken = range.len.saturating_add(self.overhead.as_bytes().min(MOST_OVERHEAD));
        let due = self.pass(&mut cx.shared(), cx.joined(), cx.earliest(), taken);
        cx.pass_at(due, range);
    }

    fn fin(&self, turns: &mut Turns, cx: &mut Cx<'_, Credit>) {
        turns.fin(cx);
    }

    fn timer(&self, turns: &mut Turns, cx: &mut Cx<'_, Credit>) {
        let (mut credit, place) = (cx.shared(), (cx.joined(), cx.segment()));
        turns.next(cx, |at, offset, waiting| self.turn(&mut credit, place, at, offset, waiting));
    }

    fn room(&self, queued: u64) -> u64 {
        self.queue.as_bytes().max(1).saturating_sub(queued)
    }
}
