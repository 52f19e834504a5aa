//! The words of SOCKS 5 (RFC 1928), 4 and 4a.

use super::ask::{Manner, Step, Wish, endpoint};
use crate::pump::Start;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

pub(super) const VERSION_4: &u8 = &4;
pub(super) const VERSION_5: &u8 = &5;
/// Nobody has to say who they are.
pub(super) const WELCOME: [u8; 2] = [5, 0];
pub(super) const NO_METHOD: [u8; 2] = [5, 0xff];
pub(super) const GRANTED: u8 = 0;

const CONNECT: u8 = 1;
const FAILED: u8 = 1;
const FORBIDDEN: u8 = 2;
const NETWORK_UNREACHABLE: u8 = 3;
const HOST_UNREACHABLE: u8 = 4;
const REFUSED: u8 = 5;
const UNKNOWN_COMMAND: u8 = 7;
const UNKNOWN_ADDRESS: u8 = 8;
/// The most that a request of version 4 takes: a user and a name are as long as they like.
const LONGEST_4: usize = 1024;

/// How long the greeting is, and whether its client may stay nameless; nothing while it is not complete.
pub(super) fn greeting(heard: &[u8]) -> Option<(usize, bool)> {
    let len = 2 + usize::from(*heard.get(1)?);
    let methods = heard.get(2..len)?;
    Some((len, methods.contains(&0)))
}

/// A request of version 5.
pub(super) fn request_5(heard: &[u8]) -> Step {
    let &[_, command, _, kind, first, ref rest @ ..] = heard else { return Step::More };
    let len = match kind {
        1 => 4,
        3 => 1 + usize::from(first),
        4 => 16,
        _ => return Step::End(answer_5(UNKNOWN_ADDRESS)),
    };
    if command != CONNECT {
        return Step::End(answer_5(UNKNOWN_COMMAND));
    }
    let address = &heard[4..];
    let Some((address, &[high, low, ref early @ ..])) = address.split_at_checked(len) else {
        return Step::More;
    };
    let port = u16::from_be_bytes([high, low]);
    let target = match (kind, <[u8; 4]>::try_from(address), <[u8; 16]>::try_from(address)) {
        (1, Ok(ip), _) => endpoint(IpAddr::from(Ipv4Addr::from(ip)).to_string().as_bytes(), port),
        (4, _, Ok(ip)) => endpoint(IpAddr::from(Ipv6Addr::from(ip)).to_string().as_bytes(), port),
        _ => endpoint(&rest[..len - 1], port),
    };
    match target {
        Some(target) => Step::Wish(Wish { target, manner: Manner::Socks5, start: Start::tunnel(early) }),
        None => Step::End(answer_5(FAILED)),
    }
}

/// A request of version 4: command, port, address, user; of 4a, the name instead of an address behind it.
pub(super) fn request_4(heard: &[u8]) -> Step {
    let incomplete = if heard.len() < LONGEST_4 { Step::More } else { Step::End(answer_4(false)) };
    let &[_, command, high, low, a, b, c, d, ref rest @ ..] = heard else { return Step::More };
    let Some((_, rest)) = until_zero(rest) else { return incomplete };
    let named = [a, b, c] == [0; 3] && d != 0;
    let (target, early) = match named {
        true => match until_zero(rest) {
            Some((name, early)) => (endpoint(name, u16::from_be_bytes([high, low])), early),
            None => return incomplete,
        },
        false => {
            let ip = Ipv4Addr::new(a, b, c, d).to_string();
            (endpoint(ip.as_bytes(), u16::from_be_bytes([high, low])), rest)
        }
    };
    match target {
        Some(target) if command == CONNECT => {
            Step::Wish(Wish { target, manner: Manner::Socks4, start: Start::tunnel(early) })
        }
        _ => Step::End(answer_4(false)),
    }
}

fn until_zero(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = bytes.iter().position(|byte| *byte == 0)?;
    Some((&bytes[..at], &bytes[at + 1..]))
}

/// The answer of version 5. Where the relay's own end is, which is asked for with other commands, it does not say.
pub(super) fn answer_5(code: u8) -> Vec<u8> {
    vec![5, code, 0, 1, 0, 0, 0, 0, 0, 0]
}

pub(super) fn answer_4(granted: bool) -> Vec<u8> {
    vec![0, if granted { 0x5a } else { 0x5b }, 0, 0, 0, 0, 0, 0]
}

/// Why a server could not be reached, in version 5.
pub(super) fn code(error: &io::Error) -> u8 {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => REFUSED,
        io::ErrorKind::NetworkUnreachable => NETWORK_UNREACHABLE,
        io::ErrorKind::PermissionDenied => FORBIDDEN,
        // A name that is not known, too.
        _ => HOST_UNREACHABLE,
    }
}
