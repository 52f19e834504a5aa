//! Whether the generator kept its own schedule: a result that it was too slow for says nothing about the target.

use crate::tally::Tally;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use squall_wire::Env;
use std::time::Duration;

/// How the generator itself did. Only an open loop can be late.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Generator {
    /// Threads that sent.
    pub shards: u64,
    /// Operations that began later than `late_limit_ns` although their connection was free.
    pub late: u64,
    /// What counts as late: 1 ms, or a tenth of the mean time between two operations of a connection where that is longer, up to
    /// 100 ms.
    pub late_limit_ns: u64,
    /// How long the threads were watched, in nanoseconds, all together.
    pub watched_ns: u64,
    /// How much of that a thread that wanted to run did not get to, in nanoseconds.
    pub stalled_ns: u64,
    /// Whether the result is invalid: more than 1% of all operations, and more than 10, were late; or the threads were stalled
    /// for more than a quarter of the time, and more than half a second.
    pub saturated: bool,
}

/// Delays of a thread that wakes up again and again.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Lag {
    watched: u64,
    stalled: u64,
}

impl Lag {
    pub(crate) fn add(&mut self, other: &Lag) {
        self.watched += other.watched;
        self.stalled += other.stalled;
    }
}

/// Between two looks at the clock.
const TICK: u64 = 1_000_000;
/// A timer may be that late without anything being wrong.
const TOLERANCE: u64 = 200_000;
/// Looks that are noted together.
const BATCH: u32 = 64;

/// Watches the thread that it runs on, until it is dropped.
pub(crate) async fn watch(env: Env, note: impl Fn(Lag)) {
    loop {
        let mut lag = Lag::default();
        for _ in 0..BATCH {
            let (began, due) = (env.now(), env.now() + TICK);
            env.sleep_until(due).await;
            let late = env.now().saturating_sub(due);
            lag.watched += env.now().saturating_sub(began);
            lag.stalled += if late > TOLERANCE { late } else { 0 };
        }
        note(lag);
    }
}

/// What counts as late where a connection has an operation each `interval` nanoseconds.
pub(crate) fn late_limit(interval: u64) -> u64 {
    (interval / 10).clamp(1_000_000, 100_000_000)
}

impl Generator {
    pub(crate) fn of(tally: &Tally, shards: u64, late_limit_ns: u64) -> Generator {
        let Lag { watched, stalled } = tally.lag;
        let generator = Generator {
            shards,
            late: tally.late,
            late_limit_ns,
            watched_ns: watched,
            stalled_ns: stalled,
            saturated: false,
        };
        generator.judged(tally.counts.sent)
    }

    /// Of several at once, which sent so many operations together. One that was saturated spoils all.
    pub(crate) fn and(self, other: Generator) -> Generator {
        Generator {
            shards: self.shards + other.shards,
            late: self.late + other.late,
            late_limit_ns: self.late_limit_ns.max(other.late_limit_ns),
            watched_ns: self.watched_ns + other.watched_ns,
            stalled_ns: self.stalled_ns + other.stalled_ns,
            saturated: self.saturated || other.saturated,
        }
    }

    fn judged(self, sent: u64) -> Generator {
        let late = self.late > LATE && self.late.saturating_mul(100) > sent;
        let stalled = self.stalled_ns > STALLED.as_nanos() as u64 && self.stalled_ns > self.watched_ns / 4;
        Generator { saturated: late || stalled, ..self }
    }
}

/// So many late operations are an accident.
const LATE: u64 = 10;
/// So short a stall is an accident.
const STALLED: Duration = Duration::from_millis(500);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_late_operation_in_a_hundred_is_allowed_and_so_are_ten() {
        let late = |late, sent| Generator { late, ..Generator::default() }.judged(sent).saturated;
        assert!(!late(10, 20) && !late(100, 10_000) && late(101, 10_000) && late(11, 20));
    }

    #[test]
    fn a_thread_that_does_not_get_to_run_spoils_the_result() {
        let stalled = |stalled_ns, watched_ns| {
            Generator { stalled_ns, watched_ns, ..Generator::default() }.judged(1_000_000).saturated
        };
        assert!(!stalled(499_000_000, 500_000_000) && !stalled(2_000_000_000, 10_000_000_000));
        assert!(stalled(3_000_000_000, 10_000_000_000));
    }

    #[test]
    fn what_is_late_depends_on_the_interval() {
        assert_eq!([0, 50_000_000, 10_000_000_000].map(late_limit), [1_000_000, 5_000_000, 100_000_000]);
    }
}
