//! `bandwidth`: serialisation at a rate, on a virtual clock.

use crate::carrier::Carriers;
use crate::engine::{Cx, Range};
use crate::fault::{Fault, Rank};
use crate::pacing::{Turns, Wire, duration, quantum, volume};
use crate::params::params;
use crate::tick::Tick;
use crate::value::{Rate, Size};

params! {
    /// Limits the rate: bytes are serialised one after another at `rate`, as a wire does it, and what has not been sent
    /// waits in a queue. A full queue stops reading, so that the sender feels it; of datagrams, it drops those that come last.
    /// An idle wire saves up nothing beyond `burst`. A rate of zero blocks every byte,
    /// and the end of the stream behind it.
    ///
    /// It fires once per connection and direction that it limits.
    pub struct Bandwidth {
        /// Bytes or bits per second: `1MB/s`, `1.6Mbit/s`.
        rate: Rate,
        /// How many bytes an idle wire may send at once before the rate holds.
        burst: Size = Size::bytes(0),
        /// How many bytes may wait; by default 100 ms at the rate, at least 64 KiB.
        queue: Option<Size>,
        /// One wire for all connections of the link in a direction, who take turns, instead of one for each.
        shared: bool = false,
    }
}

/// The smallest default queue.
const MIN_QUEUE: u64 = 65_536;

impl Bandwidth {
    /// A rate without burst.
    pub fn new(rate: Rate) -> Bandwidth {
        Bandwidth { rate, burst: Size::bytes(0), queue: None, shared: false }
    }

    /// The same rate after a burst of so many bytes.
    #[must_use]
    pub fn burst(self, bytes: u64) -> Bandwidth {
        Bandwidth { burst: Size::bytes(bytes), ..self }
    }

    /// Lets so many bytes wait.
    #[must_use]
    pub fn queue(self, bytes: u64) -> Bandwidth {
        Bandwidth { queue: Some(Size::bytes(bytes)), ..self }
    }

    /// One wire for all connections of the link.
    #[must_use]
    pub fn shared(self) -> Bandwidth {
        Bandwidth { shared: true, ..self }
    }

    fn is_zero(&self) -> bool {
        self.rate.bits() == 0
    }

    /// How many nanoseconds an idle wire may be behind.
    fn credit(&self) -> u64 {
        duration(self.burst.as_bytes(), self.rate, 0).0
    }

    fn limit(&self) -> u64 {
        let default = (self.rate.bits() / 80).max(MIN_QUEUE);
        self.queue.map_or(default, Size::as_bytes).max(1)
    }

    /// The next turn on the shared wire.
    fn turn(&self, wire: &mut Wire, at: Tick, waiting: u64) -> (Tick, u64) {
        let bytes = waiting.min(quantum(self.rate));
        (wire.send(at, bytes, self.rate, self.credit()), bytes)
    }
}

/// The connection's own wire, and its turns on a shared one.
#[derive(Default)]
pub struct Sending {
    wire: Wire,
    turns: Turns,
}

impl Fault for Bandwidth {
    const NAME: &'static str = "bandwidth";
    const EXAMPLE: &'static str = "bandwidth:1MB/s";
    const MAIN: Option<&'static str> = Some("rate");
    const ON: Carriers = Carriers::Both;
    const RANK: Rank = Rank::Rate;
    type State = Sending;
    type Shared = Wire;

    fn armed(&self, sending: &mut Sending, _cx: &mut Cx<'_, Wire>) {
        // The end of a window let go of what had not been sent.
        *sending = Sending::default();
    }

    fn data(&self, sending: &mut Sending, range: Range, cx: &mut Cx<'_, Wire>) {
        if !cx.act(range.offset) {
            return cx.pass(range);
        }
        if self.is_zero() {
            return cx.hold(range);
        }
        if self.shared {
            let mut wire = cx.shared();
            return sending.turns.data(range, cx, |at, _, waiting| self.turn(&mut wire, at, waiting));
        }
        let mut rest = range;
        while rest.len > 0 {
            let piece;
            (piece, rest) = rest.split_at(rest.offset + quantum(self.rate));
            let due = sending.wire.send(cx.earliest(), piece.len, self.rate, self.credit());
            cx.pass_at(due, piece);
        }
    }

    fn datagram(&self, sending: &mut Sending, range: Range, cx: &mut Cx<'_, Wire>) {
        if !cx.act(range.offset) {
            return cx.pass(range);
        }
        let mut shared = cx.shared();
        let wire = if self.shared { &mut *shared } else { &mut sending.wire };
        // What the wire has been given and not sent; on an idle one nothing waits.
        let waiting = volume(wire.free_at().since(cx.earliest()), self.rate);
        if self.is_zero() || (waiting > 0 && waiting.saturating_add(range.len) > self.limit()) {
            return cx.discard(range);
        }
        let due = wire.send(cx.earliest(), range.len, self.rate, self.credit());
        cx.pass_at(due, range);
    }

    fn fin(&self, sending: &mut Sending, cx: &mut Cx<'_, Wire>) {
        if cx.is_spared() {
            cx.fin();
        } else if self.is_zero() {
            let blocked = cx.queued() > 0;
            cx.fin_at(if blocked { Tick::NEVER } else { cx.at() });
        } else if self.shared {
            sending.turns.fin(cx);
        } else {
            cx.fin_at(sending.wire.free_at());
        }
    }

    fn timer(&self, sending: &mut Sending, cx: &mut Cx<'_, Wire>) {
        let mut wire = cx.shared();
        sending.turns.next(cx, |at, _, waiting| self.turn(&mut wire, at, waiting));
    }

    fn room(&self, queued: u64) -> u64 {
        self.limit().saturating_sub(queued)
    }
}
