//! The header of a framed exchange: who asks, for what, and how every byte behind it can be checked.

use crate::payload::{Payload, mix};
use std::fmt;

/// How every frame begins: no text does, and neither a changed line ending nor a lost eighth bit leaves it as it is.
const MAGIC: [u8; 8] = *b"\x93SQL\r\n\x1a\n";

/// What a frame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrameKind {
    /// The first of a connection: asks who serves it. Has no payload.
    Hello,
    /// Asks for a reply.
    Request,
    /// Answers a request, or a hello: then the payload is the server's identity, in UTF-8.
    Reply,
    /// Answers a frame whose header was damaged; nothing follows, for nobody knows where the next one begins.
    Unreadable,
}

/// The header of a frame; `length` bytes of payload follow it. The bytes of a request are [`Frame::payload`]; a reply brings
/// them back, or has [`Payload::reply`] of them where another length was wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame {
    /// What it is.
    pub kind: FrameKind,
    /// Seed of the payload.
    pub seed: u64,
    /// Number of the client's connection.
    pub connection: u64,
    /// Number of the request on that connection. A reply has that of its request.
    pub sequence: u64,
    /// Bytes of payload behind the header.
    pub length: u32,
    /// Of a request: how many bytes the reply is to have; `None` for the request's own.
    pub reply: Option<u32>,
    /// Of a request: how long the server is to wait before it replies, in nanoseconds.
    pub delay_ns: u64,
    /// Of a reply: where the payload of the request was first wrong when the server read it.
    pub damage: Option<u32>,
}

/// Why bytes are no [`Frame`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrameError {
    /// They do not begin as a frame does.
    Foreign,
    /// They begin as a frame does, but the rest of the header does not belong together.
    Damaged,
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            FrameError::Foreign => "no frame",
            FrameError::Damaged => "a frame with a damaged header",
        })
    }
}

impl std::error::Error for FrameError {}

impl Frame {
    /// Bytes of a header.
    pub const HEADER: usize = 64;
    /// The bytes that every frame begins with.
    pub const MAGIC: [u8; 8] = MAGIC;

    /// The bytes of the request of this seed, connection and sequence.
    pub fn payload(&self) -> Payload {
        Payload::new(self.seed, self.connection, self.sequence)
    }

    /// The header: magic, check, kind and two flags, length, wanted reply, seed, connection, sequence, delay, damage; all in
    /// little-endian order.
    pub fn to_bytes(&self) -> [u8; Frame::HEADER] {
        let kind = match self.kind {
            FrameKind::Hello => 0,
            FrameKind::Request => 1,
            FrameKind::Reply => 2,
            FrameKind::Unreadable => 3,
        };
        let flags = u8::from(self.reply.is_some()) | u8::from(self.damage.is_some()) << 1;
        let mut bytes = [0; Frame::HEADER];
        let mut at = 12;
        let mut put = |field: &[u8]| {
            bytes[at..at + field.len()].copy_from_slice(field);
            at += field.len();
        };
        put(&[kind, flags, 0, 0]);
        put(&self.length.to_le_bytes());
        put(&self.reply.unwrap_or(0).to_le_bytes());
        for long in [self.seed, self.connection, self.sequence, self.delay_ns] {
            put(&long.to_le_bytes());
        }
        put(&self.damage.unwrap_or(0).to_le_bytes());
        bytes[..8].copy_from_slice(&MAGIC);
        let check = check(&bytes);
        bytes[8..12].copy_from_slice(&check.to_le_bytes());
        bytes
    }

    /// Reads a header.
    ///
    /// # Errors
    /// Where it is none, or was damaged on the way.
    pub fn from_bytes(bytes: &[u8; Frame::HEADER]) -> Result<Frame, FrameError> {
        let short = |at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        let long = |at: usize| u64::from(short(at)) | u64::from(short(at + 4)) << 32;
        if bytes[..8] != MAGIC {
            return Err(FrameError::Foreign);
        }
        if short(8) != check(bytes) {
            return Err(FrameError::Damaged);
        }
        let kind = match bytes[12] {
            0 => FrameKind::Hello,
            1 => FrameKind::Request,
            2 => FrameKind::Reply,
            3 => FrameKind::Unreadable,
            _ => return Err(FrameError::Damaged),
        };
        let flagged = |bit: u8| bytes[13] & bit != 0;
        Ok(Frame {
            kind,
            length: short(16),
            reply: flagged(1).then(|| short(20)),
            seed: long(24),
            connection: long(32),
            sequence: long(40),
            delay_ns: long(48),
            damage: flagged(2).then(|| short(56)),
        })
    }
}

/// A check over everything behind itself.
fn check(header: &[u8; Frame::HEADER]) -> u32 {
    let fold = |sum: u64, word: &[u8]| {
        let word = word.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte));
        mix(sum ^ word)
    };
    (header[12..].chunks(8).fold(1, fold) >> 32) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> Frame {
        Frame {
            kind: FrameKind::Request,
            seed: 7,
            connection: u64::MAX,
            sequence: 3,
            length: 1024,
            reply: Some(0),
            delay_ns: 50_000_000,
            damage: None,
        }
    }

    #[test]
    fn a_header_is_read_as_it_was_written() {
        let reply = Frame { kind: FrameKind::Reply, reply: None, damage: Some(0), ..request() };
        let hello = Frame { kind: FrameKind::Hello, length: 0, ..request() };
        let unreadable = Frame { kind: FrameKind::Unreadable, ..request() };
        for frame in [request(), reply, hello, unreadable] {
            assert_eq!(Frame::from_bytes(&frame.to_bytes()), Ok(frame));
        }
    }

    #[test]
    fn every_flipped_bit_of_a_header_is_noticed() {
        for bit in 0..Frame::HEADER * 8 {
            let mut bytes = request().to_bytes();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let expected = if bit < 64 { FrameError::Foreign } else { FrameError::Damaged };
            assert_eq!(Frame::from_bytes(&bytes), Err(expected), "bit {bit}");
        }
    }

    #[test]
    fn text_is_no_frame() {
        let mut bytes = [b'\n'; Frame::HEADER];
        bytes[..16].copy_from_slice(b"GET / HTTP/1.1\r\n");
        assert_eq!(Frame::from_bytes(&bytes), Err(FrameError::Foreign));
    }
}
