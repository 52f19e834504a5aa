//! A request that was begun and is not yet answered.

use crate::talk::Ask;
use crate::tally::Instants;

pub(crate) struct Flight {
    pub(crate) ask: Ask,
    /// Its number on this connection's share.
    pub(crate) sequence: u64,
    /// The byte at which it begins in what the connection carries to the target.
    pub(crate) began: u64,
    /// Bytes of it that were written.
    pub(crate) written: u64,
    pub(crate) instants: Instants,
}

impl Flight {
    pub(crate) fn is_written(&self) -> bool {
        self.written == self.ask.len()
    }
}
