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
    /// An HTTP request with seeded bytes as its body. The length of the body is what differs between heads.
    Http { head: Arc<[u8]>, length: Box<str>, payload: Payload, size: u64 },
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
            Talk::Http(request) if request.is_seeded() => {
                let size = deal.size(shared, sequence);
                Ask::Http {
                    head: request.bytes(),
                    length: format!("Content-Length: {size}\r\n\r\n").into(),
                    payload: Payload::new(load.seed, deal.number, sequence),
                    size,
                }
            }
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
            Ask::Http { head, length, size, .. } => (head.len() + length.len()) as u64 + size,
        }
    }

    /// Its bytes that are payload; of HTTP, all.
    pub(crate) fn payload_len(&self) -> u64 {
        match self {
            Ask::Framed { frame, .. } => u64::from(frame.length),
            Ask::Echo { .. } | Ask::Fixed(_) | Ask::Http { .. } => self.len(),
        }
    }

    /// Writes its bytes from `offset` on into `buf`, which is no longer than what is left.
    pub(crate) fn fill(&self, offset: u64, buf: &mut [u8]) {
        let (heads, payload): ([&[u8]; 2], Option<Payload>) = match self {
            Ask::Echo { payload, .. } => ([&[], &[]], Some(*payload)),
            Ask::Fixed(bytes) => ([bytes, &[]], None),
            Ask::Framed { frame, header } => ([header, &[]], Some(frame.payload())),
            Ask::Http { head, length, payload, .. } => ([head, length.as_bytes()], Some(*payload)),
        };
        let (mut offset, mut buf) = (offset, buf);
        for head in heads {
            let rest = usize::try_from(offset).ok().and_then(|at| head.get(at..)).unwrap_or_default();
            let (now, later) = buf.split_at_mut(rest.len().min(buf.len()));
            now.copy_from_slice(&rest[..now.len()]);
            (offset, buf) = (offset.saturating_sub(head.len() as u64), later);
        }
        if let Some(payload) = payload.filter(|_| !buf.is_empty()) {
            payload.fill(offset, buf);
        }
    }
}
