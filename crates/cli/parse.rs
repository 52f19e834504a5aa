//! Values of options, in the units and with the errors that fault specs have.

use squall::echo::{Mode, ModeError};
use squall::value::Value;
use squall::{Address, Carrier, LinkedSpec, Member, ProxyProtocol, Rate, Relay, Size};
use std::net::{SocketAddr, ToSocketAddrs};
use std::time::Duration;

fn value<T: Value>(text: &str) -> Result<T, String> {
    T::parse(text).map_err(|error| match error.help {
        Some(help) => format!("{}; {help}", error.message),
        None => error.message,
    })
}

pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    value(text)
}

/// A duration of at least a nanosecond.
pub(crate) fn period(text: &str) -> Result<Duration, String> {
    let period: Duration = value(text)?;
    if period.is_zero() { Err("it must be longer than zero".to_owned()) } else { Ok(period) }
}

pub(crate) fn size(text: &str) -> Result<Size, String> {
    value(text)
}

/// A size of at least a byte.
pub(crate) fn piece(text: &str) -> Result<Size, String> {
    let piece = size(text)?;
    if piece.as_bytes() == 0 { Err("it must be at least a byte".to_owned()) } else { Ok(piece) }
}

/// The payload of a datagram: at least a byte, and at most what IPv4 lets through.
pub(crate) fn datagram(text: &str) -> Result<Size, String> {
    let size = piece(text)?;
    if size.as_bytes() > 65_507 { Err("a datagram has at most 65507 bytes".to_owned()) } else { Ok(size) }
}

/// A rate above zero.
pub(crate) fn pace(text: &str) -> Result<Rate, String> {
    let rate: Rate = value(text)?;
    if rate.bits() == 0 { Err("it must be more than zero".to_owned()) } else { Ok(rate) }
}

pub(crate) fn fault(text: &str) -> Result<LinkedSpec, String> {
    text.parse().map_err(|error: squall::SpecError| error.to_string())
}

/// An address to listen on. Names are looked up here, so that a listener is bound to what was meant or not at all.
pub(crate) fn listen(text: &str) -> Result<SocketAddr, String> {
    let endpoint: squall::Endpoint = text.parse().map_err(|error: squall::AddressError| error.to_string())?;
    let found = (endpoint.host.as_str(), endpoint.port).to_socket_addrs();
    let mut found: Vec<_> =
        found.map_err(|error| format!("cannot resolve `{}`: {error}", endpoint.host))?.collect();
    found.sort_by_key(SocketAddr::is_ipv6);
    found.first().copied().ok_or_else(|| format!("`{}` has no address", endpoint.host))
}

/// An address to listen on, which may be that of a unix socket: `unix:PATH`.
pub(crate) fn listen_at(text: &str) -> Result<Address, String> {
    if text.starts_with("unix:") {
        return address(text);
    }
    listen(text).map(Address::from)
}

/// What an echo server does with what it gets.
pub(crate) fn mode(text: &str) -> Result<Mode, String> {
    text.parse().map_err(|error: ModeError| error.to_string())
}

/// What a server calls itself: short enough for a datagram.
pub(crate) fn id(text: &str) -> Result<String, String> {
    if (1..=255).contains(&text.len()) {
        Ok(text.to_owned())
    } else {
        Err("it has 1 to 255 bytes".to_owned())
    }
}

/// The address of `/metrics`: without a port it is 8998.
pub(crate) fn metrics(text: &str) -> Result<SocketAddr, String> {
    with_port(text, 8998)
}

fn with_port(text: &str, port: u16) -> Result<SocketAddr, String> {
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // As a host it would be an address that nobody means.
        return Err(format!("`{text}` is no host; write `:{text}` for the port"));
    }
    if text.parse::<std::net::Ipv6Addr>().is_ok() {
        return listen(&format!("[{text}]:{port}"));
    }
    let host_only = !text.contains(':') || (text.starts_with('[') && text.ends_with(']'));
    if host_only { listen(&format!("{text}:{port}")) } else { listen(text) }
}

/// The address of the control API: without a port it is 8474.
pub(crate) fn control(text: &str) -> Result<SocketAddr, String> {
    with_port(text, 8474)
}

/// The seed: a number, or `random`.
pub(crate) fn seed(text: &str) -> Result<u64, String> {
    if text == "random" {
        return Ok(rand::random());
    }
    text.parse().map_err(|_| "write a whole number below 2^64, or `random`".to_owned())
}

/// As [`seed`], where negative numbers stand for themselves, too: Toxiproxy takes any of 64 bits.
pub(crate) fn any_seed(text: &str) -> Result<u64, String> {
    text.parse::<i64>().map(i64::cast_unsigned).or_else(|_| seed(text))
}

/// A preset, and the link or member that it is for; without one it is for every link of the command.
#[derive(Clone, Debug)]
pub(crate) struct PresetArg {
    pub(crate) link: Option<String>,
    pub(crate) name: &'static str,
}

pub(crate) fn preset(text: &str) -> Result<PresetArg, String> {
    let (link, name) = match text.split_once(':') {
        Some((link, name)) => (Some(link.to_owned()), name),
        None => (None, text),
    };
    match squall::find_preset(name) {
        Some(preset) => Ok(PresetArg { link, name: preset.name }),
        None => Err(match squall::nearest_preset(name) {
            Some(near) => format!("there is no preset `{name}`; did you mean `{near}`?"),
            None => format!("there is no preset `{name}`; `squall presets` lists them"),
        }),
    }
}

/// How bytes are relayed: `auto`, `copy`, `splice`.
pub(crate) fn relay(text: &str) -> Result<Relay, String> {
    match text {
        "auto" => Ok(Relay::Auto),
        "copy" => Ok(Relay::Copy),
        "splice" => Ok(Relay::Splice),
        _ => Err("write auto, copy or splice".to_owned()),
    }
}

/// The version of the PROXY protocol: `v1`, `v2`.
pub(crate) fn proxy_protocol(text: &str) -> Result<ProxyProtocol, String> {
    match text {
        "v1" => Ok(ProxyProtocol::V1),
        "v2" => Ok(ProxyProtocol::V2),
        _ => Err("write v1 or v2".to_owned()),
    }
}

/// Where a link leads, and what it carries where that is said: `HOST:PORT`, `tcp:HOST:PORT`, `udp:HOST:PORT`, `unix:PATH`.
pub(crate) fn upstream(text: &str) -> Result<(Option<Carrier>, Address), String> {
    let (carrier, rest) = match text.split_once(':') {
        Some(("udp", rest)) if rest.contains(':') => (Some(Carrier::Datagram), rest),
        Some(("tcp", rest)) if rest.contains(':') => (Some(Carrier::Stream), rest),
        _ => (None, text),
    };
    match address(rest)? {
        Address::Unix(_) if carrier == Some(Carrier::Datagram) => {
            Err("datagrams go to HOST:PORT, not to a unix socket".to_owned())
        }
        address => Ok((carrier, address)),
    }
}

fn address(text: &str) -> Result<Address, String> {
    text.parse().map_err(|error: squall::AddressError| error.to_string())
}

/// A named link: `NAME=[LISTEN=]UPSTREAM`.
#[derive(Clone, Debug)]
pub(crate) struct LinkArg {
    pub(crate) name: String,
    pub(crate) listen: Option<Address>,
    pub(crate) upstream: (Option<Carrier>, Address),
}

/// LISTEN ends at the first `=` behind which an address stands: paths may have others.
pub(crate) fn link(text: &str) -> Result<LinkArg, String> {
    const WANTED: &str = "write NAME=UPSTREAM or NAME=LISTEN=UPSTREAM";
    let (name, rest) = text.split_once('=').ok_or(WANTED)?;
    self::name(name)?;
    let ends = rest.match_indices('=').map(|(at, _)| (&rest[..at], &rest[at + 1..]));
    let both = ends.clone().find(|(listen_on, upstream)| {
        !listen_on.is_empty() && self::upstream(upstream).is_ok() && is_listen(listen_on)
    });
    // What is wrong with two addresses is better told of them than of one.
    let (listen_on, upstream) =
        match both.or_else(|| ends.clone().next().filter(|_| !rest.starts_with("unix:"))) {
            Some((_, upstream)) if upstream.contains('=') && !upstream.starts_with("unix:") => {
                return Err(WANTED.to_owned());
            }
            Some((listen_on, upstream)) => (Some(listen_at(listen_on)?), upstream),
            None => (None, rest),
        };
    let upstream = self::upstream(upstream)?;
    Ok(LinkArg { name: name.to_owned(), listen: listen_on, upstream })
}

/// Whether it may be an address to listen on, without looking its name up.
fn is_listen(text: &str) -> bool {
    text.parse::<Address>().is_ok()
}

/// A name that can stand before a fault.
pub(crate) fn name(name: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if name.is_empty() || !name.chars().all(plain) {
        return Err(format!("`{name}` is not a name; names are letters, digits, `_` and `-`"));
    }
    if squall::find_kind(name).is_some() {
        return Err(format!("`{name}` is the name of a fault; call the link something else"));
    }
    Ok(name.to_owned())
}

/// A member of a pool: `ADDR[=WEIGHT]`, or `NAME=ADDR[=WEIGHT]`. A number behind the last `=` is a weight, also behind a path; NAME
/// has no colon.
pub(crate) fn member(text: &str) -> Result<Member, String> {
    let number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let (rest, weight) = match text.rsplit_once('=') {
        Some((rest, weight)) if number(weight) => (rest, Some(weight)),
        _ => (text, None),
    };
    let (named, addr) = match rest.split_once('=') {
        Some((name, addr)) if !name.contains(':') => (Some(name), addr),
        _ => (None, rest),
    };
    let rest = addr.strip_prefix("tcp:").filter(|rest| rest.contains(':')).unwrap_or(addr);
    if let (Some((_, behind)), false) = (rest.split_once('='), rest.starts_with("unix:")) {
        return Err(match behind.contains('=') || weight.is_some() {
            true => "write ADDR[=WEIGHT] or NAME=ADDR[=WEIGHT]".to_owned(),
            false => "a weight is a whole number from 0 to 1000".to_owned(),
        });
    }
    let mut member = Member::new(address(rest)?);
    if let Some(named) = named {
        member = member.name(&name(named)?);
    }
    match weight.map(|weight| weight.parse().ok().filter(|weight: &u32| number(&weight.to_string()))) {
        None => Ok(member),
        Some(Some(weight)) => Ok(member.weight(weight)),
        Some(None) => Err("a weight is a whole number from 0 to 1000".to_owned()),
    }
}

/// A limit for every member, or for one: `N`, `MEMBER=N`.
pub(crate) fn member_limit(text: &str) -> Result<(Option<String>, u64), String> {
    let (member, limit) = match text.rsplit_once('=') {
        Some((member, limit)) => (Some(member.to_owned()), limit),
        None => (None, text),
    };
    match limit.parse() {
        Ok(limit @ 1..) => Ok((member, limit)),
        _ => Err("write N or MEMBER=N, at least 1".to_owned()),
    }
}

/// A whole number of at least 1.
pub(crate) fn times(text: &str) -> Result<u32, String> {
    match text.parse() {
        Ok(times @ 1..) => Ok(times),
        _ => Err("write a whole number of at least 1".to_owned()),
    }
}

/// Text with the escapes `\r`, `\n`, `\t`, `\0`, `\\` and `\xHH`.
pub(crate) fn escaped(text: &str) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        if c != '\\' {
            bytes.extend(c.encode_utf8(&mut [0; 4]).bytes());
            continue;
        }
        bytes.push(match rest.next() {
            Some('r') => b'\r',
            Some('n') => b'\n',
            Some('t') => b'\t',
            Some('0') => 0,
            Some('\\') => b'\\',
            Some('x') => {
                let mut digit = || rest.next().and_then(|c| c.to_digit(16));
                let value = digit().zip(digit()).map(|(high, low)| high * 16 + low);
                value.and_then(|value| u8::try_from(value).ok()).ok_or("write two digits after \\x")?
            }
            _ => return Err("write \\r, \\n, \\t, \\0, \\\\ or \\xHH".to_owned()),
        });
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_has_a_name_and_a_weight_where_they_are_given() {
        let addr = |text: &str| text.parse::<Address>().expect("an address");
        assert_eq!(member("10.0.0.1:80"), Ok(Member::new(addr("10.0.0.1:80"))));
        assert_eq!(member("10.0.0.1:80=5"), Ok(Member::new(addr("10.0.0.1:80")).weight(5)));
        assert_eq!(member("a=:80"), Ok(Member::new(addr(":80")).name("a")));
        assert_eq!(member("a=tcp:host:80=0"), Ok(Member::new(addr("host:80")).name("a").weight(0)));
        assert_eq!(member("unix:/a=b=3"), Ok(Member::new(addr("unix:/a=b")).weight(3)));
        assert_eq!(member("a=unix:/b=c"), Ok(Member::new(addr("unix:/b=c")).name("a")));
        for wrong in ["", "a", "a=5", "=:80", "a b=:80", "latency=:80", "a=:80=x", "a=:80=-1", "a=:80=1=2"] {
            assert!(member(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_link_has_two_addresses_where_one_stands_behind_an_equals_sign() {
        let read = |text: &str| {
            link(text).map(|link| (link.listen.map(|l| l.to_string()), link.upstream.1.to_string()))
        };
        for (text, listens, leads_to) in [
            ("db=10.0.0.1:5432", None, "10.0.0.1:5432"),
            ("db=:1=:2", Some("127.0.0.1:1"), "127.0.0.1:2"),
            ("db=unix:/a=unix:/b", Some("unix:/a"), "unix:/b"),
            ("db=unix:/a=:2", Some("unix:/a"), "127.0.0.1:2"),
            ("db=:1=unix:/b=c", Some("127.0.0.1:1"), "unix:/b=c"),
            ("db=unix:/a=b", None, "unix:/a=b"),
            ("db=unix:/a=b=unix:/c", Some("unix:/a=b"), "unix:/c"),
            ("db=tcp:h:1", None, "h:1"),
        ] {
            assert_eq!(read(text), Ok((listens.map(str::to_owned), leads_to.to_owned())), "{text}");
        }
        for wrong in ["db", "db=", "=:1", "db=:1=", "db=:1=:2=:3", "db=unix:", "latency=:1", "db=udp:unix:/a"]
        {
            assert!(link(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_limit_is_for_all_members_or_for_one() {
        assert_eq!(member_limit("5"), Ok((None, 5)));
        assert_eq!(member_limit("127.0.0.1:80=5"), Ok((Some("127.0.0.1:80".to_owned()), 5)));
        assert!(member_limit("0").is_err() && member_limit("a=").is_err());
    }

    #[test]
    fn escapes_are_bytes() {
        assert_eq!(escaped(r"PING\r\n\x00\0\\\t\xfF").as_deref(), Ok(&b"PING\r\n\0\0\\\t\xff"[..]));
        assert!(escaped(r"\x1").is_err() && escaped(r"\q").is_err() && escaped("\\").is_err());
    }

    #[test]
    fn a_host_alone_gets_the_default_port() {
        for (text, metrics_at, control_at) in [
            ("127.0.0.1", "127.0.0.1:8998", "127.0.0.1:8474"),
            ("localhost", "127.0.0.1:8998", "127.0.0.1:8474"),
            ("0.0.0.0", "0.0.0.0:8998", "0.0.0.0:8474"),
            ("[::1]", "[::1]:8998", "[::1]:8474"),
            ("::1", "[::1]:8998", "[::1]:8474"),
            (":9000", "127.0.0.1:9000", "127.0.0.1:9000"),
            ("127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0"),
        ] {
            assert_eq!(metrics(text).map(|addr| addr.to_string()).as_deref(), Ok(metrics_at), "{text}");
            assert_eq!(control(text).map(|addr| addr.to_string()).as_deref(), Ok(control_at), "{text}");
        }
        assert_eq!(metrics("8998").unwrap_err(), "`8998` is no host; write `:8998` for the port");
    }
}
