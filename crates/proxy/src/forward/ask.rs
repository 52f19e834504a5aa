//! What a client says before it is connected: which protocol, and where it wants to go. No I/O.

use super::{http, socks};
use crate::pump::Start;
use squall_wire::Endpoint;
use std::io;

/// The bytes that a client has sent so far.
#[derive(Default)]
pub(super) struct Ask {
    heard: Vec<u8>,
    /// How many have been looked at in vain.
    seen: usize,
    /// A client of SOCKS 5 has been told that it need not say who it is.
    greeted: bool,
}

/// What is to be done next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// More has to come.
    More,
    /// Send this, and ask again.
    Say(Vec<u8>),
    /// Connect it.
    Wish(Wish),
    /// Send this, and close.
    End(Vec<u8>),
}

/// Where a client wants to go.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Wish {
    pub(super) target: Endpoint,
    /// How to answer.
    pub(super) manner: Manner,
    /// What it has for the server already.
    pub(super) start: Start,
}

/// How a client is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    Socks4,
    Socks5,
    Connect,
    /// A request that was passed on: the server answers. With or without a body, where it cannot.
    Request {
        body: bool,
    },
}

impl Ask {
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.heard.extend_from_slice(bytes);
    }

    /// What to do about what was heard. After a wish or an end it is not to be asked again.
    pub(super) fn step(&mut self) -> Step {
        match self.heard.first() {
            None => Step::More,
            Some(socks::VERSION_5) if !self.greeted => match socks::greeting(&self.heard) {
                None => Step::More,
                Some((len, true)) => {
                    self.heard.drain(..len);
                    self.greeted = true;
                    Step::Say(socks::WELCOME.to_vec())
                }
                Some((_, false)) => Step::End(socks::NO_METHOD.to_vec()),
            },
            Some(socks::VERSION_5) => socks::request_5(&self.heard),
            Some(socks::VERSION_4) if !self.greeted => socks::request_4(&self.heard),
            Some(first) if first.is_ascii_alphabetic() && !self.greeted => self.head(),
            // TLS, say: an answer that it does not understand would only mislead.
            Some(_) => Step::End(Vec::new()),
        }
    }

    /// Looks for the end of a request's head, at each byte once.
    fn head(&mut self) -> Step {
        let from = self.seen.saturating_sub(3);
        let unseen = &self.heard[from..];
        let ends = |rest: &[u8]| {
            [&b"\n\n"[..], b"\n\r\n"].iter().find(|end| rest.starts_with(end)).map(|end| end.len())
        };
        let end = (0..unseen.len()).find_map(|at| Some(from + at + ends(&unseen[at..])?));
        self.seen = self.heard.len();
        match end {
            Some(end) if end <= http::HEAD => http::request(&self.heard[..end], &self.heard[end..]),
            None if self.heard.len() <= http::HEAD => Step::More,
            Some(_) | None => Step::End(http::too_large()),
        }
    }
}

impl Manner {
    /// What a client that was connected is told.
    pub(super) fn yes(self) -> Vec<u8> {
        match self {
            Manner::Socks4 => socks::answer_4(true),
            Manner::Socks5 => socks::answer_5(socks::GRANTED),
            Manner::Connect => http::CONNECTED.to_vec(),
            Manner::Request { .. } => Vec::new(),
        }
    }

    /// What a client that could not be connected is told.
    pub(super) fn no(self, target: &Endpoint, error: &io::Error) -> Vec<u8> {
        match self {
            Manner::Socks4 => socks::answer_4(false),
            Manner::Socks5 => socks::answer_5(socks::code(error)),
            Manner::Connect => http::unreached(target, error, true),
            Manner::Request { body } => http::unreached(target, error, body),
        }
    }
}

/// A target as a client names it; nothing where it makes no sense.
pub(super) fn endpoint(host: &[u8], port: u16) -> Option<Endpoint> {
    let host = std::str::from_utf8(host).ok()?;
    let odd = |c: char| c.is_whitespace() || c.is_control();
    (!host.is_empty() && !host.contains(odd)).then(|| Endpoint { host: host.to_owned(), port })
}
