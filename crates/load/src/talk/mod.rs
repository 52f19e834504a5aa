//! What a load and its target say to each other: what a request is, and how its answer is told and checked.

mod ask;
mod ear;
mod framed;

pub(crate) use ask::Ask;
pub(crate) use ear::{Ear, Heard, Notes};
pub(crate) use framed::{HELLO, expected as expected_reply};

use crate::http::Request;
use crate::mix::Mix;
use std::sync::Arc;
use std::time::Duration;

/// The language of a load.
#[derive(Clone, Debug)]
pub(crate) enum Talk {
    /// Seeded bytes that come back as they are.
    Echo,
    /// The same text each time, and the same answer.
    Text { send: Arc<[u8]>, expect: Arc<[u8]> },
    /// Frames.
    Framed { reply: Option<Mix>, delay: Duration },
    /// HTTP/1.1.
    Http(Arc<Request>),
}

impl Talk {
    /// The sizes that replies are to have, where the load says so.
    pub(crate) fn reply_sizes(&self) -> Option<&Mix> {
        match self {
            Talk::Framed { reply, .. } => reply.as_ref(),
            _ => None,
        }
    }

    pub(crate) fn is_framed(&self) -> bool {
        matches!(self, Talk::Framed { .. })
    }
}
