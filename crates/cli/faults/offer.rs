//! What a preview offers to a fault: how many bytes, in what pieces, how fast, and what they are.

use squall::{Rate, Size};
use squall_faults::{Carrier, Tick};
use std::fmt;

/// What is offered to the connection.
pub(super) struct Offer {
    pub(super) carrier: Carrier,
    pub(super) bytes: u64,
    /// Bytes that one read takes at most, or that a datagram has; at least 1.
    pub(super) piece: u64,
    /// How fast they come; all at once without.
    pub(super) pace: Option<Rate>,
    /// What they are, over and over; zeros where it is empty.
    pub(super) payload: Vec<u8>,
    pub(super) seed: u64,
    /// Place in the link's accept order, from 1.
    pub(super) connection: u64,
}

impl Offer {
    /// How many pieces there are.
    pub(super) fn pieces(&self) -> u64 {
        self.bytes.div_ceil(self.piece)
    }

    /// Bytes of the piece that begins at `offset`, 0 at the end.
    pub(super) fn piece_at(&self, offset: u64) -> u64 {
        self.piece.min(self.bytes.saturating_sub(offset))
    }

    /// When the piece that begins at `offset` has come: with its last byte.
    pub(super) fn due(&self, offset: u64) -> Tick {
        let Some(pace) = self.pace else { return Tick::ZERO };
        let bits = u128::from(offset + self.piece_at(offset)) * 8_000_000_000;
        Tick::from_nanos(u64::try_from(bits.div_ceil(u128::from(pace.bits().max(1)))).unwrap_or(u64::MAX))
    }

    /// How many bytes have come by `now`, in whole pieces.
    pub(super) fn come_by(&self, now: Tick) -> u64 {
        let Some(pace) = self.pace else { return self.bytes };
        let come = u128::from(now.as_nanos()) * u128::from(pace.bits()) / 8_000_000_000;
        match u64::try_from(come) {
            Ok(come) if come < self.bytes => come - come % self.piece,
            _ => self.bytes,
        }
    }

    /// The `len` bytes of a stream from `offset` on; a datagram's are counted from its beginning.
    pub(super) fn content(&self, offset: u64, len: u64) -> Vec<u8> {
        let whole = u64::try_from(self.payload.len()).unwrap_or(u64::MAX).max(1);
        let skipped = usize::try_from(offset % whole).unwrap_or_default();
        let len = usize::try_from(len).unwrap_or_default();
        match self.payload.is_empty() {
            true => vec![0; len],
            false => self.payload.iter().copied().cycle().skip(skipped).take(len).collect(),
        }
    }
}

impl fmt::Display for Offer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Offer { bytes, connection, seed, .. } = self;
        write!(f, "{}", Size::bytes(*bytes))?;
        if self.carrier == Carrier::Datagram {
            write!(f, " in {} datagrams of {}", self.pieces(), Size::bytes(self.piece))?;
        }
        if let Some(pace) = self.pace {
            write!(f, " at {pace}")?;
        }
        let what = if self.carrier == Carrier::Datagram { "session" } else { "connection" };
        write!(f, " on {what} {connection}, seed {seed}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer(payload: &str, pace: Option<Rate>) -> Offer {
        Offer {
            carrier: Carrier::Stream,
            bytes: 25,
            piece: 10,
            pace,
            payload: payload.into(),
            seed: 0,
            connection: 1,
        }
    }

    #[test]
    fn a_piece_has_come_with_its_last_byte() {
        let paced = offer("", Some(Rate::bytes_per_second(10)));
        assert_eq!([0, 10, 20].map(|offset| paced.due(offset).as_nanos() / 1_000_000), [1_000, 2_000, 2_500]);
        for offset in [0, 10, 20] {
            let (due, len) = (paced.due(offset), paced.piece_at(offset));
            assert_eq!((paced.come_by(due.minus(1)), paced.come_by(due)), (offset, offset + len));
        }
        assert_eq!((offer("", None).due(20), offer("", None).come_by(Tick::ZERO)), (Tick::ZERO, 25));
        assert_eq!([0, 20, 25].map(|offset| paced.piece_at(offset)), [10, 5, 0]);
    }

    #[test]
    fn the_payload_comes_over_and_over() {
        assert_eq!(offer("abc", None).content(4, 6), b"bcabca");
        assert_eq!(offer("", None).content(4, 2), [0, 0]);
    }
}
