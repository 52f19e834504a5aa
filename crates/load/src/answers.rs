//! Telling answers apart: which request a datagram answers, and whether it is all there.

use squall_wire::Payload;
use std::collections::BTreeSet;
use std::ops::Range;

/// The requests of one session, and which of them are still to be answered.
pub(crate) struct Answers {
    seed: u64,
    worker: u64,
    size: usize,
    /// The request that was sent last.
    current: u64,
    /// Requests that were sent, the current one included, and have no answer.
    open: BTreeSet<u64>,
}

/// What a datagram is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Answer {
    /// The answer to the current request.
    Right,
    /// The first answer to an earlier request, which was given up.
    Late,
    /// Another answer to a request that has one.
    Duplicated,
    /// The beginning of what was sent.
    Truncated,
    /// Nothing that was sent.
    Corrupt,
}

/// A datagram of at least this many bytes begins with the number of its request.
const NUMBER: usize = 8;
/// How many earlier requests a datagram too small for a number is compared with.
const REMEMBERED: u64 = 64;

impl Answers {
    pub(crate) fn new(seed: u64, worker: u64, size: usize) -> Answers {
        Answers { seed, worker, size, current: 0, open: BTreeSet::new() }
    }

    /// The next request, in place of what is in `request`.
    pub(crate) fn ask(&mut self, sequence: u64, request: &mut Vec<u8>) {
        self.current = sequence;
        self.open.insert(sequence);
        request.resize(self.size, 0);
        self.payload(sequence).fill(0, request);
        if let Some(number) = request.first_chunk_mut::<NUMBER>() {
            *number = sequence.to_le_bytes();
        }
    }

    /// What `datagram` is; it counts as heard.
    pub(crate) fn hear(&mut self, datagram: &[u8]) -> Answer {
        let Some(sequence) = self.candidates(datagram).rev().find(|sequence| self.is_of(*sequence, datagram))
        else {
            return Answer::Corrupt;
        };
        if datagram.len() < self.size {
            return Answer::Truncated;
        }
        match (self.open.remove(&sequence), sequence == self.current) {
            (true, true) => Answer::Right,
            (true, false) => Answer::Late,
            (false, _) => Answer::Duplicated,
        }
    }

    /// The requests that `datagram` may answer.
    fn candidates(&self, datagram: &[u8]) -> Range<u64> {
        let end = self.current + 1;
        match datagram.first_chunk::<NUMBER>() {
            Some(number) => {
                let sequence = u64::from_le_bytes(*number);
                if sequence < end { sequence..sequence + 1 } else { end..end }
            }
            None => end.saturating_sub(REMEMBERED)..end,
        }
    }

    /// Whether `datagram` is the request `sequence`, or begins as it does.
    fn is_of(&self, sequence: u64, datagram: &[u8]) -> bool {
        if datagram.len() > self.size {
            return false;
        }
        // A number that is cut off is compared as far as it goes; small datagrams have none.
        let number = sequence.to_le_bytes();
        let numbered = if self.size < NUMBER { 0 } else { NUMBER.min(datagram.len()) };
        datagram[..numbered] == number[..numbered]
            && self.payload(sequence).mismatch(numbered as u64, &datagram[numbered..]).is_none()
    }

    fn payload(&self, sequence: u64) -> Payload {
        Payload::new(self.seed, self.worker, sequence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The answers of a session that has sent three requests, and those.
    fn asked(size: usize) -> (Answers, [Vec<u8>; 3]) {
        let mut answers = Answers::new(7, 2, size);
        let requests = [0, 1, 2].map(|sequence| {
            let mut request = Vec::new();
            answers.ask(sequence, &mut request);
            request
        });
        (answers, requests)
    }

    #[test]
    fn every_size_tells_the_current_request_from_an_earlier_one() {
        for size in [3, 7, 8, 9, 64, 1_200] {
            let (mut answers, [first, second, third]) = asked(size);
            let heard = [&second, &third, &second, &third, &first].map(|datagram| answers.hear(datagram));
            let expected =
                [Answer::Late, Answer::Right, Answer::Duplicated, Answer::Duplicated, Answer::Late];
            assert_eq!(heard, expected, "{size} bytes");
        }
    }

    #[test]
    fn a_wrong_byte_anywhere_and_a_byte_too_many_are_corrupt() {
        for size in [8, 40] {
            for at in 0..size {
                let (mut answers, [.., mut third]) = asked(size);
                third[at] ^= 0x10;
                assert_eq!(answers.hear(&third), Answer::Corrupt, "byte {at} of {size}");
            }
            let (mut answers, [.., mut third]) = asked(size);
            third.push(0);
            assert_eq!(answers.hear(&third), Answer::Corrupt);
        }
    }

    #[test]
    fn a_beginning_is_truncated_and_answers_nothing() {
        for (size, kept) in [(40, 20), (40, 8), (40, 3), (40, 0), (5, 2)] {
            let (mut answers, [.., third]) = asked(size);
            assert_eq!(answers.hear(&third[..kept]), Answer::Truncated, "{kept} of {size}");
            assert_eq!(answers.hear(&third), Answer::Right);
        }
    }
}
