//! The head of a request: its line, its headers, and what follows from them.

use httparse::{EMPTY_HEADER, Error, Status};

use super::reader::Reader;
use super::refusal::{Refusal, Trouble};

/// Bytes of the longest request line.
const LINE: usize = 8 * 1024;
/// Bytes of the longest head, its line included.
const HEAD: usize = 32 * 1024;
/// The most headers.
const HEADERS: usize = 100;
/// How often an incomplete head is looked at, so that what is no HTTP is told early and bytes that drip in cost little.
const LOOKS: usize = 16;

/// What comes before a body.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) method: String,
    /// The target up to the question mark, as sent, without scheme and host.
    pub(super) path: String,
    /// What follows the question mark, as sent.
    pub(super) query: String,
    /// Names as sent, in order.
    pub(super) headers: Vec<(String, Vec<u8>)>,
    pub(super) length: Length,
    /// Whether another request may follow on the connection.
    pub(super) keep: bool,
    /// Whether the version is 1.0, which has to be told that the connection stays.
    pub(super) old: bool,
    pub(super) expects_continue: bool,
}

/// How long the body is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Length {
    /// So many bytes.
    Known(u64),
    /// Until the last chunk.
    Chunked,
}

impl Head {
    /// The first header of that name, in lower case.
    pub(super) fn header<'h>(&'h self, name: &'h str) -> Option<&'h [u8]> {
        self.all(name).next()
    }

    fn all<'h>(&'h self, name: &'h str) -> impl Iterator<Item = &'h [u8]> {
        self.headers.iter().filter(|each| each.0.eq_ignore_ascii_case(name)).map(|each| each.1.as_slice())
    }

    /// The words of all headers of that name, which are separated by commas.
    fn words<'h>(&'h self, name: &'h str) -> impl Iterator<Item = &'h [u8]> {
        self.all(name).flat_map(|value| value.split(|byte| *byte == b',')).map(<[u8]>::trim_ascii)
    }

    fn has_word(&self, name: &str, word: &str) -> bool {
        self.words(name).any(|each| each.eq_ignore_ascii_case(word.as_bytes()))
    }

    pub(super) fn has_body(&self) -> bool {
        self.length != Length::Known(0)
    }
}

/// Reads the next head.
pub(super) async fn read(reader: &mut Reader<'_>) -> Result<Head, Trouble> {
    let (mut looked, mut looks) = (0, 0);
    loop {
        // Empty lines before a request are left over from the one before.
        while let [b'\r' | b'\n', ..] = reader.rest() {
            reader.skip(1);
            looked = 0;
        }
        let rest = reader.rest();
        let complete = ends(rest, looked);
        looked = rest.len();
        looks += 1;
        if (complete || looks <= LOOKS)
            && let Some((head, length)) = parse(rest)?
        {
            reader.skip(length);
            return Ok(head);
        }
        let line = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
        if line > LINE {
            return Err(Refusal::new(414, format!("the request line is longer than {LINE} bytes")).into());
        }
        if rest.len() > HEAD {
            return Err(Refusal::new(431, format!("the head is longer than {HEAD} bytes")).into());
        }
        match reader.fill().await {
            // Nothing more will come, so that what is there is looked at again, however often it was.
            Err(Trouble::Ended) => return parse(reader.rest())?.map(|(head, _)| head).ok_or(Trouble::Ended),
            outcome => outcome?,
        }
    }
}

/// Whether there is an empty line behind some line, of which the first `looked` bytes have none.
fn ends(bytes: &[u8], looked: usize) -> bool {
    let fresh = &bytes[looked.saturating_sub(3)..];
    fresh.windows(2).any(|two| two == b"\n\n") || fresh.windows(3).any(|three| three == b"\n\r\n")
}

/// The head and its length in bytes, where it is complete.
fn parse(bytes: &[u8]) -> Result<Option<(Head, usize)>, Refusal> {
    let mut headers = [EMPTY_HEADER; HEADERS];
    let mut request = httparse::Request::new(&mut headers);
    let length = match request.parse(bytes) {
        Ok(Status::Complete(length)) => length,
        Ok(Status::Partial) => return Ok(None),
        Err(Error::TooManyHeaders) => {
            return Err(Refusal::new(431, format!("there are more than {HEADERS} headers")));
        }
        Err(Error::Version) => return Err(Refusal::new(505, "only HTTP/1.0 and HTTP/1.1 are spoken here")),
        Err(error) => {
            return Err(Refusal::new(400, format!("this is no HTTP request: {error}").to_lowercase()));
        }
    };
    let line = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(0);
    if line > LINE {
        return Err(Refusal::new(414, format!("the request line is longer than {LINE} bytes")));
    }
    if length > HEAD {
        return Err(Refusal::new(431, format!("the head is longer than {HEAD} bytes")));
    }
    let headers = request.headers.iter().map(|each| (each.name.to_owned(), each.value.to_vec())).collect();
    let (path, query) = target(request.path.unwrap_or_default());
    let mut head = Head {
        method: request.method.unwrap_or_default().to_owned(),
        path,
        query,
        headers,
        length: Length::Known(0),
        keep: false,
        old: request.version == Some(0),
        expects_continue: false,
    };
    settle(&mut head)?;
    Ok(Some((head, length)))
}

/// Path and query of a request's target.
fn target(target: &str) -> (String, String) {
    let absolute = target.strip_prefix("http://").or_else(|| target.strip_prefix("https://"));
    let local = match absolute {
        Some(rest) => rest.find(['/', '?']).map_or("/", |start| &rest[start..]),
        None => target,
    };
    let (path, query) = local.split_once('?').unwrap_or((local, ""));
    (if path.is_empty() { "/" } else { path }.to_owned(), query.to_owned())
}

/// Concludes from the headers what they mean together.
fn settle(head: &mut Head) -> Result<(), Refusal> {
    if head.method == "CONNECT" {
        return Err(Refusal::new(501, "there is nothing behind this server to CONNECT to"));
    }
    if !head.old && head.all("host").count() != 1 {
        return Err(Refusal::new(400, "HTTP/1.1 demands one Host header"));
    }
    let encoded = head.all("transfer-encoding").count() > 0;
    let sized = head.all("content-length").count() > 0;
    head.length = match (encoded, sized) {
        (true, true) => return Err(Refusal::new(400, "Content-Length and Transfer-Encoding contradict")),
        (true, false) if head.old => return Err(Refusal::new(400, "HTTP/1.0 has no Transfer-Encoding")),
        (true, false)
            if !head.words("transfer-encoding").all(|word| word.eq_ignore_ascii_case(b"chunked")) =>
        {
            return Err(Refusal::new(501, "no Transfer-Encoding is known but chunked"));
        }
        (true, false) => Length::Chunked,
        (false, true) => Length::Known(content_length(head)?),
        (false, false) => Length::Known(0),
    };
    if head.words("expect").any(|word| !word.eq_ignore_ascii_case(b"100-continue")) {
        return Err(Refusal::new(417, "no expectation is known but 100-continue"));
    }
    head.expects_continue = !head.old && head.header("expect").is_some();
    head.keep = match head.old {
        true => head.has_word("connection", "keep-alive") && !head.has_word("connection", "close"),
        false => !head.has_word("connection", "close"),
    };
    Ok(())
}

fn content_length(head: &Head) -> Result<u64, Refusal> {
    let mut values = head.all("content-length");
    let first = values.next().unwrap_or_default();
    if values.any(|other| other != first) {
        return Err(Refusal::new(400, "there are several Content-Lengths"));
    }
    if first.is_empty() || !first.iter().all(u8::is_ascii_digit) {
        return Err(Refusal::new(400, "Content-Length is not a number"));
    }
    // More than fits is more than is taken.
    Ok(std::str::from_utf8(first).ok().and_then(|digits| digits.parse().ok()).unwrap_or(u64::MAX))
}
