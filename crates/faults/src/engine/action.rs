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
    Write(Range),
    /// Forget these bytes.
    Discard(Range),
    /// Tell the receiver that no more bytes follow.
    Fin,
    /// End the whole connection with a RST. Nothing follows in either direction.
    Reset(Ending),
}

/// A RST that ends a connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ending {
    /// The direction in whose place it stands.
    pub direction: Direction,
    /// Who gets the RST; the other peer sees an orderly end.
    pub side: Side,
    /// Wait until what was written before it has reached the receiver; without, it overtakes that.
    pub flush: bool,
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
