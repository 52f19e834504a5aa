//! One request as bytes, made when they are needed.

use super::Talk;
use super::framed::wanted_reply;
use crate::deal::Deal;
use crate::shared::Shared;
use squall_wire::{Frame, FrameKind, Payload, nanos};
use std::sync::Arc;

/// A request.
#[derive(Clone, Debug)]
pub(crate) enum Ask {
    /// Seeded bytes.
    Echo { payload: Payload, size: u64 },
    /// The same bytes each time.
    Fixed(Arc<[u8]>),
    /// A frame with seeded bytes behind it.
    Framed { frame: Frame, header: [u8; Frame::HEADER] },
}

impl Ask {
    /// Request `sequence` of a connection's share.
    pub(crate) fn new(shared: &Shared, deal: &Deal, sequence: u64) -> Ask {
        let load = shared.load();
        match &load.talk {
            Talk::Echo => Ask::Echo {
                payload: Payload::new(load.seed, deal.number, sequence),
                size: deal.size(shared, sequence),
            },
            Talk::Text { send, .. } => Ask::Fixed(send.clone()),
            Talk::Http(request) => Ask::Fixed(request.bytes()),
            Talk::Framed { delay, .. } => {
                let narrow = |bytes: u64| u32::try_from(bytes).unwrap_or(u32::MAX);
                let length = narrow(deal.size(shared, sequence));
                let frame = Frame {
                    kind: FrameKind::Request,
                    seed: load.seed,
                    connection: deal.number,
                    sequence,
                    length,
                    reply: wanted_reply(length, deal.reply_size(shared, sequence).map(narrow)),
                    delay_ns: nanos(*delay),
                    damage: None,
                };
                Ask::Framed { header: frame.to_bytes(), frame }
            }
        }
    }

    /// All of its bytes.
    pub(crate) fn len(&self) -> u64 {
        match self {
            Ask::Echo { size, .. } => *size,
            Ask::Fixed(bytes) => bytes.len() as u64,
            Ask::Framed { frame, .. } => Frame::HEADER as u64 + u64::from(frame.length),
        }
    }

    /// Its bytes that are payload.
    pub(crate) fn payload_len(&self) -> u64 {
        match self {
            Ask::Framed { frame, .. } => u64::from(frame.length),
            Ask::Echo { .. } | Ask::Fixed(_) => self.len(),
        }
    }

    /// Writes its bytes from `offset` on into `buf`, which is no longer than what is left.
    pub(crate) fn fill(&self, offset: u64, buf: &mut [u8]) {
        match self {
            Ask::Echo { payload, .. } => payload.fill(offset, buf),
            Ask::Fixed(bytes) => {
                let rest = usize::try_from(offset).ok().and_then(|at| bytes.get(at..)).unwrap_or_default();
                let n = rest.len().min(buf.len());
                buf[..n].copy_from_slice(&rest[..n]);
            }
            Ask::Framed { frame, header } => {
                let head = header.get(offset.min(Frame::HEADER as u64) as usize..).unwrap_or_default();
                let n = head.len().min(buf.len());
                buf[..n].copy_from_slice(&head[..n]);
                let at = (offset + n as u64) - Frame::HEADER as u64 * u64::from(buf.len() > n);
                if buf.len() > n {
                    frame.payload().fill(at, &mut buf[n..]);
                }
            }
        }
    }
}
