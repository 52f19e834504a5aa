//! HTTP/1.1 as far as a load needs it: one request, sent again and again, where each answer ends, and whether it is right.

mod check;
mod chunks;
mod ear;
mod expect;
mod head;

pub(crate) use ear::HttpEar;
pub use expect::{Expect, Statuses};

use std::fmt;
use std::sync::Arc;

/// A request, and what it is made of.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Request {
    /// All of it; where its body is seeded, all in front of the line with its length.
    bytes: Arc<[u8]>,
    body: Body,
    head_only: bool,
    path: Arc<str>,
    expect: Expect,
    statuses: Statuses,
}

/// What a request carries.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Body {
    /// The same bytes each time: so many at its end.
    Fixed(usize),
    /// Bytes of its own.
    Seeded,
}

/// Why something is no HTTP request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RequestError(String);

impl fmt::Display for RequestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for RequestError {}

impl Request {
    /// A request for `path` of `host`, with further headers. `Host` and `User-Agent` are added where `headers` do not have them,
    /// and `Content-Length` with a body.
    ///
    /// ```
    /// use squall_load::Request;
    ///
    /// let request = Request::new("GET", "/", "example.test:80", &[("Accept", "*/*")], b"")?;
    /// assert!(Request::new("GET /", "/", "example.test", &[], b"").is_err());
    /// # Ok::<(), squall_load::RequestError>(())
    /// ```
    ///
    /// # Errors
    /// Where the method or the name of a header is no token, a line would end inside of one, or `headers` say how long the body is.
    pub fn new(
        method: &str,
        path: &str,
        host: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Result<Request, RequestError> {
        let mut text = head(method, path, host, headers)?;
        if !body.is_empty() {
            text.push_str(&format!("Content-Length: {}\r\n", body.len()));
        }
        text.push_str("\r\n");
        let bytes = [text.as_bytes(), body].concat();
        Ok(Request::of(method, path, &bytes, Body::Fixed(body.len())))
    }

    /// A request whose body is made anew each time, of as many bytes as [`crate::Load::sizes`] says, from the load's seed, the
    /// connection and the number of the request.
    ///
    /// # Errors
    /// As [`Request::new`].
    pub fn seeded(
        method: &str,
        path: &str,
        host: &str,
        headers: &[(&str, &str)],
    ) -> Result<Request, RequestError> {
        let text = head(method, path, host, headers)?;
        Ok(Request::of(method, path, text.as_bytes(), Body::Seeded))
    }

    fn of(method: &str, path: &str, bytes: &[u8], body: Body) -> Request {
        Request {
            bytes: bytes.into(),
            body,
            head_only: method == "HEAD",
            path: path.into(),
            expect: Expect::Anything,
            statuses: Statuses::default(),
        }
    }

    /// Compares the body of every answer that is a success with what it has to be, byte by byte.
    ///
    /// # Errors
    /// Where answers have no body, or the request has none that could come back.
    pub fn expecting(self, expect: Expect) -> Result<Request, RequestError> {
        if expect != Expect::Anything && self.head_only {
            return refuse("an answer to HEAD has no body that could be expected".to_owned());
        }
        if expect == Expect::Echo && self.body == Body::Fixed(0) {
            return refuse("the request has no body that could come back".to_owned());
        }
        Ok(Request { expect, ..self })
    }

    /// Which statuses are a success; 2xx by default.
    #[must_use]
    pub fn expecting_status(self, statuses: Statuses) -> Request {
        Request { statuses, ..self }
    }

    /// The path, with the query.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Whether the body of each is to come back.
    pub fn expects_echo(&self) -> bool {
        self.expect == Expect::Echo
    }

    /// Whether each has a body of its own.
    pub(crate) fn is_seeded(&self) -> bool {
        self.body == Body::Seeded
    }

    /// The whole request; where its body is seeded, all in front of the line with its length.
    pub(crate) fn bytes(&self) -> Arc<[u8]> {
        self.bytes.clone()
    }

    /// The body, where it is always the same.
    fn fixed_body(&self) -> &[u8] {
        match self.body {
            Body::Fixed(length) => &self.bytes[self.bytes.len() - length..],
            Body::Seeded => &[],
        }
    }

    /// Whether answers have no body whatever they say.
    pub(crate) fn is_head(&self) -> bool {
        self.head_only
    }
}

fn refuse<T>(message: String) -> Result<T, RequestError> {
    Err(RequestError(message))
}

fn has(headers: &[(&str, &str)], wanted: &str) -> bool {
    headers.iter().any(|(name, _)| name.eq_ignore_ascii_case(wanted))
}

/// The line and the headers, without what says how long the body is, and without the empty line.
fn head(method: &str, path: &str, host: &str, headers: &[(&str, &str)]) -> Result<String, RequestError> {
    if !is_token(method) {
        return refuse(format!("`{method}` is not a method"));
    }
    if path.is_empty() || path.bytes().any(|byte| byte <= b' ' || byte == 0x7f) {
        return refuse(format!("`{path}` is not a path"));
    }
    if let Some((name, _)) = headers.iter().find(|(name, _)| !is_token(name)) {
        return refuse(format!("`{name}` is not the name of a header"));
    }
    // One that the body does not bear out leaves the other side waiting, or taking one request for two.
    let lengths = ["Content-Length", "Transfer-Encoding"];
    if let Some(name) = lengths.iter().find(|name| has(headers, name)) {
        return refuse(format!("header `{name}` is made from the body; leave it out"));
    }
    let ends_line = |text: &str| text.bytes().any(|byte| matches!(byte, b'\r' | b'\n' | 0));
    if let Some((name, _)) = headers.iter().find(|(_, value)| ends_line(value)) {
        return refuse(format!("header `{name}` has a line break"));
    }
    if ends_line(host) {
        return refuse("the host has a line break".to_owned());
    }
    let mut text = format!("{method} {path} HTTP/1.1\r\n");
    let mut line = |name: &str, value: &str| {
        for part in [name, ": ", value, "\r\n"] {
            text.push_str(part);
        }
    };
    if !has(headers, "host") {
        line("Host", host);
    }
    if !has(headers, "user-agent") {
        line("User-Agent", "squall");
    }
    headers.iter().for_each(|(name, value)| line(name, value));
    Ok(text)
}

fn is_token(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(plain)
}
