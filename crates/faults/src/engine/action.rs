//! The vocabulary between the model and whoever moves the bytes.

use crate::direction::{Direction, Side};

/// Consecutive bytes of one direction, by their offset from the start of the stream.
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

/// What to do now, in one direction of a connection.
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

/// What stands in a line of faults.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Item {
    Data { range: Range, alone: bool },
    Drop(Range),
    Fin,
    Reset(Side),
}

impl Item {
    pub(super) fn bytes(self) -> u64 {
        match self {
            Item::Data { range, .. } | Item::Drop(range) => range.len,
            Item::Fin | Item::Reset(_) => 0,
        }
    }
}
