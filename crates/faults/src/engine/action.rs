//! The vocabulary between the model and whoever moves the bytes.

use crate::direction::{Direction, Side};

/// Consecutive bytes of one direction, by their offset from the start of the stream. A datagram is a range, too: that of its
/// payload among the payloads of all datagrams of its direction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Range {
    /// Offset of the first byte.
    pub offset: u64,
    /// Number of bytes.
    pub len: u64,
}

impl Range {
    /// Offset of the byte behind the last.
    pub fn end(self) -> u64 {
        self.offset + self.len
    }

    /// The part before `offset` and the part from there on; either may be empty.
    pub fn split_at(self, offset: u64) -> (Range, Range) {
        let cut = offset.clamp(self.offset, self.end());
        (Range { offset: self.offset, len: cut - self.offset }, Range { offset: cut, len: self.end() - cut })
    }
}

/// What to do now, in one direction of a connection. A stream has `Write`, `Discard`, `Fin` and `End`, datagrams have `Copy`,
/// `Send`, `Drop` and `Rebind`; bits are flipped in either.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Action {
    /// Write these bytes to the receiver.
    Write {
        /// Which.
        range: Range,
        /// In a system call of their own, not joined with others.
        alone: bool,
    },
    /// Forget these bytes.
    Discard(Range),
    /// Invert bits of a byte that has not been written yet.
    Flip {
        /// Which byte.
        offset: u64,
        /// Which bits.
        mask: u8,
    },
    /// Tell the receiver that no more bytes follow.
    Fin,
    /// End the whole connection. Nothing follows in either direction.
    End(Ending),
    /// A datagram will come out so many times more.
    Copy {
        /// Its number, from 0 in the order of arrival.
        number: u64,
        /// How many more.
        copies: u64,
    },
    /// Send a datagram, or one of its copies.
    Send {
        /// Its number, from 0 in the order of arrival.
        number: u64,
        /// How many of its bytes.
        len: u64,
    },
    /// Forget a datagram, or one of its copies.
    Drop {
        /// Its number, from 0 in the order of arrival.
        number: u64,
    },
    /// Go on towards the server from another port.
    Rebind,
}

/// How a fault ends a connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ending {
    /// The direction in whose place it stands.
    pub direction: Direction,
    /// What the peers see.
    pub how: How,
}

/// What the peers see of the end of their connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum How {
    /// A RST.
    Reset {
        /// Who gets it; the other peer sees an orderly end.
        side: Side,
        /// Wait until what was written before it has reached the receiver; without, it overtakes that.
        flush: bool,
    },
    /// An orderly end for both, at once.
    Close,
}

impl Ending {
    /// Whether what stands before it is to be delivered first.
    pub fn flushes(self) -> bool {
        matches!(self.how, How::Reset { flush: true, .. })
    }
}

/// A datagram on its way through a line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Datagram {
    pub(super) number: u64,
    pub(super) range: Range,
    /// How many of its bytes are to be sent.
    pub(super) keep: u64,
}

/// What stands in a line of faults.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Item {
    Data { range: Range, alone: bool },
    Drop(Range),
    Datagram(Datagram),
    DropDatagram(Datagram),
    Fin,
    Reset(Reset),
}

/// A RST on its way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Reset {
    pub(super) side: Side,
    /// The fault that asks for it; nothing where a peer has sent it.
    pub(super) by: Option<u64>,
}

impl Item {
    pub(super) fn range(self) -> Option<Range> {
        match self {
            Item::Data { range, .. } | Item::Drop(range) => Some(range),
            Item::Datagram(datagram) | Item::DropDatagram(datagram) => Some(datagram.range),
            Item::Fin | Item::Reset(_) => None,
        }
    }

    pub(super) fn bytes(self) -> u64 {
        self.range().map_or(0, |range| range.len)
    }
}
