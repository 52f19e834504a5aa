//! Reads frames out of a stream, however it was cut, and keeps none of their payload.

use squall_wire::{Frame, FrameKind};

/// What a client said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Heard {
    /// It asks who serves it.
    Hello(Frame),
    /// It asks for a reply; the payload was first wrong there.
    Request(Frame, Option<u32>),
    /// What came is no frame that a client sends; where the next one begins is not known.
    Unreadable,
}

/// Where in a frame the stream stands.
pub(super) enum Parser {
    /// In the header, of which so many bytes are known.
    Header([u8; Frame::HEADER], usize),
    /// In the payload: how much of it was read, and where it was first wrong.
    Payload(Frame, u32, Option<u32>),
}

impl Parser {
    pub(super) fn new() -> Parser {
        Parser::Header([0; Frame::HEADER], 0)
    }

    /// Takes bytes off `input` up to the end of a frame; nothing where all were taken before that.
    pub(super) fn next(&mut self, input: &mut &[u8]) -> Option<Heard> {
        loop {
            match self {
                Parser::Header(bytes, known) => {
                    let taken = take(input, bytes.len() - *known);
                    bytes[*known..*known + taken.len()].copy_from_slice(taken);
                    *known += taken.len();
                    if *known < bytes.len() {
                        return None;
                    }
                    match Frame::from_bytes(bytes) {
                        Ok(frame) if matches!(frame.kind, FrameKind::Hello | FrameKind::Request) => {
                            *self = Parser::Payload(frame, 0, None);
                        }
                        _ => return Some(Heard::Unreadable),
                    }
                }
                Parser::Payload(frame, read, damage) => {
                    let left = usize::try_from(frame.length - *read).unwrap_or(usize::MAX);
                    let taken = take(input, left);
                    if frame.kind == FrameKind::Request && damage.is_none() {
                        let wrong = frame.payload().mismatch(u64::from(*read), taken);
                        *damage = wrong.map(|place| *read + place as u32);
                    }
                    // No more than what was left of 32 bits.
                    *read += taken.len() as u32;
                    if *read < frame.length {
                        return None;
                    }
                    let heard = match frame.kind {
                        FrameKind::Hello => Heard::Hello(*frame),
                        _ => Heard::Request(*frame, *damage),
                    };
                    *self = Parser::new();
                    return Some(heard);
                }
            }
        }
    }
}

/// The first bytes of `input`, at most `most`, which it then has no more.
fn take<'a>(input: &mut &'a [u8], most: usize) -> &'a [u8] {
    let (taken, rest) = input.split_at(most.min(input.len()));
    *input = rest;
    taken
}
