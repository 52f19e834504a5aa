//! Telling answers apart: which request a datagram answers, and whether it is all there.

use crate::talk::expected_reply;
use squall_wire::{Frame, FrameKind, Payload};
use std::collections::BTreeMap;
use std::ops::Range;

/// The requests of one session, and which of them are still to be answered.
pub(super) struct Answers {
    seed: u64,
    worker: u64,
    /// How many requests were sent.
    sent: u64,
    /// What the requests that are waited for are like.
    waiting: BTreeMap<u64, Sent>,
    /// Requests that were given up and have no answer.
    given_up: BTreeMap<u64, Sent>,
    /// The requests that were answered last, so that a second answer to one is told from what was never asked for.
    answered: BTreeMap<u64, Sent>,
    /// The highest number that was answered.
    highest: Option<u64>,
}

/// A request that was sent.
#[derive(Clone, Copy)]
pub(super) enum Sent {
    /// Seeded bytes, so many.
    Echo(usize),
    /// A frame.
    Framed(Frame),
}

/// What a datagram is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Answer {
    /// The answer to a request that is waited for; whether one with a higher number was answered before.
    Right { sequence: u64, bytes: u64, reordered: bool },
    /// The first answer to an earlier request, which was given up.
    Late,
    /// Another answer to a request that has one.
    Duplicated,
    /// The beginning of what was asked for.
    Truncated { sequence: u64 },
    /// Nothing that was asked for; where it first differs from the request that it names, where it names one.
    Corrupt { at: Option<(u64, u64)> },
    /// It is the request that came to the server otherwise than it was sent: first there.
    Damaged { sequence: u64, at: u64 },
}

/// A datagram of at least this many bytes begins with the number of its request.
const NUMBER: usize = 8;
/// How many earlier requests a datagram too small for a number is compared with.
const SMALL: u64 = 64;
/// How many answered requests are remembered.
const REMEMBERED: usize = 1024;

impl Answers {
    pub(super) fn new(seed: u64, worker: u64) -> Answers {
        Answers {
            seed,
            worker,
            sent: 0,
            waiting: BTreeMap::new(),
            given_up: BTreeMap::new(),
            answered: BTreeMap::new(),
            highest: None,
        }
    }

    /// The next request, of `size` bytes, in place of what is in `request`.
    pub(super) fn ask(&mut self, sequence: u64, size: usize, request: &mut Vec<u8>) {
        self.sent = sequence + 1;
        self.waiting.insert(sequence, Sent::Echo(size));
        request.resize(size, 0);
        self.payload(sequence).fill(0, request);
        if let Some(number) = request.first_chunk_mut::<NUMBER>() {
            *number = sequence.to_le_bytes();
        }
    }

    /// The next request, as a frame.
    pub(super) fn ask_framed(&mut self, frame: Frame, request: &mut Vec<u8>) {
        self.sent = frame.sequence + 1;
        self.waiting.insert(frame.sequence, Sent::Framed(frame));
        request.resize(Frame::HEADER + frame.length as usize, 0);
        request[..Frame::HEADER].copy_from_slice(&frame.to_bytes());
        frame.payload().fill(0, &mut request[Frame::HEADER..]);
    }

    /// A request is not waited for any more.
    pub(super) fn give_up(&mut self, sequence: u64) {
        if let Some(sent) = self.waiting.remove(&sequence) {
            self.given_up.insert(sequence, sent);
        }
    }

    /// How many requests were given up and have not been answered since.
    pub(super) fn lost(&self) -> u64 {
        self.given_up.len() as u64
    }

    /// What `datagram` is; it counts as heard.
    pub(super) fn hear(&mut self, datagram: &[u8]) -> Answer {
        if let Some(header) = datagram.first_chunk::<{ Frame::HEADER }>()
            && let Ok(frame) = Frame::from_bytes(header)
        {
            return self.hear_frame(&frame, &datagram[Frame::HEADER..]);
        }
        let found = self.candidates(datagram).rev().find_map(|sequence| {
            let Some(Sent::Echo(size)) = self.find(sequence) else { return None };
            self.is_of(sequence, size, datagram).then_some((sequence, size))
        });
        let Some((sequence, size)) = found else {
            return Answer::Corrupt { at: self.first_difference(datagram) };
        };
        if datagram.len() < size {
            return Answer::Truncated { sequence };
        }
        self.answer(sequence, size as u64)
    }

    fn hear_frame(&mut self, frame: &Frame, body: &[u8]) -> Answer {
        let Some(Sent::Framed(request)) = self.find(frame.sequence) else {
            return Answer::Corrupt { at: None };
        };
        let (length, payload) = expected_reply(&request);
        let sequence = frame.sequence;
        let same = (frame.seed, frame.connection) == (request.seed, request.connection);
        if frame.kind != FrameKind::Reply || !same || frame.length > length || body.len() > length as usize {
            return Answer::Corrupt { at: None };
        }
        if let Some(at) = frame.damage {
            return Answer::Damaged { sequence, at: Frame::HEADER as u64 + u64::from(at) };
        }
        if let Some(wrong) = payload.mismatch(0, body) {
            return Answer::Corrupt { at: Some((sequence, (Frame::HEADER + wrong) as u64)) };
        }
        if body.len() < length as usize {
            return Answer::Truncated { sequence };
        }
        self.answer(sequence, u64::from(length))
    }

    fn find(&self, sequence: u64) -> Option<Sent> {
        [&self.waiting, &self.given_up, &self.answered].iter().find_map(|set| set.get(&sequence)).copied()
    }

    fn answer(&mut self, sequence: u64, bytes: u64) -> Answer {
        let (answer, sent) = match (self.waiting.remove(&sequence), self.given_up.remove(&sequence)) {
            (Some(sent), _) => {
                let reordered = Some(sequence) < self.highest;
                (Answer::Right { sequence, bytes, reordered }, sent)
            }
            (None, Some(sent)) => (Answer::Late, sent),
            (None, None) => return Answer::Duplicated,
        };
        self.highest = self.highest.max(Some(sequence));
        self.answered.insert(sequence, sent);
        if self.answered.len() > REMEMBERED {
            self.answered.pop_first();
        }
        answer
    }

    /// The requests that `datagram` may answer.
    fn candidates(&self, datagram: &[u8]) -> Range<u64> {
        match datagram.first_chunk::<NUMBER>() {
            Some(number) => {
                let sequence = u64::from_le_bytes(*number);
                if sequence < self.sent { sequence..sequence + 1 } else { self.sent..self.sent }
            }
            None => self.sent.saturating_sub(SMALL)..self.sent,
        }
    }

    /// Whether `datagram` is the request `sequence`, or begins as it does.
    fn is_of(&self, sequence: u64, size: usize, datagram: &[u8]) -> bool {
        if datagram.len() > size {
            return false;
        }
        // A number that is cut off is compared as far as it goes; small datagrams have none.
        let number = sequence.to_le_bytes();
        let numbered = if size < NUMBER { 0 } else { NUMBER.min(datagram.len()) };
        datagram[..numbered] == number[..numbered]
            && self.payload(sequence).mismatch(numbered as u64, &datagram[numbered..]).is_none()
    }

    /// Which request a datagram claims to answer, and where it is wrong: where only one is waited for, that one.
    fn first_difference(&self, datagram: &[u8]) -> Option<(u64, u64)> {
        let only = match self.waiting.len() {
            1 => self.waiting.keys().next().copied(),
            _ => None,
        };
        let claimed = datagram.first_chunk::<NUMBER>().map(|number| u64::from_le_bytes(*number));
        let sequence = claimed.filter(|sequence| self.find(*sequence).is_some()).or(only)?;
        let Some(Sent::Echo(size)) = self.find(sequence) else { return None };
        let mut right = vec![0; size];
        self.payload(sequence).fill(0, &mut right);
        if let Some(number) = right.first_chunk_mut::<NUMBER>() {
            *number = sequence.to_le_bytes();
        }
        let differs = right.iter().zip(datagram).position(|(right, heard)| right != heard);
        Some((sequence, differs.unwrap_or(right.len().min(datagram.len())) as u64))
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
        let mut answers = Answers::new(7, 2);
        let requests = [0, 1, 2].map(|sequence| {
            let mut request = Vec::new();
            answers.ask(sequence, size, &mut request);
            if sequence < 2 {
                answers.give_up(sequence);
            }
            request
        });
        (answers, requests)
    }

    #[test]
    fn every_size_tells_the_current_request_from_an_earlier_one() {
        for size in [3, 7, 8, 9, 64, 1_200] {
            let (mut answers, [first, second, third]) = asked(size);
            let heard = [&second, &third, &second, &third, &first].map(|datagram| answers.hear(datagram));
            let right = Answer::Right { sequence: 2, bytes: size as u64, reordered: false };
            let expected = [Answer::Late, right, Answer::Duplicated, Answer::Duplicated, Answer::Late];
            assert_eq!(heard, expected, "{size} bytes");
        }
    }

    #[test]
    fn a_wrong_byte_anywhere_and_a_byte_too_many_are_corrupt() {
        for size in [8, 40] {
            for at in 0..size {
                let (mut answers, [.., mut third]) = asked(size);
                third[at] ^= 0x10;
                let expected = Answer::Corrupt { at: Some((2, at as u64)) };
                assert_eq!(answers.hear(&third), expected, "byte {at} of {size}");
            }
            let (mut answers, [.., mut third]) = asked(size);
            third.push(0);
            assert_eq!(answers.hear(&third), Answer::Corrupt { at: Some((2, size as u64)) });
        }
    }

    #[test]
    fn a_beginning_is_truncated_and_answers_nothing() {
        for (size, kept) in [(40, 20), (40, 8), (40, 3), (40, 0), (5, 2)] {
            let (mut answers, [.., third]) = asked(size);
            assert_eq!(answers.hear(&third[..kept]), Answer::Truncated { sequence: 2 }, "{kept} of {size}");
            assert!(matches!(answers.hear(&third), Answer::Right { sequence: 2, .. }));
        }
    }
}
