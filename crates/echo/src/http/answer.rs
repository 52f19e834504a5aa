//! Writing an answer.

use std::borrow::Cow;
use std::io;

use super::head::Head;
use super::refusal::Refusal;
use crate::peer::Peer;
use crate::text::chargen;

/// Bytes made at a time.
const PIECE: u64 = 64 * 1024;

/// An answer yet to be written.
pub(super) struct Answer {
    status: u16,
    kind: Cow<'static, str>,
    content: Content,
}

/// The body of an answer.
pub(super) enum Content {
    /// These bytes.
    Bytes(Vec<u8>),
    /// So many of the character generator's.
    Made(u64),
}

impl Content {
    fn length(&self) -> u64 {
        match self {
            Content::Bytes(bytes) => bytes.len() as u64,
            Content::Made(length) => *length,
        }
    }
}

/// The answer that says why not.
pub(super) fn refusal(refusal: &Refusal) -> Answer {
    let text = format!("{}\n", refusal.text);
    Answer::new(refusal.status, "text/plain; charset=utf-8", Content::Bytes(text.into_bytes()))
}

impl Answer {
    pub(super) fn new(status: u16, kind: impl Into<Cow<'static, str>>, content: Content) -> Answer {
        Answer { status, kind: kind.into(), content }
    }

    /// Writes the answer to what was no request.
    pub(super) async fn write(self, peer: &mut Peer<'_>) -> io::Result<()> {
        self.send(peer, "Connection: close\r\n", true).await
    }

    /// Writes the answer to a request; `keep` says whether the connection stays.
    pub(super) async fn write_for(self, head: &Head, peer: &mut Peer<'_>, keep: bool) -> io::Result<()> {
        let connection = match (keep, head.old) {
            (false, _) => "Connection: close\r\n",
            (true, true) => "Connection: keep-alive\r\n",
            (true, false) => "",
        };
        self.send(peer, connection, head.method != "HEAD").await
    }

    async fn send(self, peer: &mut Peer<'_>, connection: &str, body: bool) -> io::Result<()> {
        // Before it is written, so that whoever has read it finds it counted.
        peer.account.meter.answered(self.status);
        let (status, kind, length) = (self.status, &self.kind, self.content.length());
        // These have no body, and say nothing of one.
        let bodiless = matches!(status, 204 | 304);
        let mut out = format!("HTTP/1.1 {status} {}\r\n", phrase(status));
        if !bodiless {
            out.push_str(&format!("Content-Type: {kind}\r\nContent-Length: {length}\r\n"));
        }
        out.push_str(connection);
        out.push_str("\r\n");
        let mut out = out.into_bytes();
        if bodiless || !body {
            return peer.write_all(&out).await;
        }
        match self.content {
            Content::Bytes(bytes) => out.extend_from_slice(&bytes),
            Content::Made(length) => {
                let mut made = 0;
                while made < length {
                    let start = out.len();
                    let piece = PIECE.min(length - made);
                    out.resize(start + piece as usize, 0);
                    chargen(made, &mut out[start..]);
                    made += piece;
                    peer.write_all(&out).await?;
                    out.clear();
                }
            }
        }
        peer.write_all(&out).await
    }
}

/// What a status means, for those that are met.
fn phrase(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        204 => "No Content",
        206 => "Partial Content",
        301 => "Moved Permanently",
        302 => "Found",
        303 => "See Other",
        304 => "Not Modified",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        409 => "Conflict",
        410 => "Gone",
        413 => "Content Too Large",
        414 => "URI Too Long",
        417 => "Expectation Failed",
        418 => "I'm a teapot",
        422 => "Unprocessable Content",
        425 => "Too Early",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        505 => "HTTP Version Not Supported",
        _ => "",
    }
}
