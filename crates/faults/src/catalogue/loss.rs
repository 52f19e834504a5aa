//! `loss`: segments that a network lost.

use crate::carrier::{Carrier, Carriers, Misfit};
use crate::engine::{Cx, Range};
use crate::fault::{Fault, Rank};
use crate::key::Draws;
use crate::params::params;
use crate::spec::Scope;
use crate::tick::Tick;
use crate::value::{DropPattern, Probability, nanos};
use std::collections::VecDeque;
use std::time::Duration;

params! {
    /// Loses packets. Datagrams are dropped. Of a stream no byte is ever missing: as with TCP, a lost segment is sent again,
    /// and meanwhile everything behind it waits. That takes a round-trip time where at least three more segments follow (fast
    /// retransmission, RFC 5681), else a retransmission timeout of 200 ms or twice the round-trip time, doubled for each time
    /// that the same segment is lost again (RFC 6298, with Linux's minimum).
    ///
    /// It fires once per lost datagram, or per segment that stalls the stream.
    pub struct Loss {
        /// With which probability a segment or datagram is lost.
        p: Option<Probability>,
        /// The mean length of a run of losses, where they come in runs; the rate stays `p`. Without it each is lost or not
        /// whatever became of the one before.
        burst: Option<u64>,
        /// The round-trip time that a retransmission takes; by default what the `latency` faults on the connection come to in both
        /// directions together, at least 1 ms. For streams.
        rtt: Option<Duration>,
        /// Every so many-th datagram is lost. For datagrams.
        nth: Option<u64>,
        /// Which datagrams are lost, over and over: `PPD` passes two and drops one. For datagrams.
        pattern: Option<DropPattern>,
    }
}

/// The shortest retransmission timeout: TCP_RTO_MIN of Linux.
const MIN_RTO: u64 = 200_000_000;
/// The shortest round-trip time that is assumed.
const MIN_RTT: u64 = 1_000_000;
/// How often one segment is lost at the most.
const ATTEMPTS: u64 = 6;
/// Segments that must follow for a loss to be noticed before the timeout: three duplicate acknowledgements.
const NOTICED: u64 = 3;
/// The draw that tells whether what came before the first was lost, beside those of the attempts from 0 on.
const BEFORE: u64 = u64::MAX;

impl Loss {
    const NONE: Loss = Loss { p: None, burst: None, rtt: None, nth: None, pattern: None };

    /// Loses with this probability.
    pub fn chance(p: Probability) -> Loss {
        Loss { p: Some(p), ..Loss::NONE }
    }

    /// In runs of this mean length, at the same rate.
    #[must_use]
    pub fn burst(self, mean: u64) -> Loss {
        Loss { burst: Some(mean), ..self }
    }

    /// Drops every so many-th datagram.
    pub fn nth(n: u64) -> Loss {
        Loss { nth: Some(n), ..Loss::NONE }
    }

    /// The round-trip time that a retransmission takes.
    #[must_use]
    pub fn rtt(self, rtt: Duration) -> Loss {
        Loss { rtt: Some(rtt), ..self }
    }

    /// Whether what the draws are for is lost; `before` is what became of the one before, and is replaced.
    fn is_lost(&self, draws: Draws, before: &mut Option<bool>) -> bool {
        let Some(p) = self.p else { return false };
        let lost = match self.burst {
            None => draws.chance(0, p),
            Some(mean) => {
                let before = before.unwrap_or_else(|| draws.chance(BEFORE, p));
                u128::from(draws.bits(0)) < p.in_runs(mean, before)
            }
        };
        *before = Some(lost);
        lost
    }

    /// How often a segment is lost in a row; nothing where it is not.
    fn losses(&self, draws: Draws, before: &mut Option<bool>) -> Option<u64> {
        let p = self.p?;
        if !self.is_lost(draws, before) {
            return None;
        }
        Some((1..ATTEMPTS).find(|attempt| !draws.chance(*attempt, p)).unwrap_or(ATTEMPTS))
    }
}

/// What has been lost of a direction and not been made good.
#[derive(Default)]
pub struct Recovery {
    /// What became of the unit before, once one was drawn for.
    before: Option<bool>,
    /// The latest segment of which a byte has arrived.
    segment: Option<u64>,
    stalls: VecDeque<Stall>,
}

/// A segment on its way once more.
struct Stall {
    segment: u64,
    /// Its first byte.
    offset: u64,
    /// When that arrived.
    arrived: Tick,
    until: Tick,
    /// It was lost once only, so that those behind it may tell.
    once: bool,
}

impl Recovery {
    /// A segment begins: earlier losses may be noticed by it, and it may be lost itself.
    fn begin(&mut self, loss: &Loss, segment: u64, offset: u64, cx: &mut Cx<'_>) {
        let rtt = loss.rtt.map_or(cx.rtt(), nanos).max(MIN_RTT);
        for stall in self.stalls.iter_mut().filter(|stall| stall.once && segment >= stall.segment + NOTICED) {
            let noticed = stall.arrived.plus(rtt).max(cx.at());
            stall.until = stall.until.min(noticed);
        }
        let before = &mut self.before;
        let Some(times) = cx.choose(segment, |draws| loss.losses(draws, before)) else { return };
        let times = times.clamp(1, ATTEMPTS);
        if cx.fire("lose", segment, segment.saturating_mul(cx.segment()), times) {
            let timeout = MIN_RTO.max(rtt.saturating_mul(2));
            let until = cx.at().plus(timeout.saturating_mul((1 << times) - 1));
            let arrived = cx.at();
            self.stalls.push_back(Stall { segment, offset, arrived, until, once: times == 1 });
        }
    }

    /// Lets go of what no loss stands before any more.
    fn proceed(&mut self, cx: &mut Cx<'_>) {
        while self.stalls.front().is_some_and(|stall| stall.until <= cx.at()) {
            self.stalls.pop_front();
        }
        cx.release_to(self.stalls.front().map_or(u64::MAX, |stall| stall.offset), cx.at());
        if let Some(stall) = self.stalls.front() {
            cx.wake_at(stall.until);
        }
    }
}

impl Fault for Loss {
    const NAME: &'static str = "loss";
    const ALIASES: &'static [&'static str] = &["packet_loss"];
    const EXAMPLE: &'static str = "loss:1%,burst=3";
    const MAIN: Option<&'static str> = Some("p");
    const ON: Carriers = Carriers::Both;
    const RANK: Rank = Rank::Loss;
    const KEEPS: bool = true;
    type State = Recovery;
    type Shared = ();

    fn validate(&self, _scope: &Scope) -> Result<(), String> {
        let ways = [self.p.is_some(), self.nth.is_some(), self.pattern.is_some()];
        match (ways.iter().filter(|way| **way).count(), self.p, self.burst) {
            (0, ..) => Err("needs `p`, `nth` or `pattern`".to_owned()),
            (2.., ..) => Err("takes one of `p`, `nth` and `pattern`".to_owned()),
            (_, None, Some(_)) => Err("comes in a `burst` by chance only: give `p`".to_owned()),
            (.., Some(0)) => Err("cannot come in runs of none: `burst` must be at least 1".to_owned()),
            (_, Some(p), Some(mean)) if !p.fits_runs(mean) => Err(format!(
                "cannot reach {p} in runs of {mean}: at most {mean} of {} can be lost",
                mean.saturating_add(1)
            )),
            _ if self.nth == Some(0) => Err("counts from 1: `nth` must be at least 1".to_owned()),
            _ => Ok(()),
        }
    }

    fn fits(&self, carrier: Carrier) -> Result<(), Misfit> {
        match carrier {
            Carrier::Stream if self.p.is_none() => Err(Misfit {
                reason: "`nth` and `pattern` count datagrams, and a stream has none",
                instead: "loss:1%",
            }),
            Carrier::Datagram if self.rtt.is_some() => Err(Misfit {
                reason: "a lost datagram is not sent again, so `rtt` says nothing",
                instead: "loss:1%",
            }),
            _ => Ok(()),
        }
    }

    fn armed(&self, recovery: &mut Recovery, _cx: &mut Cx<'_>) {
        // The end of a window let go of what had stalled.
        recovery.stalls.clear();
    }

    fn data(&self, recovery: &mut Recovery, range: Range, cx: &mut Cx<'_>) {
        let segment = cx.unit(range.offset);
        if recovery.segment != Some(segment) {
            recovery.segment = Some(segment);
            recovery.begin(self, segment, range.offset, cx);
        }
        cx.hold(range);
        recovery.proceed(cx);
    }

    fn datagram(&self, recovery: &mut Recovery, range: Range, cx: &mut Cx<'_>) {
        let number = cx.unit(range.offset);
        let lost = match (self.nth, &self.pattern) {
            (Some(nth), _) => (number + 1).is_multiple_of(nth),
            (None, Some(pattern)) => pattern.drops(number),
            (None, None) => {
                cx.choose(number, |draws| self.is_lost(draws, &mut recovery.before).then_some(0)).is_some()
            }
        };
        if lost && cx.fire("drop", number, range.offset, 0) {
            cx.discard(range);
        } else {
            cx.pass_overtaking(cx.at(), range);
        }
    }

    fn fin(&self, recovery: &mut Recovery, cx: &mut Cx<'_>) {
        cx.fin_at(Tick::NEVER);
        recovery.proceed(cx);
    }

    fn timer(&self, recovery: &mut Recovery, cx: &mut Cx<'_>) {
        recovery.proceed(cx);
    }

    fn per_segment(&self) -> bool {
        true
    }
}
