//! What is loaded: a protocol and an address.

use crate::Failure;
use squall::load::Load;
use squall::{Address, AddressError, Endpoint};
use std::net::{SocketAddr, ToSocketAddrs};
use std::os::unix::net::SocketAddr as SocketFile;

/// A target as it was written, and what that means.
#[derive(Clone, Debug)]
pub(super) struct Target {
    pub(super) written: String,
    pub(super) protocol: Protocol,
    address: Address,
}

/// What is spoken to a target.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Protocol {
    Tcp,
    Udp,
    /// With the path of the requests, and the host as it was written.
    Http {
        path: String,
        host: String,
    },
}

pub(super) fn parse(text: &str) -> Result<Target, String> {
    if let Some((protocol, path)) = unix(text) {
        // The system would only say so once it is too late to call it a mistake.
        SocketFile::from_pathname(path)
            .map_err(|_| format!("`{path}` is too long, or no path, for a unix socket"))?;
        let address = format!("unix:{path}").parse().map_err(|error: AddressError| error.to_string())?;
        return Ok(Target { written: text.to_owned(), protocol, address });
    }
    let (protocol, address) = match text.split_once("://") {
        Some(("tcp", address)) => (Protocol::Tcp, address),
        Some(("udp", address)) => (Protocol::Udp, address),
        Some(("http", rest)) => {
            let at = rest.find(['/', '?']).unwrap_or(rest.len());
            let (host, path) = rest.split_at(at);
            let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
            // A fragment is for whoever reads the answer.
            let path = path.split('#').next().unwrap_or("/").to_owned();
            (Protocol::Http { path, host: host.to_owned() }, host)
        }
        Some(("https", _)) => return Err("TLS is not spoken; http:// is".to_owned()),
        Some((scheme, _)) => {
            return Err(format!("`{scheme}` is unknown; write tcp://, udp://, http:// or unix:PATH"));
        }
        None => match text.split_once(':') {
            Some(("udp", address)) if address.contains(':') => (Protocol::Udp, address),
            Some(("tcp", address)) if address.contains(':') => (Protocol::Tcp, address),
            _ => (Protocol::Tcp, text),
        },
    };
    let address = match &protocol {
        Protocol::Http { .. } if !has_port(address) => format!("{address}:80"),
        _ => address.to_owned(),
    };
    let endpoint: Endpoint = address.parse().map_err(|error: AddressError| error.to_string())?;
    Ok(Target { written: text.to_owned(), protocol, address: endpoint.into() })
}

/// What is spoken over a unix socket, and its path: `unix:PATH`, `http+unix:PATH` and `http+unix:PATH:/request`.
fn unix(text: &str) -> Option<(Protocol, &str)> {
    if let Some(path) = text.strip_prefix("unix:") {
        // As a URL has it: three slashes, one of which is the path's.
        return Some((Protocol::Tcp, path.strip_prefix("//").unwrap_or(path)));
    }
    let rest = text.strip_prefix("http+unix:")?;
    let rest = rest.strip_prefix("//").unwrap_or(rest);
    let (path, request) = rest.split_once(":/").unwrap_or((rest, ""));
    let request = request.split('#').next().unwrap_or_default();
    Some((Protocol::Http { path: format!("/{request}"), host: "localhost".to_owned() }, path))
}

fn has_port(host: &str) -> bool {
    host.rsplit_once(':').is_some_and(|(before, _)| !before.contains(':') || before.ends_with(']'))
}

impl Target {
    /// Whether it is a unix socket.
    pub(super) fn is_unix(&self) -> bool {
        matches!(self.address, Address::Unix(_))
    }

    /// A load on it. Names are looked up now, and give an address of the version that is wanted where there is a wish.
    pub(super) fn load(&self, ipv4: Option<bool>) -> Result<Load, Failure> {
        match &self.address {
            Address::Unix(path) => Ok(Load::unix(path)),
            Address::Ip(endpoint) => resolve(endpoint, ipv4).map(Load::new),
        }
    }
}

/// The address of an endpoint, of the version that is wanted where there is a wish, else of version 4 where it has one.
fn resolve(endpoint: &Endpoint, ipv4: Option<bool>) -> Result<SocketAddr, Failure> {
    let Endpoint { host, port } = endpoint;
    let found = (host.as_str(), *port).to_socket_addrs();
    let found = found.map_err(|error| Failure::environment(format!("cannot resolve `{host}`: {error}")))?;
    let mut found: Vec<_> = found.filter(|addr| ipv4.is_none_or(|ipv4| addr.is_ipv4() == ipv4)).collect();
    found.sort_by_key(SocketAddr::is_ipv6);
    let first = found.first().copied();
    first.ok_or_else(|| Failure::environment(format!("`{host}` has no address that can be used")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_read() {
        let read = |text| parse(text).map(|target| (target.protocol, target.address.to_string()));
        let http = |path: &str, host: &str| Protocol::Http { path: path.to_owned(), host: host.to_owned() };
        assert_eq!(read("tcp://localhost:9"), Ok((Protocol::Tcp, "localhost:9".to_owned())));
        assert_eq!(read(":9"), Ok((Protocol::Tcp, "127.0.0.1:9".to_owned())));
        assert_eq!(read("udp:localhost:9"), Ok((Protocol::Udp, "localhost:9".to_owned())));
        assert_eq!(read("udp://[::1]:9"), Ok((Protocol::Udp, "[::1]:9".to_owned())));
        assert_eq!(read("http://a.test/b?c#d"), Ok((http("/b?c", "a.test"), "a.test:80".to_owned())));
        assert_eq!(read("http://a.test:8?c"), Ok((http("/?c", "a.test:8"), "a.test:8".to_owned())));
        assert_eq!(read("unix:a b"), Ok((Protocol::Tcp, "unix:a b".to_owned())));
        assert_eq!(read("unix:///tmp/a"), Ok((Protocol::Tcp, "unix:/tmp/a".to_owned())));
        assert_eq!(read("http+unix:a"), Ok((http("/", "localhost"), "unix:a".to_owned())));
        assert_eq!(read("http+unix:/a:/b?c#d"), Ok((http("/b?c", "localhost"), "unix:/a".to_owned())));
        let long = format!("unix:/{}", "a".repeat(200));
        for wrong in
            ["https://a.test", "ftp://a.test:1", "unix:", &long, "http+unix:", "a.test", "tcp://a.test"]
        {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
