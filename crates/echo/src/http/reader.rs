//! What was read of a connection and not yet understood.

use super::refusal::{Refusal, Trouble};
use crate::peer::Peer;

/// Bytes read ahead at the most.
const AHEAD: usize = 64 * 1024;

/// A connection with the bytes read ahead of what was asked for.
pub(super) struct Reader<'a> {
    pub(super) peer: Peer<'a>,
    input: Vec<u8>,
    /// How many of them are used up.
    used: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(peer: Peer<'a>) -> Self {
        Self { peer, input: Vec::new(), used: 0 }
    }

    /// The bytes not used up.
    pub(super) fn rest(&self) -> &[u8] {
        &self.input[self.used..]
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rest().is_empty()
    }

    /// Uses up so many bytes of the rest.
    pub(super) fn skip(&mut self, bytes: usize) {
        self.used = (self.used + bytes).min(self.input.len());
        if self.used == self.input.len() {
            (self.input, self.used) = (Vec::new(), 0);
        }
    }

    /// Reads more behind the rest.
    ///
    /// # Errors
    /// [`Trouble::Ended`] after FIN.
    pub(super) async fn fill(&mut self) -> Result<(), Trouble> {
        self.input.drain(..self.used);
        self.used = 0;
        match self.peer.read_onto(&mut self.input, AHEAD).await? {
            0 => Err(Trouble::Ended),
            _ => Ok(()),
        }
    }

    /// Moves exactly `length` bytes to the end of `into`.
    pub(super) async fn take(&mut self, mut length: usize, into: &mut Vec<u8>) -> Result<(), Trouble> {
        while length > 0 {
            if self.is_empty() {
                self.fill().await?;
            }
            let part = length.min(self.rest().len());
            into.extend_from_slice(&self.rest()[..part]);
            self.skip(part);
            length -= part;
        }
        Ok(())
    }

    /// The next line without its end, of at most `limit` bytes; `refusal` says what is wrong with a longer one.
    pub(super) async fn line(&mut self, limit: usize, refusal: fn() -> Refusal) -> Result<Vec<u8>, Trouble> {
        let mut looked = 0;
        loop {
            if let Some(end) = self.rest()[looked..].iter().position(|byte| *byte == b'\n') {
                let end = looked + end;
                let line = &self.rest()[..end];
                let line = line.strip_suffix(b"\r").unwrap_or(line).to_vec();
                self.skip(end + 1);
                return if line.len() > limit { Err(refusal().into()) } else { Ok(line) };
            }
            looked = self.rest().len();
            if looked > limit + 1 {
                return Err(refusal().into());
            }
            self.fill().await?;
        }
    }
}
