//! Where each answer ends, and whether it is a success.

use super::Request;
use super::chunks::Chunks;
use crate::counters::Failure;
use crate::talk::Heard;

/// The longest head of an answer.
const HEAD: usize = 64 << 10;
/// Most headers of an answer.
const HEADERS: usize = 128;

/// Reads answers from a connection.
pub(crate) struct HttpEar {
    /// Whether answers have no body whatever they say.
    head_only: bool,
    /// The head as far as it came.
    head: Vec<u8>,
    body: Option<Body>,
    status: u16,
    /// Bytes of this answer.
    received: u64,
    last: bool,
}

enum Body {
    Length(u64),
    Chunked(Chunks),
    UntilEnd,
}

/// What a head says.
struct Head {
    length: usize,
    status: u16,
    body: Body,
    last: bool,
}

impl HttpEar {
    pub(crate) fn new(request: &Request) -> HttpEar {
        let head_only = request.is_head();
        HttpEar { head_only, head: Vec::new(), body: None, status: 0, received: 0, last: false }
    }

    pub(crate) fn is_last(&self) -> bool {
        self.last
    }

    pub(crate) fn hear(&mut self, bytes: &[u8]) -> Heard {
        let mut used = 0;
        loop {
            if self.body.is_none() {
                match self.hear_head(&bytes[used..]) {
                    Ok(Some(n)) => used += n,
                    Ok(None) => return Heard::More,
                    Err(failure) => return Heard::Broken(failure),
                }
            }
            let rest = &bytes[used..];
            let (n, over) = match &mut self.body {
                None => continue,
                Some(Body::Length(left)) => {
                    let n = rest.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                    *left -= n as u64;
                    (n, *left == 0)
                }
                Some(Body::Chunked(chunks)) => match chunks.take(rest) {
                    Ok(n) => (n, chunks.is_done()),
                    Err(_) => return Heard::Broken(Failure::Malformed),
                },
                Some(Body::UntilEnd) => (rest.len(), false),
            };
            self.received += n as u64;
            return if over { self.over(used + n) } else { Heard::More };
        }
    }

    /// The target has finished.
    pub(crate) fn end(&mut self) -> Heard {
        match self.body {
            Some(Body::UntilEnd) => self.over(0),
            _ => Heard::Broken(Failure::Closed),
        }
    }

    fn over(&mut self, used: usize) -> Heard {
        self.body = None;
        let received = std::mem::take(&mut self.received);
        let result = match self.status / 100 {
            2 => Ok(()),
            class => Err(Failure::Status(class)),
        };
        Heard::Over { used, which: 0, received, result }
    }

    /// How many of the bytes belong to the head, once it is complete.
    fn hear_head(&mut self, bytes: &[u8]) -> Result<Option<usize>, Failure> {
        let had = self.head.len();
        // Most heads come in one piece and need not be kept.
        let read = if had == 0 {
            self.read_head(bytes)
        } else {
            self.head.extend_from_slice(bytes);
            self.read_head(&self.head)
        };
        let Some(head) = read? else {
            if had == 0 {
                self.head.extend_from_slice(bytes);
            }
            return if self.head.len() > HEAD { Err(Failure::Malformed) } else { Ok(None) };
        };
        self.head.clear();
        self.received += head.length as u64;
        // Something that is only for now is followed by the answer itself.
        if !(100..200).contains(&head.status) {
            self.status = head.status;
            self.last = head.last;
            self.body = Some(head.body);
        }
        Ok(Some(head.length - had))
    }

    fn read_head(&self, bytes: &[u8]) -> Result<Option<Head>, Failure> {
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
            named.filter_map(|header| std::str::from_utf8(header.value).ok())
        };
        let lists = |name, word: &str| {
            values(name).any(|value| value.split(',').any(|item| item.trim().eq_ignore_ascii_case(word)))
        };
        let old = response.version == Some(0);
        let last = lists("connection", "close") || (old && !lists("connection", "keep-alive"));
        let length_given = values("content-length").next().map(|text| text.trim().parse::<u64>());
        let body = if self.head_only || matches!(status, 100..=199 | 204 | 304) {
            Body::Length(0)
        } else if lists("transfer-encoding", "chunked") {
            Body::Chunked(Chunks::default())
        } else {
            match length_given {
                Some(length) => Body::Length(length.map_err(|_| Failure::Malformed)?),
                None => Body::UntilEnd,
            }
        };
        let last = last || matches!(body, Body::UntilEnd);
        Ok(Some(Head { length, status, body, last }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ear(method: &str) -> HttpEar {
        HttpEar::new(&Request::new(method, "/", "host", &[], b"").expect("a request"))
    }

    /// What comes of `bytes` in parts of `size`: results of answers with their lengths.
    fn heard(ear: &mut HttpEar, bytes: &[u8], size: usize) -> Vec<(u64, Result<(), Failure>)> {
        let mut answers = Vec::new();
        for part in bytes.chunks(size) {
            let mut at = 0;
            while at < part.len() {
                match ear.hear(&part[at..]) {
                    Heard::More => break,
                    Heard::Over { used, received, result, .. } => {
                        answers.push((received, result));
                        at += used;
                    }
                    Heard::Broken(failure) => return [answers, vec![(0, Err(failure))]].concat(),
                }
            }
        }
        answers
    }

    #[test]
    fn answers_in_a_row_are_told_apart_however_they_are_cut() {
        let text = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello\
            HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 503 No\r\ncontent-length: 0\r\n\r\n\
            HTTP/1.1 204 Nothing\r\n\r\n\
            HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
        for size in 1..text.len() {
            let answers = heard(&mut ear("GET"), text, size);
            let results: Vec<_> = answers.iter().map(|(_, result)| *result).collect();
            assert_eq!(results, [Ok(()), Err(Failure::Status(5)), Ok(()), Ok(())], "in parts of {size}");
            assert_eq!(answers.iter().map(|(n, _)| n).sum::<u64>(), text.len() as u64);
        }
    }

    #[test]
    fn an_answer_to_head_has_no_body() {
        let answers = heard(&mut ear("HEAD"), b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", 100);
        assert_eq!(answers, [(38, Ok(()))]);
    }

    #[test]
    fn a_body_without_a_length_ends_with_the_connection() {
        let mut ear = ear("GET");
        assert_eq!(heard(&mut ear, b"HTTP/1.0 200 OK\r\n\r\nhello", 7), []);
        assert!(ear.is_last());
        assert_eq!(ear.end(), Heard::Over { used: 0, which: 0, received: 24, result: Ok(()) });
        assert_eq!(ear.end(), Heard::Broken(Failure::Closed));
    }

    #[test]
    fn what_is_no_answer_is_malformed() {
        for text in [&b"SSH-2.0-x\r\n"[..], b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"] {
            assert_eq!(heard(&mut ear("GET"), text, 100), [(0, Err(Failure::Malformed))]);
        }
    }
}
