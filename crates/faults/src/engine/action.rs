//! The vocabulary between the model and whoever moves the bytes.

use crate::direction::Side;

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
    Write(Range),
    /// Forget these bytes.
    Discard(Range),
    /// Tell the receiver that no more bytes follow.
    Fin,
    /// End the whole connection: RST to `side`, an orderly end to the other peer. With `flush`, only when what was written
    /// before has reached the receiver; without, at once. Nothing follows it in either direction.
    Reset {
        /// Who gets the RST.
        side: Side,
        /// Wait until what was written before has been delivered.
        flush: bool,
    },
}

/// What stands in a line of faults.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Item {
    Data(Range),
    Drop(Range),
    Fin,
    Reset(Side),
}

impl Item {
    pub(super) fn bytes(self) -> u64 {
        match self {
            Item::Data(range) | Item::Drop(range) => range.len,
            Item::Fin | Item::Reset(_) => 0,
        }
    }
}
