//! Serialisation at a rate on a virtual clock, and taking turns where connections share one.

use crate::engine::{Cx, Range};
use crate::tick::Tick;
use crate::value::Rate;

/// Nanoseconds in a second times bits in a byte.
const SECOND_BITS: u128 = 8_000_000_000;
/// Pieces of the stream that are scheduled apart: one millisecond at the rate within these bounds. Smaller ones would only
/// cost wake-ups, larger ones would make the rate uneven.
const QUANTUM: std::ops::RangeInclusive<u64> = 64..=65_536;

/// The virtual clock of one wire: when it will have sent all that it was given, and the fraction of a nanosecond beyond.
#[derive(Default)]
pub struct Wire {
    free_at: Tick,
    remainder: u64,
}

impl Wire {
    /// When the last of so many bytes, given at `at`, will have been sent. The wire may be that many nanoseconds behind, as
    /// credit from its idle time.
    pub(crate) fn send(&mut self, at: Tick, bytes: u64, rate: Rate, credit: u64) -> Tick {
        let idle = at.minus(credit);
        if self.free_at < idle {
            *self = Wire { free_at: idle, remainder: 0 };
        }
        let (ns, remainder) = duration(bytes, rate, self.remainder);
        *self = Wire { free_at: self.free_at.plus(ns), remainder };
        self.free_at
    }

    /// When it will have sent all that it was given.
    pub(crate) fn free_at(&self) -> Tick {
        self.free_at
    }
}

/// Nanoseconds that so many bytes take, and the remainder of the division by the rate, which is not zero.
pub(crate) fn duration(bytes: u64, rate: Rate, remainder: u64) -> (u64, u64) {
    let bits = u128::from(rate.bits().max(1));
    let total = u128::from(bytes) * SECOND_BITS + u128::from(remainder);
    (u64::try_from(total / bits).unwrap_or(u64::MAX), (total % bits) as u64)
}

/// How many bytes pass at the rate in so many nanoseconds.
pub(crate) fn volume(ns: u64, rate: Rate) -> u64 {
    u64::try_from(u128::from(ns) * u128::from(rate.bits()) / SECOND_BITS).unwrap_or(u64::MAX)
}

/// How many bytes are scheduled at a time.
pub(crate) fn quantum(rate: Rate) -> u64 {
    (rate.bits() / 8_000).clamp(*QUANTUM.start(), *QUANTUM.end())
}

/// A connection's turns on something that several share: it has one piece on it at a time, so that none starves another.
#[derive(Default)]
pub struct Turns {
    /// Up to where bytes have been given their time.
    sent: u64,
    /// Up to where they have arrived.
    arrived: u64,
    busy: bool,
}

impl Turns {
    /// Bytes arrive. `reserve` is told the time and how many wait, and gives the time at which how many of them leave.
    pub(crate) fn data<S>(
        &mut self,
        range: Range,
        cx: &mut Cx<'_, S>,
        reserve: impl FnOnce(Tick, u64, u64) -> (Tick, u64),
    ) {
        cx.hold(range);
        if self.sent == self.arrived {
            self.sent = range.offset;
        }
        self.arrived = range.end();
        if !self.busy {
            self.next(cx, reserve);
        }
    }

    /// The piece has left: the next has its turn. `reserve` is told the time, the offset, and how many bytes wait.
    pub(crate) fn next<S>(
        &mut self,
        cx: &mut Cx<'_, S>,
        reserve: impl FnOnce(Tick, u64, u64) -> (Tick, u64),
    ) {
        self.busy = self.sent < self.arrived;
        if self.busy {
            let (due, bytes) = reserve(cx.earliest(), self.sent, self.arrived - self.sent);
            self.sent += bytes;
            cx.release_to(self.sent, due);
            cx.wake_at(due);
        } else {
            cx.release_to(u64::MAX, cx.at());
        }
    }

    /// The end arrives: it goes behind the last piece.
    pub(crate) fn fin<S>(&self, cx: &mut Cx<'_, S>) {
        if self.busy { cx.fin_at(Tick::NEVER) } else { cx.fin() }
    }
}
