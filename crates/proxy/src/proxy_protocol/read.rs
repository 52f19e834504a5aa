//! The header as it is read, from bytes that may not be all of it yet.

use super::{SIGNATURE, WORD};
use crate::live::Ends;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

/// The longest line of version 1, its end included.
const LINE: usize = 107;
/// The fixed part of version 2.
const FIXED: usize = 16;
/// The longest block of version 2 that is read, what follows the addresses included. Senders add some hundred bytes.
pub(super) const BLOCK: usize = 4096;

/// What the first bytes of a connection are.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Header {
    /// Not decided yet.
    Incomplete,
    /// All of a header.
    Complete {
        /// Between whom the connection is; nothing where the sender speaks for itself, or does not say.
        ends: Option<Ends>,
        /// How many bytes it takes.
        len: usize,
    },
    /// No header, and why not.
    Wrong(&'static str),
}

/// Reads the header that `bytes` begin with.
pub(super) fn read(bytes: &[u8]) -> Header {
    if begins_like(bytes, &SIGNATURE) {
        block(bytes)
    } else if begins_like(bytes, WORD) {
        line(bytes)
    } else {
        Header::Wrong("it does not begin like one")
    }
}

/// Whether one is the beginning of the other.
fn begins_like(bytes: &[u8], word: &[u8]) -> bool {
    bytes.iter().zip(word).all(|(byte, wanted)| byte == wanted)
}

fn line(bytes: &[u8]) -> Header {
    let seen = &bytes[..bytes.len().min(LINE)];
    let Some(end) = seen.windows(2).position(|pair| pair == b"\r\n") else {
        return if seen.len() < LINE { Header::Incomplete } else { Header::Wrong("the line is too long") };
    };
    match std::str::from_utf8(&seen[..end]).ok().and_then(parts) {
        Some(ends) => Header::Complete { ends, len: end + 2 },
        None => Header::Wrong("the line makes no sense"),
    }
}

/// What a line says; `UNKNOWN` says nothing, whatever follows.
fn parts(line: &str) -> Option<Option<Ends>> {
    let rest = line.strip_prefix("PROXY ")?;
    if rest == "UNKNOWN" || rest.starts_with("UNKNOWN ") {
        return Some(None);
    }
    let parts: Vec<&str> = rest.split(' ').collect();
    let [family, source, target, from, to] = parts.as_slice() else { return None };
    let ip: fn(&str) -> Option<IpAddr> = match *family {
        "TCP4" => |text| Ipv4Addr::from_str(text).ok().map(IpAddr::V4),
        "TCP6" => |text| Ipv6Addr::from_str(text).ok().map(IpAddr::V6),
        _ => return None,
    };
    let source = SocketAddr::new(ip(source)?, port(from)?);
    Some(Some(Ends::Ip { source, target: SocketAddr::new(ip(target)?, port(to)?) }))
}

/// A port in its one form: no sign, no zeros in front.
fn port(text: &str) -> Option<u16> {
    text.parse().ok().filter(|port: &u16| port.to_string() == text)
}

fn block(bytes: &[u8]) -> Header {
    let Some((fixed, rest)) = bytes.split_at_checked(FIXED) else { return Header::Incomplete };
    let (command, family) = (fixed[12], fixed[13]);
    let len = usize::from(u16::from_be_bytes([fixed[14], fixed[15]]));
    if command >> 4 != 2 || command & 0xf > 1 {
        return Header::Wrong("the version or the command is unknown");
    }
    if FIXED + len > BLOCK {
        return Header::Wrong("the block is too long");
    }
    let Some(rest) = rest.get(..len) else { return Header::Incomplete };
    let complete = |ends| Header::Complete { ends, len: FIXED + len };
    // The sender speaks for itself, of its own health perhaps.
    if command & 0xf == 0 {
        return complete(None);
    }
    let ends = match family {
        0x11 => ends::<4>(rest),
        0x21 => ends::<16>(rest),
        // Clients of unix sockets are nobody in particular; datagrams and what is to come say nothing of a connection.
        _ => return complete(None),
    };
    ends.map_or(Header::Wrong("the block is too short for its addresses"), |ends| complete(Some(ends)))
}

/// Two addresses of `N` bytes and their ports, and whatever follows.
fn ends<const N: usize>(bytes: &[u8]) -> Option<Ends>
where
    IpAddr: From<[u8; N]>,
{
    let (source, rest) = bytes.split_first_chunk::<N>()?;
    let (target, rest) = rest.split_first_chunk::<N>()?;
    let (from, rest) = rest.split_first_chunk()?;
    let (to, _) = rest.split_first_chunk()?;
    let addr = |ip: &[u8; N], port: &[u8; 2]| SocketAddr::new(IpAddr::from(*ip), u16::from_be_bytes(*port));
    Some(Ends::Ip { source: addr(source, from), target: addr(target, to) })
}
