//! A link's trace: when how many bytes may pass, replayed round after round.

mod read;
#[cfg(test)]
mod tests;

pub use read::TraceError;

/// When how many bytes may pass on a link. It is a round of opportunities that repeats for ever; it never changes.
///
/// What has been used of it is kept by a `Credit`, so that many links can replay one schedule.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Schedule {
    /// In order of time, no two at the same time and none of 0 bytes; at least one.
    opportunities: Vec<Opportunity>,
    /// Nanoseconds in a round: at least 1, and not before the last opportunity.
    period: u64,
    /// Bytes in a round.
    total: u64,
}

/// So many bytes may pass at one point of the round.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Opportunity {
    /// Nanoseconds since the round began; one at the very end is as late as the round is long.
    at: u64,
    bytes: u64,
}

/// How far a [`Schedule`] has been used: the last opportunity that granted something, and how much of it is gone. A
/// schedule that was not used yet has the default one. It belongs to one schedule: with another, that one goes on from
/// some place of its round.
#[derive(Clone, Default, Debug)]
pub struct Credit {
    round: u64,
    index: usize,
    /// Of the opportunity's bytes; 0 only before the first grant.
    used: u64,
}

impl Schedule {
    /// Asks for `want` bytes at `now`, in nanoseconds since the schedule began. The answer is when the next bytes may pass,
    /// and how many: at least 1 and at most `want`.
    ///
    /// That is the first opportunity at or after `now` with credit left, and never one before the last that granted
    /// something, so that the answers' times do not decrease. What an opportunity before it still had is lost. Wanting 0
    /// bytes changes nothing, and is granted at `now` or the time of the last grant, whichever is later. Times after the
    /// last nanosecond that 64 bits hold (584 years) are that nanosecond.
    ///
    /// The cost does not depend on how far `now` is ahead.
    pub fn take(&self, credit: &mut Credit, now: u64, want: u64) -> (u64, u64) {
        // The credit may be another schedule's.
        credit.index = credit.index.min(self.opportunities.len() - 1);
        if want == 0 {
            let last = if credit.used == 0 { 0 } else { self.time(credit.round, credit.index) };
            return (now.max(last), 0);
        }
        if self.time(credit.round, credit.index) < now {
            *credit = self.first_at(now);
        } else if credit.used >= self.bytes(credit.index) {
            *credit = self.position(credit.round, credit.index + 1);
        }
        let granted = want.min(self.bytes(credit.index) - credit.used);
        credit.used += granted;
        (self.time(credit.round, credit.index), granted)
    }

    /// The mean rate of a round in bits per second, rounded down.
    pub fn mean_rate(&self) -> u64 {
        let bits = u128::from(self.total) * 8 * 1_000_000_000;
        u64::try_from(bits / u128::from(self.period)).unwrap_or(u64::MAX)
    }

    /// The first opportunity at or after `now`, unused.
    fn first_at(&self, now: u64) -> Credit {
        // The end of one round and the start of the next are the same moment. The earlier of the two rounds comes first.
        let round = now.saturating_sub(1) / self.period;
        let into = now - round * self.period;
        self.position(round, self.opportunities.partition_point(|opportunity| opportunity.at < into))
    }

    /// The opportunity at `index` of the round, unused; past the last one stands the first of the next round.
    fn position(&self, round: u64, index: usize) -> Credit {
        if index < self.opportunities.len() {
            Credit { round, index, used: 0 }
        } else {
            Credit { round: round.saturating_add(1), index: 0, used: 0 }
        }
    }

    fn bytes(&self, index: usize) -> u64 {
        self.opportunities[index].bytes
    }

    fn time(&self, round: u64, index: usize) -> u64 {
        round.saturating_mul(self.period).saturating_add(self.opportunities[index].at)
    }
}
