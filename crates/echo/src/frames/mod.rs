//! Framed clients: told who serves them, and answered with bytes of which every one can be checked.

pub(crate) mod datagram;
mod parser;
pub(crate) mod stream;

use std::time::Duration;

use squall_wire::{Frame, FrameKind, Payload};

/// The longest that a request can have its server wait.
pub(crate) const LONGEST_DELAY: Duration = Duration::from_secs(60);

/// What follows the header of an answer.
pub(crate) enum Body<'a> {
    /// These very bytes.
    Bytes(&'a [u8]),
    /// So many bytes of a payload.
    Made(Payload, u32),
}

/// How long a request wants its answer to wait, within what is allowed.
pub(crate) fn delay_of(request: &Frame) -> Duration {
    Duration::from_nanos(request.delay_ns).min(LONGEST_DELAY)
}

/// The answer to a hello: who serves.
pub(crate) fn introduction<'a>(hello: &Frame, id: &'a str) -> (Frame, Body<'a>) {
    // An identity has at most 255 bytes.
    (reply(hello, id.len() as u32, None), Body::Bytes(id.as_bytes()))
}

/// The answer to a request whose payload was first wrong at `damage`, with at most `most` bytes of payload.
///
/// A payload that comes back is made anew and not kept, so that a request of any length is served in bounded memory; and
/// what is wrong with it at the client was done to it on the way back.
pub(crate) fn answer(request: &Frame, damage: Option<u32>, most: u32) -> (Frame, Body<'static>) {
    let (payload, length) = match request.reply {
        None => (request.payload(), request.length),
        Some(length) => (request.payload().reply(), length),
    };
    let length = length.min(most);
    (reply(request, length, damage), Body::Made(payload, length))
}

/// What is said of a header that makes no sense.
pub(crate) fn unreadable() -> Frame {
    Frame {
        kind: FrameKind::Unreadable,
        seed: 0,
        connection: 0,
        sequence: 0,
        length: 0,
        reply: None,
        delay_ns: 0,
        damage: None,
    }
}

fn reply(to: &Frame, length: u32, damage: Option<u32>) -> Frame {
    Frame { kind: FrameKind::Reply, length, reply: None, delay_ns: 0, damage, ..*to }
}
