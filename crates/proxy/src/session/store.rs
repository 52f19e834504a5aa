//! The payloads of one direction's datagrams, by number, until their last copy has gone.

use crate::budget::Share;
use std::collections::VecDeque;

/// Payloads that the faults still hold.
#[derive(Default)]
pub(super) struct Store {
    entries: VecDeque<Entry>,
    /// The number of the first entry.
    first: u64,
    /// Bytes of all datagrams so far.
    offset: u64,
}

struct Entry {
    /// Where its payload begins among those of all datagrams.
    offset: u64,
    /// Nothing once its last copy has gone.
    payload: Option<(Box<[u8]>, Share)>,
    /// How often it is still to go.
    copies: u64,
}

impl Store {
    /// Keeps the next datagram.
    pub(super) fn put(&mut self, payload: Box<[u8]>) {
        let (offset, share) = (self.offset, Share::take(payload.len()));
        self.offset += payload.len() as u64;
        self.entries.push_back(Entry { offset, payload: Some((payload, share)), copies: 1 });
    }

    fn entry(&mut self, number: u64) -> Option<&mut Entry> {
        let place = usize::try_from(number.checked_sub(self.first)?).ok()?;
        self.entries.get_mut(place)
    }

    /// A datagram is to go so many times more.
    pub(super) fn copy(&mut self, number: u64, copies: u64) {
        if let Some(entry) = self.entry(number) {
            entry.copies += copies;
        }
    }

    /// Takes a datagram, or one of its copies.
    pub(super) fn take(&mut self, number: u64) -> Option<Box<[u8]>> {
        let entry = self.entry(number)?;
        entry.copies = entry.copies.saturating_sub(1);
        if entry.copies > 0 {
            return entry.payload.as_ref().map(|(payload, _)| payload.clone());
        }
        let payload = entry.payload.take();
        while self.entries.front().is_some_and(|entry| entry.payload.is_none()) {
            self.entries.pop_front();
            self.first += 1;
        }
        payload.map(|(payload, _)| payload)
    }

    /// Inverts bits of the byte at `offset` among the payloads of all datagrams.
    pub(super) fn flip(&mut self, offset: u64, mask: u8) {
        // The last that begins there or before: those before it with the same beginning are empty.
        let place = self.entries.partition_point(|entry| entry.offset <= offset);
        let entry = place.checked_sub(1).and_then(|place| self.entries.get_mut(place));
        if let Some(Entry { offset: begin, payload: Some((payload, _)), .. }) = entry
            && let Some(byte) = payload.get_mut((offset - *begin) as usize)
        {
            *byte ^= mask;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store(payloads: &[&[u8]]) -> Store {
        let mut store = Store::default();
        for payload in payloads {
            store.put((*payload).into());
        }
        store
    }

    #[test]
    fn datagrams_go_in_any_order_each_as_often_as_it_is_there() {
        let mut store = store(&[b"a", b"bc", b"def"]);
        store.copy(1, 2);
        assert_eq!(store.take(2).as_deref(), Some(b"def".as_slice()));
        assert_eq!(store.take(1).as_deref(), Some(b"bc".as_slice()));
        assert_eq!(store.take(0).as_deref(), Some(b"a".as_slice()));
        assert_eq!((store.entries.len(), store.first), (2, 1));
        assert_eq!(store.take(1).as_deref(), Some(b"bc".as_slice()));
        assert_eq!(store.take(1).as_deref(), Some(b"bc".as_slice()));
        assert_eq!((store.entries.len(), store.first, store.take(1)), (0, 3, None));
    }

    #[test]
    fn a_bit_is_flipped_in_the_datagram_that_has_its_byte() {
        let mut store = store(&[b"aa", b"", b"aa", b"aa"]);
        store.flip(2, 3);
        store.flip(5, 3);
        store.flip(9, 3);
        let payloads = [0, 1, 2, 3].map(|number| store.take(number));
        let expected: [&[u8]; 4] = [b"aa", b"", b"ba", b"ab"];
        for (payload, expected) in payloads.iter().zip(expected) {
            assert_eq!(payload.as_deref(), Some(expected));
        }
    }
}
