//! `bandwidth`: serialisation at a rate, on a virtual clock.

use crate::engine::{Cx, Range};
use crate::fault::{Carrier, Fault, Rank};
use crate::params::params;
use crate::tick::Tick;
use crate::value::{Rate, Size};

params! {
    /// Limits the rate: bytes are serialised one after another at `rate`, as a wire does it, and what has not been sent
    /// waits in a queue. A full queue stops reading, so that the sender feels it. An idle wire saves up nothing beyond
    /// `burst`. A rate of zero blocks everything.
    ///
    /// It fires once per connection and direction that it limits.
    pub struct Bandwidth {
        /// Bytes or bits per second: `1MB/s`, `1.6Mbit/s`.
        rate: Rate,
        /// How many bytes an idle wire may send at once before the rate holds.
        burst: Size = Size::bytes(0),
        /// How many bytes may wait; by default 100 ms at the rate, at least 64 KiB.
        queue: Option<Size>,
    }
}

/// Nanoseconds in a second times bits in a byte.
const SECOND_BITS: u128 = 8_000_000_000;
/// Pieces of the stream that are scheduled apart: one millisecond at the rate within these bounds. Smaller ones would only
/// cost wake-ups, larger ones would make the rate uneven.
const QUANTUM: std::ops::RangeInclusive<u64> = 64..=65_536;
/// The smallest default queue.
const MIN_QUEUE: u64 = 65_536;

impl Bandwidth {
    /// A rate without burst.
    pub fn new(rate: Rate) -> Bandwidth {
        Bandwidth { rate, burst: Size::bytes(0), queue: None }
    }

    /// The same rate after a burst of so many bytes.
    #[must_use]
    pub fn burst(self, bytes: u64) -> Bandwidth {
        Bandwidth { burst: Size::bytes(bytes), ..self }
    }

    /// Nanoseconds that so many bytes take, and the remainder of the division by the rate.
    fn time(&self, bytes: u64, remainder: u64) -> (u64, u64) {
        let rate = u128::from(self.rate.bits());
        let total = u128::from(bytes) * SECOND_BITS + u128::from(remainder);
        (u64::try_from(total / rate).unwrap_or(u64::MAX), (total % rate) as u64)
    }
}

/// The virtual clock of one wire: when it will have sent all that it was given, and the fraction of a nanosecond beyond.
#[derive(Default)]
pub struct Wire {
    free_at: Tick,
    remainder: u64,
}

impl Fault for Bandwidth {
    const NAME: &'static str = "bandwidth";
    const EXAMPLE: &'static str = "bandwidth:1MB/s";
    const MAIN: Option<&'static str> = Some("rate");
    const ON: Carrier = Carrier::Stream;
    const RANK: Rank = Rank::Rate;
    type State = Wire;

    fn data(&self, wire: &mut Wire, range: Range, cx: &mut Cx<'_>) {
        cx.acted();
        if self.rate.bits() == 0 {
            return cx.pass_at(Tick::NEVER, range);
        }
        let (credit, _) = self.time(self.burst.as_bytes(), 0);
        let idle = cx.at().minus(credit);
        if wire.free_at < idle {
            *wire = Wire { free_at: idle, remainder: 0 };
        }
        let quantum = (self.rate.bits() / 8_000).clamp(*QUANTUM.start(), *QUANTUM.end());
        let mut rest = range;
        while rest.len > 0 {
            let piece;
            (piece, rest) = rest.split_at(rest.offset + quantum);
            let (ns, remainder) = self.time(piece.len, wire.remainder);
            *wire = Wire { free_at: wire.free_at.plus(ns), remainder };
            cx.pass_at(wire.free_at, piece);
        }
    }

    fn fin(&self, wire: &mut Wire, cx: &mut Cx<'_>) {
        cx.fin_at(if self.rate.bits() == 0 { Tick::NEVER } else { wire.free_at });
    }

    fn room(&self, queued: u64) -> u64 {
        let default = (self.rate.bits() / 80).max(MIN_QUEUE);
        self.queue.map_or(default, Size::as_bytes).max(1).saturating_sub(queued)
    }
}
