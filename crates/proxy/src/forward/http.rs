//! What an HTTP proxy is asked, and its own answers.

use super::ask::{Manner, Step, Wish};
use super::request::rewrite;
use crate::pump::Start;
use squall_wire::Endpoint;
use std::fmt::Display;
use std::io;

/// The most that a request's head takes, in bytes.
pub(super) const HEAD: usize = 64 << 10;
/// The most fields that it has.
const FIELDS: usize = 256;
const TOO_LARGE: &str = "431 Request Header Fields Too Large";
pub(super) const CONNECTED: &[u8] = b"HTTP/1.1 200 Connection established\r\n\r\n";

/// A request whose head is complete, with what has come behind it.
pub(super) fn request(head: &[u8], early: &[u8]) -> Step {
    let mut fields = [httparse::EMPTY_HEADER; FIELDS];
    let mut request = httparse::Request::new(&mut fields);
    match request.parse(head) {
        Ok(httparse::Status::Complete(len)) if len == head.len() => {}
        // An empty line before the request line, which a head must not begin with.
        Ok(_) => return bad("no request"),
        Err(httparse::Error::TooManyHeaders) => return Step::End(too_many()),
        Err(error) => return bad(error),
    }
    let (Some(method), Some(target), Some(version)) = (request.method, request.path, request.version) else {
        return bad("no request");
    };
    if method == "CONNECT" {
        return match target.parse::<Endpoint>() {
            Ok(to) if !target.starts_with(':') => {
                Step::Wish(Wish { target: to, manner: Manner::Connect, start: Start::tunnel(early) })
            }
            _ => bad(format_args!("no HOST:PORT in `CONNECT {target}`")),
        };
    }
    match rewrite(method, target, version, request.headers) {
        Ok(rewritten) => {
            let body = usize::try_from(rewritten.body).unwrap_or(usize::MAX).min(early.len());
            let start = Start {
                early: [&rewritten.head, &early[..body]].concat(),
                more: match rewritten.body {
                    u64::MAX => u64::MAX,
                    length => length.saturating_sub(body as u64),
                },
            };
            let manner = Manner::Request { body: method != "HEAD" };
            Step::Wish(Wish { target: rewritten.target, manner, start })
        }
        Err(why) => bad(why),
    }
}

fn bad(why: impl Display) -> Step {
    Step::End(answer("400 Bad Request", why, true))
}

pub(super) fn too_large() -> Vec<u8> {
    answer(TOO_LARGE, format_args!("the head has more than {HEAD} bytes"), true)
}

fn too_many() -> Vec<u8> {
    answer(TOO_LARGE, format_args!("the head has more than {FIELDS} fields"), true)
}

/// Why a server could not be reached.
pub(super) fn unreached(target: &Endpoint, error: &io::Error, body: bool) -> Vec<u8> {
    let status = match error.kind() {
        io::ErrorKind::TimedOut => "504 Gateway Timeout",
        _ => "502 Bad Gateway",
    };
    answer(status, format_args!("upstream {target}: {}", squall_wire::reason(error)), body)
}

/// An answer that says why in a line. Without a body it has the length of one all the same, as the answer to HEAD does.
fn answer(status: &str, why: impl Display, body: bool) -> Vec<u8> {
    let why: String = why.to_string().chars().map(|c| if c.is_control() { '?' } else { c }).collect();
    let line = format!("squall: {why}\n");
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        line.len()
    );
    if body { (head + &line).into_bytes() } else { head.into_bytes() }
}
