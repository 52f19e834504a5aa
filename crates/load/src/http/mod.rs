//! HTTP/1.1 as far as a load needs it: one request, sent again and again, and where each answer ends.

mod chunks;
mod ear;

pub(crate) use ear::HttpEar;

use std::fmt;
use std::sync::Arc;

/// A request, and what it is made of.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Request {
    bytes: Arc<[u8]>,
    head_only: bool,
    path: Arc<str>,
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
    /// A request for `path` of `host`, with further headers. `Host`, `User-Agent` and, with a body, `Content-Length` are added
    /// where `headers` do not have them.
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
    /// Where the method or the name of a header is no token, or a line would end inside of one.
    pub fn new(
        method: &str,
        path: &str,
        host: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Result<Request, RequestError> {
        let refuse = |message: String| Err(RequestError(message));
        if !is_token(method) {
            return refuse(format!("`{method}` is not a method"));
        }
        if path.is_empty() || path.bytes().any(|byte| byte <= b' ' || byte == 0x7f) {
            return refuse(format!("`{path}` is not a path"));
        }
        if let Some((name, _)) = headers.iter().find(|(name, _)| !is_token(name)) {
            return refuse(format!("`{name}` is not the name of a header"));
        }
        let ends_line = |text: &str| text.bytes().any(|byte| matches!(byte, b'\r' | b'\n' | 0));
        if let Some((name, _)) = headers.iter().find(|(_, value)| ends_line(value)) {
            return refuse(format!("header `{name}` has a line break"));
        }
        if ends_line(host) {
            return refuse("the host has a line break".to_owned());
        }
        let has = |wanted: &str| headers.iter().any(|(name, _)| name.eq_ignore_ascii_case(wanted));
        let mut text = format!("{method} {path} HTTP/1.1\r\n");
        let mut line = |name: &str, value: &str| {
            for part in [name, ": ", value, "\r\n"] {
                text.push_str(part);
            }
        };
        if !has("host") {
            line("Host", host);
        }
        if !has("user-agent") {
            line("User-Agent", "squall");
        }
        headers.iter().for_each(|(name, value)| line(name, value));
        if !body.is_empty() && !has("content-length") && !has("transfer-encoding") {
            line("Content-Length", &body.len().to_string());
        }
        text.push_str("\r\n");
        let bytes = [text.as_bytes(), body].concat();
        Ok(Request { bytes: bytes.into(), head_only: method == "HEAD", path: path.into() })
    }

    /// The path, with the query.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The whole request.
    pub(crate) fn bytes(&self) -> Arc<[u8]> {
        self.bytes.clone()
    }

    /// Whether answers have no body whatever they say.
    pub(crate) fn is_head(&self) -> bool {
        self.head_only
    }
}

fn is_token(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(plain)
}
