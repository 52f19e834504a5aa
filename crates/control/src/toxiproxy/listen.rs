//! Addresses to listen on as Go reads them, and its words where one cannot be had.

use squall_wire::{Address, Endpoint};
use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Why an address means nothing, as Go tells it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct ResolveError(String);

impl fmt::Display for ResolveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl ResolveError {
    /// The same from whoever wanted to listen there.
    pub(crate) fn listening(&self) -> String {
        format!("listen tcp: {self}")
    }
}

/// What an address says, with the host's name looked up.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Listen {
    /// A port.
    Tcp {
        /// Nothing where every address of this machine is meant.
        ip: Option<IpAddr>,
        port: u16,
    },
    /// A unix socket, which is squall's own: `unix:PATH`.
    Unix(Address),
}

impl Listen {
    /// Reads `text` and looks up its host, IPv4 first. Everything that is no name is understood at once.
    ///
    /// # Errors
    /// Where there is no port, or it is none, or the host is unknown.
    pub(crate) async fn resolve(text: &str) -> Result<Listen, ResolveError> {
        if text.is_empty() {
            return Ok(Listen::Tcp { ip: None, port: 0 });
        }
        if text.starts_with("unix:") {
            return text
                .parse()
                .map(Listen::Unix)
                .map_err(|error: squall_wire::AddressError| ResolveError(error.to_string()));
        }
        let (host, port) = split(text)?;
        let port = port_number(port)?;
        if host.is_empty() {
            return Ok(Listen::Tcp { ip: None, port });
        }
        if let Ok(ip) = host.parse::<IpAddr>() {
            return Ok(Listen::Tcp { ip: Some(ip).filter(|ip| !ip.is_unspecified()), port });
        }
        let unknown = |_| ResolveError(format!("lookup {host}: no such host"));
        let found = Endpoint { host: host.to_owned(), port }.resolve().await.map_err(unknown)?;
        Ok(Listen::Tcp { ip: found.first().map(SocketAddr::ip), port })
    }

    /// What to bind: where every address is meant that of IPv6 first, which takes callers of either kind.
    pub(crate) fn candidates(&self) -> Vec<Address> {
        let (ips, port) = match self {
            Listen::Tcp { ip: Some(ip), port } => (vec![*ip], *port),
            Listen::Tcp { ip: None, port } => {
                (vec![IpAddr::V6(Ipv6Addr::UNSPECIFIED), IpAddr::V4(Ipv4Addr::UNSPECIFIED)], *port)
            }
            Listen::Unix(address) => return vec![address.clone()],
        };
        ips.into_iter().map(|ip| SocketAddr::new(ip, port).into()).collect()
    }

    /// Whether a proxy that reports `shown` listens here. A port that is still to be chosen is another one.
    pub(crate) fn is_at(&self, shown: &str) -> bool {
        match self {
            Listen::Tcp { ip, port } => {
                *port != 0
                    && shown.parse().is_ok_and(|shown: SocketAddr| {
                        shown.port() == *port && Some(shown.ip()).filter(|ip| !ip.is_unspecified()) == *ip
                    })
            }
            Listen::Unix(address) => shown.parse().is_ok_and(|shown: Address| shown.is_same(address)),
        }
    }

    /// What Go says where it cannot be bound.
    pub(crate) fn refused(&self, text: &str, error: &io::Error) -> String {
        let why = squall_wire::reason(error);
        let addr = match self {
            Listen::Unix(address) => {
                let path = address.to_string();
                return format!("listen unix {}: bind: {why}", path.trim_start_matches("unix:"));
            }
            Listen::Tcp { ip: Some(ip), port } => SocketAddr::new(*ip, *port).to_string(),
            Listen::Tcp { ip: None, port } if text.starts_with("0.0.0.0:") => format!("0.0.0.0:{port}"),
            Listen::Tcp { ip: None, port } if text.starts_with("[::]:") => format!("[::]:{port}"),
            Listen::Tcp { ip: None, port } => format!(":{port}"),
        };
        format!("listen tcp {addr}: bind: {why}")
    }
}

/// The host and the port of `text`.
fn split(text: &str) -> Result<(&str, &str), ResolveError> {
    let wrong = |why: &str| ResolveError(format!("address {text}: {why}"));
    let Some(colon) = text.rfind(':') else { return Err(wrong("missing port in address")) };
    if let Some(rest) = text.strip_prefix('[') {
        let Some((host, behind)) = rest.split_once(']') else { return Err(wrong("missing ']' in address")) };
        return match behind.strip_prefix(':') {
            None if behind.is_empty() => Err(wrong("missing port in address")),
            Some(port) if !port.contains(':') => Ok((host, port)),
            _ => Err(wrong("too many colons in address")),
        };
    }
    let (host, port) = (&text[..colon], &text[colon + 1..]);
    if host.contains(':') { Err(wrong("too many colons in address")) } else { Ok((host, port)) }
}

fn port_number(text: &str) -> Result<u16, ResolveError> {
    if text.is_empty() {
        return Ok(0);
    }
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    match text.parse() {
        Ok(port) => Ok(port),
        Err(_) if digits.bytes().all(|b| b.is_ascii_digit()) => {
            Err(ResolveError(format!("address {text}: invalid port")))
        }
        Err(_) => Err(ResolveError(format!("lookup tcp/{text}: unknown port"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn at(text: &str) -> Result<String, String> {
        let listen = Listen::resolve(text).await.map_err(|error| error.to_string())?;
        Ok(listen.candidates()[0].to_string())
    }

    #[tokio::test]
    async fn addresses_are_read_as_go_does() {
        for (text, bound) in [
            ("127.0.0.1:80", "127.0.0.1:80"),
            ("localhost:0", "127.0.0.1:0"),
            ("[::1]:80", "[::1]:80"),
            ("localhost:", "127.0.0.1:0"),
            (":80", "[::]:80"),
            ("0.0.0.0:80", "[::]:80"),
            ("[::]:80", "[::]:80"),
            ("", "[::]:0"),
            ("unix:/run/a.sock", "unix:/run/a.sock"),
        ] {
            assert_eq!(at(text).await, Ok(bound.to_owned()), "{text}");
        }
        for (text, told) in [
            ("local373", "address local373: missing port in address"),
            ("unix:", "bad path in `unix:`; write unix:PATH"),
            ("[::1]", "address [::1]: missing port in address"),
            ("::1:80", "address ::1:80: too many colons in address"),
            ("[::1:80", "address [::1:80: missing ']' in address"),
            ("localhost:99999", "address 99999: invalid port"),
            ("localhost:-1", "address -1: invalid port"),
            ("localhost:x", "lookup tcp/x: unknown port"),
            ("no such host:80", "lookup no such host: no such host"),
        ] {
            assert_eq!(at(text).await, Err(told.to_owned()), "{text}");
        }
    }

    #[tokio::test]
    async fn an_address_is_known_again_where_it_was_bound() {
        for (text, shown, same) in [
            ("localhost:80", "127.0.0.1:80", true),
            (":80", "[::]:80", true),
            ("0.0.0.0:80", "[::]:80", true),
            ("0.0.0.0:80", "0.0.0.0:80", true),
            ("127.0.0.1:80", "[::]:80", false),
            ("127.0.0.1:0", "127.0.0.1:80", false),
            ("127.0.0.1:0", "127.0.0.1:0", false),
            ("unix:./a", "unix:a", true),
            ("unix:a", "127.0.0.1:80", false),
        ] {
            let listen = Listen::resolve(text).await.expect("an address");
            assert_eq!(listen.is_at(shown), same, "{text} {shown}");
        }
    }

    #[tokio::test]
    async fn a_refusal_names_the_address_that_was_asked_for() {
        let error = io::Error::from_raw_os_error(98);
        for (text, told) in [
            ("localhost:3310", "listen tcp 127.0.0.1:3310: bind: "),
            ("0.0.0.0:3310", "listen tcp 0.0.0.0:3310: bind: "),
            (":3310", "listen tcp :3310: bind: "),
            ("unix:/a", "listen unix /a: bind: "),
        ] {
            let listen = Listen::resolve(text).await.expect("an address");
            assert!(listen.refused(text, &error).starts_with(told), "{}", listen.refused(text, &error));
        }
    }
}
