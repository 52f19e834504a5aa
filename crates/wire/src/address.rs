//! Addresses as people write them: `HOST:PORT`, `:PORT`, `[::1]:80`.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

/// A host, by name or by address, and a port. `:PORT` means the loopback host `127.0.0.1`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Endpoint {
    /// A name or an IP address, the latter without brackets.
    pub host: String,
    /// The port; 0 asks for any free one where something listens.
    pub port: u16,
}

/// Why a text is no [`Endpoint`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AddressError {
    /// There is no colon, or nothing after it.
    MissingPort(String),
    /// What follows the colon is not a number from 0 to 65535.
    BadPort(String),
    /// An IPv6 address without brackets, or brackets around something else.
    BadHost(String),
    /// Behind `unix:` is no path.
    BadPath(String),
    /// Behind `unix:` is a path that no socket can have.
    LongPath(String),
}

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MissingPort(text) => write!(f, "missing port in `{text}`; write HOST:PORT"),
            Self::BadPort(text) => write!(f, "bad port in `{text}`; write a number from 0 to 65535"),
            Self::BadPath(text) => write!(f, "bad path in `{text}`; write unix:PATH"),
            Self::LongPath(text) => {
                write!(f, "path too long in `{text}`; unix sockets take some 100 bytes")
            }
            Self::BadHost(text) => {
                write!(f, "bad host in `{text}`; write HOST:PORT, or [ADDRESS]:PORT for IPv6")
            }
        }
    }
}

impl std::error::Error for AddressError {}

impl FromStr for Endpoint {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let bad_host = || AddressError::BadHost(text.to_owned());
        if text.parse::<Ipv6Addr>().is_ok() {
            return Err(bad_host());
        }
        let missing_port = || AddressError::MissingPort(text.to_owned());
        let (host, port) = text.rsplit_once(':').ok_or_else(missing_port)?;
        let bracketed = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        if port.is_empty() || (host.starts_with('[') && bracketed.is_none()) {
            return Err(missing_port());
        }
        // `parse` alone would let a plus sign pass.
        let digits = port.bytes().all(|byte| byte.is_ascii_digit());
        let port =
            port.parse().ok().filter(|_| digits).ok_or_else(|| AddressError::BadPort(text.to_owned()))?;
        let host = match bracketed {
            Some(host) => host.parse::<Ipv6Addr>().map_err(|_| bad_host())?.to_string(),
            None if host.is_empty() => Ipv4Addr::LOCALHOST.to_string(),
            None if host.contains(|c: char| c == ':' || c.is_whitespace() || c.is_control()) => {
                return Err(bad_host());
            }
            None => host.to_owned(),
        };
        Ok(Self { host, port })
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

impl From<SocketAddr> for Endpoint {
    fn from(addr: SocketAddr) -> Self {
        Self { host: addr.ip().to_string(), port: addr.port() }
    }
}

impl Endpoint {
    /// The addresses behind the name, IPv4 first, never none. An address, or `localhost`, is not looked up, so
    /// those work in a virtual world too. Must run inside a tokio runtime.
    ///
    /// # Errors
    /// When the name is unknown or the resolver fails; the error names the host.
    pub async fn resolve(&self) -> io::Result<Vec<SocketAddr>> {
        if let Ok(ip) = self.host.parse::<IpAddr>() {
            return Ok(vec![SocketAddr::new(ip, self.port)]);
        }
        if self.host.eq_ignore_ascii_case("localhost") {
            let loopback: [IpAddr; 2] = [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
            return Ok(loopback.map(|ip| SocketAddr::new(ip, self.port)).into());
        }
        let found = tokio::net::lookup_host((self.host.as_str(), self.port)).await;
        let mut found: Vec<_> = found.map_err(|error| self.unresolved(error.kind(), &error))?.collect();
        if found.is_empty() {
            return Err(self.unresolved(io::ErrorKind::NotFound, &"no address"));
        }
        found.sort_by_key(SocketAddr::is_ipv6);
        Ok(found)
    }

    fn unresolved(&self, kind: io::ErrorKind, why: &dyn fmt::Display) -> io::Error {
        io::Error::new(kind, format!("cannot resolve `{}`: {why}", self.host))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_understood_and_shown_again() {
        for (text, host, port, shown) in [
            ("example.org:80", "example.org", 80, "example.org:80"),
            ("127.0.0.1:0", "127.0.0.1", 0, "127.0.0.1:0"),
            (":8080", "127.0.0.1", 8080, "127.0.0.1:8080"),
            ("[::1]:443", "::1", 443, "[::1]:443"),
            ("[0:0::1]:443", "::1", 443, "[::1]:443"),
        ] {
            let endpoint: Endpoint = text.parse().unwrap();
            assert_eq!((endpoint.host.as_str(), endpoint.port), (host, port), "{text}");
            assert_eq!(endpoint.to_string(), shown);
        }
    }

    #[test]
    fn what_is_wrong_is_told() {
        for (text, told) in [
            ("foo", "missing port in `foo`; write HOST:PORT"),
            ("foo:", "missing port in `foo:`; write HOST:PORT"),
            ("[::1]", "missing port in `[::1]`; write HOST:PORT"),
            ("", "missing port in ``; write HOST:PORT"),
            ("foo:65536", "bad port in `foo:65536`; write a number from 0 to 65535"),
            ("foo:+80", "bad port in `foo:+80`; write a number from 0 to 65535"),
            ("::1:80", "bad host in `::1:80`; write HOST:PORT, or [ADDRESS]:PORT for IPv6"),
            ("fe80::x:80", "bad host in `fe80::x:80`; write HOST:PORT, or [ADDRESS]:PORT for IPv6"),
            ("[foo]:80", "bad host in `[foo]:80`; write HOST:PORT, or [ADDRESS]:PORT for IPv6"),
            ("a b:80", "bad host in `a b:80`; write HOST:PORT, or [ADDRESS]:PORT for IPv6"),
        ] {
            assert_eq!(text.parse::<Endpoint>().unwrap_err().to_string(), told);
        }
    }

    #[test]
    fn an_address_needs_no_lookup() {
        let endpoint: Endpoint = "[::1]:7".parse().unwrap();
        let found = tokio_test::block_on(endpoint.resolve()).unwrap();
        assert_eq!(found, ["[::1]:7".parse().unwrap()]);
    }

    #[test]
    fn localhost_is_ipv4_first() {
        let endpoint: Endpoint = "localhost:7".parse().unwrap();
        let found = tokio_test::block_on(endpoint.resolve()).unwrap();
        assert_eq!(found, ["127.0.0.1:7".parse().unwrap(), "[::1]:7".parse().unwrap()]);
    }

    #[test]
    fn a_failed_lookup_names_the_host() {
        let endpoint = Endpoint { host: "no such host".into(), port: 1 };
        let error = tokio_test::block_on(endpoint.resolve()).unwrap_err();
        assert!(error.to_string().starts_with("cannot resolve `no such host`: "), "{error}");
    }
}
