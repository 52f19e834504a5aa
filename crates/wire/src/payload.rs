//! What is sent: bytes that any position of any request can be told from, without keeping them.

/// The bytes of one request, or of one reply that a server makes up.
#[derive(Debug, Clone, Copy)]
pub struct Payload {
    key: u64,
}

/// The finaliser of SplitMix64 (Steele, Lea, Flood 2014).
pub(crate) fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

impl Payload {
    /// The bytes of request number `sequence` of a worker.
    pub fn new(seed: u64, worker: u64, sequence: u64) -> Payload {
        Payload { key: mix(mix(mix(seed.wrapping_add(1)) ^ worker).wrapping_add(sequence)) }
    }

    /// The bytes of the reply to it, where the server makes them up rather than sending the request's back.
    #[must_use]
    pub fn reply(self) -> Payload {
        Payload { key: mix(self.key ^ 0x7265_706c_7900_0001) }
    }

    fn word(self, index: u64) -> [u8; 8] {
        mix(self.key.wrapping_add(index.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15))).to_le_bytes()
    }

    /// Writes the bytes from `offset` on into `buf`.
    pub fn fill(self, offset: u64, buf: &mut [u8]) {
        self.walk(offset, buf.len(), |place, bytes| buf[place..place + bytes.len()].copy_from_slice(bytes));
    }

    /// Where `bytes`, read from `offset` on, first differ.
    pub fn mismatch(self, offset: u64, bytes: &[u8]) -> Option<usize> {
        let mut found = None;
        self.walk(offset, bytes.len(), |place, expected| {
            if found.is_none() && bytes[place..place + expected.len()] != *expected {
                found = (place..place + expected.len()).find(|i| bytes[*i] != expected[i - place]);
            }
        });
        found
    }

    /// Goes over `len` bytes from `offset` on, a word or a part of one at a time.
    fn walk(self, offset: u64, len: usize, mut visit: impl FnMut(usize, &[u8])) {
        let mut place = 0;
        while place < len {
            let at = offset + place as u64;
            let within = (at % 8) as usize;
            let n = (8 - within).min(len - place);
            visit(place, &self.word(at / 8)[within..within + n]);
            place += n;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_part_is_the_same_part_of_the_whole() {
        let payload = Payload::new(7, 2, 3);
        let mut whole = [0; 100];
        payload.fill(0, &mut whole);
        for start in 0..40 {
            let mut part = [0; 37];
            payload.fill(start, &mut part);
            assert_eq!(part, whole[start as usize..start as usize + 37]);
            assert_eq!(payload.mismatch(start, &part), None);
        }
    }

    #[test]
    fn a_wrong_byte_is_found_where_it_is() {
        let payload = Payload::new(7, 2, 3);
        let mut bytes = [0; 50];
        payload.fill(5, &mut bytes);
        bytes[33] ^= 1;
        assert_eq!(payload.mismatch(5, &bytes), Some(33));
    }

    #[test]
    fn requests_differ() {
        let first = |payload: Payload| payload.word(0);
        let base = first(Payload::new(7, 2, 3));
        let others = [Payload::new(8, 2, 3), Payload::new(7, 3, 3), Payload::new(7, 2, 4)];
        for other in others.into_iter().chain([Payload::new(7, 2, 3).reply()]) {
            assert_ne!(first(other), base);
        }
    }
}
