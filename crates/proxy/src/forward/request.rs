//! A request to a proxy as its server is to have it: for one connection, without what was meant for the proxy.

use httparse::Header;
use squall_wire::Endpoint;

/// A request for a server.
pub(super) struct Rewritten {
    pub(super) target: Endpoint,
    pub(super) head: Vec<u8>,
    /// How many bytes of body follow; `u64::MAX` where the body itself says when it ends.
    pub(super) body: u64,
}

/// Fields that are for the proxy, beside those that `Connection` names.
const OURS: [&str; 8] = [
    "connection",
    "host",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "upgrade",
];

/// Rewrites a request for `http://HOST[:PORT]/PATH`.
///
/// The server is told to close, so that the client does not send a request for somebody else along the same connection.
pub(super) fn rewrite(
    method: &str,
    target: &str,
    version: u8,
    fields: &[Header<'_>],
) -> Result<Rewritten, String> {
    let (to, authority, path) = split(target)?;
    let body = body(version, fields)?;
    let path = match path {
        "" if method == "OPTIONS" => "*".to_owned(),
        path if path.starts_with('/') => path.to_owned(),
        path => format!("/{path}"),
    };
    let mut head = format!("{method} {path} HTTP/1.{version}\r\nHost: {authority}\r\n").into_bytes();
    for field in fields.iter().filter(|field| !is_ours(field.name, fields)) {
        head.extend_from_slice(field.name.as_bytes());
        head.extend_from_slice(b": ");
        head.extend_from_slice(field.value);
        head.extend_from_slice(b"\r\n");
    }
    head.extend_from_slice(b"Connection: close\r\n\r\n");
    Ok(Rewritten { target: to, head, body })
}

/// The server, the words for it, and what is asked of it.
fn split(target: &str) -> Result<(Endpoint, &str, &str), String> {
    let scheme = target.get(..7).filter(|scheme| scheme.eq_ignore_ascii_case("http://"));
    if scheme.is_none() {
        return Err(match target.split_once("://") {
            Some((scheme, _)) => format!("`{scheme}` is not relayed by request; use CONNECT HOST:PORT"),
            None => {
                "this is a proxy: it takes CONNECT HOST:PORT and requests for http://HOST/PATH".to_owned()
            }
        });
    }
    let rest = target.get(7..).unwrap_or_default();
    let rest = rest.split('#').next().unwrap_or_default();
    let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let bad = || format!("no HOST in `{target}`");
    let has_port = authority.rsplit_once(':').is_some_and(|(_, port)| !port.ends_with(']'));
    let written = if has_port { authority.to_owned() } else { format!("{authority}:80") };
    // An empty port stands for the usual one.
    let written = if written.ends_with(':') { written + "80" } else { written };
    if authority.is_empty() || authority.starts_with(':') || authority.contains('@') {
        return Err(bad());
    }
    Ok((written.parse().map_err(|_| bad())?, authority, path))
}

/// Whether a field goes no further.
fn is_ours(name: &str, fields: &[Header<'_>]) -> bool {
    // Never what says where the body ends.
    if is(name, "content-length") || is(name, "transfer-encoding") {
        return false;
    }
    let named = fields.iter().filter(|field| is(field.name, "connection")).any(|field| {
        field
            .value
            .split(|byte| *byte == b',')
            .any(|word| word.trim_ascii().eq_ignore_ascii_case(name.as_bytes()))
    });
    named || OURS.iter().any(|ours| is(name, ours))
}

fn is(name: &str, other: &str) -> bool {
    name.eq_ignore_ascii_case(other)
}

/// How long the body is. Two answers to that are none: the server might believe the other one.
fn body(version: u8, fields: &[Header<'_>]) -> Result<u64, String> {
    let values =
        |name: &'static str| fields.iter().filter(move |field| is(field.name, name)).map(|field| field.value);
    let mut lengths = values("content-length");
    let chunked = values("transfer-encoding").collect::<Vec<_>>();
    match (lengths.next(), &chunked[..]) {
        (None, []) => Ok(0),
        (None, [coding]) if version == 1 && coding.trim_ascii().eq_ignore_ascii_case(b"chunked") => {
            Ok(u64::MAX)
        }
        (Some(length), []) if lengths.all(|other| other == length) => {
            let digits = std::str::from_utf8(length)
                .ok()
                .filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
            digits
                .and_then(|digits| digits.parse().ok())
                .ok_or_else(|| "no number in Content-Length".to_owned())
        }
        _ => Err("it is not clear where the body ends".to_owned()),
    }
}
