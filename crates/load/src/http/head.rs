//! The head of an answer: its status, and how its body ends.

use super::chunks::Chunks;
use crate::counters::Failure;

/// Most headers of an answer.
const HEADERS: usize = 128;

/// What a head says.
pub(super) struct Head {
    /// Its own bytes.
    pub(super) length: usize,
    pub(super) status: u16,
    pub(super) body: Body,
    /// Whether the target closes the connection behind this answer.
    pub(super) last: bool,
}

/// How a body ends.
pub(super) enum Body {
    /// After so many more bytes.
    Length(u64),
    Chunked(Chunks),
    /// With the connection.
    UntilEnd,
}

/// Reads a head, if it is complete. `head_only` says that answers have no body whatever they say.
pub(super) fn read_head(bytes: &[u8], head_only: bool) -> Result<Option<Head>, Failure> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS];
    let mut response = httparse::Response::new(&mut headers);
    let length = match response.parse(bytes) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(_) => return Err(Failure::Malformed),
    };
    let status = response.code.ok_or(Failure::Malformed)?;
    let values = |name: &'static str| {
        let named = response.headers.iter().filter(move |header| header.name.eq_ignore_ascii_case(name));
        // What is no text is a value nevertheless, if one that says nothing.
        named.map(|header| std::str::from_utf8(header.value).unwrap_or_default())
    };
    let lists = |name, word: &str| {
        values(name).any(|value| value.split(',').any(|item| item.trim().eq_ignore_ascii_case(word)))
    };
    let old = response.version == Some(0);
    let last = lists("connection", "close") || (old && !lists("connection", "keep-alive"));
    let mut lengths = values("content-length").flat_map(|value| value.split(',')).map(str::trim);
    let length_given = lengths.next();
    if lengths.any(|other| Some(other) != length_given) {
        return Err(Failure::Malformed);
    }
    let body = if head_only || matches!(status, 100..=199 | 204 | 304) {
        Body::Length(0)
    } else if lists("transfer-encoding", "chunked") {
        Body::Chunked(Chunks::default())
    } else {
        match length_given {
            // `parse` alone would let a sign pass.
            Some(length) if !length.bytes().all(|byte| byte.is_ascii_digit()) => {
                return Err(Failure::Malformed);
            }
            Some(length) => Body::Length(length.parse().map_err(|_| Failure::Malformed)?),
            None => Body::UntilEnd,
        }
    };
    let last = last || matches!(body, Body::UntilEnd);
    Ok(Some(Head { length, status, body, last }))
}
