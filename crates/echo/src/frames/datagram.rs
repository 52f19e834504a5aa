//! Datagrams that are frames.

use std::time::Duration;

use squall_wire::{Frame, FrameError, FrameKind};

use super::{Body, answer, delay_of, introduction, unreadable};
use crate::mode::LARGEST_DATAGRAM;

/// What becomes of a datagram.
pub(crate) enum Verdict {
    /// It is no whole frame, and goes back as it is.
    Plain,
    /// It is a frame that a server says, which is not answered: two servers would answer each other for ever.
    Silence,
    /// It is answered with this, after so long.
    Answer(Vec<u8>, Duration),
}

/// Looks at a datagram.
pub(crate) fn judge(datagram: &[u8], id: &str) -> Verdict {
    let Some((header, payload)) = datagram.split_first_chunk::<{ Frame::HEADER }>() else {
        return Verdict::Plain;
    };
    let frame = match Frame::from_bytes(header) {
        Ok(frame) => frame,
        Err(FrameError::Foreign) => return Verdict::Plain,
        Err(FrameError::Damaged) => {
            return Verdict::Answer(unreadable().to_bytes().to_vec(), Duration::ZERO);
        }
    };
    let whole = usize::try_from(frame.length).ok() == Some(payload.len());
    let (reply, delay) = match frame.kind {
        FrameKind::Reply | FrameKind::Unreadable => return Verdict::Silence,
        _ if !whole => return Verdict::Plain,
        FrameKind::Hello => (introduction(&frame, id), Duration::ZERO),
        FrameKind::Request => {
            let damage = frame.payload().mismatch(0, payload).map(|place| place as u32);
            let most = LARGEST_DATAGRAM as u32 - Frame::HEADER as u32;
            (answer(&frame, damage, most), delay_of(&frame))
        }
    };
    let mut bytes = reply.0.to_bytes().to_vec();
    match reply.1 {
        Body::Bytes(payload) => bytes.extend_from_slice(payload),
        Body::Made(payload, length) => {
            bytes.resize(Frame::HEADER + length as usize, 0);
            payload.fill(0, &mut bytes[Frame::HEADER..]);
        }
    }
    Verdict::Answer(bytes, delay)
}
