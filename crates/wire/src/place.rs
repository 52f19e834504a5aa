//! Where something listens or is dialled, as people write it: `HOST:PORT` or `unix:PATH`.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::os::unix::net::SocketAddr as UnixAddr;
use std::path::{PathBuf, absolute};
use std::str::FromStr;

use crate::address::{AddressError, Endpoint};

/// An address of a stream socket: `HOST:PORT`, `:PORT`, or `unix:PATH`. For [`Env::listen_at`] and [`Env::dial_at`].
///
/// ```
/// use squall_wire::Address;
///
/// let address: Address = "unix:run/app.sock".parse()?;
/// assert_eq!(address, Address::Unix("run/app.sock".into()));
/// assert_eq!(":80".parse::<Address>()?.to_string(), "127.0.0.1:80");
/// # Ok::<(), squall_wire::AddressError>(())
/// ```
///
/// [`Env::listen_at`]: crate::Env::listen_at
/// [`Env::dial_at`]: crate::Env::dial_at
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Address {
    /// A host and a port.
    Ip(Endpoint),
    /// A file in the file system; a relative path counts from the working folder. Systems allow some 100 bytes.
    Unix(PathBuf),
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        match text.strip_prefix("unix:") {
            None => text.parse().map(Self::Ip),
            Some(path) if path.is_empty() || path.contains('\0') => {
                Err(AddressError::BadPath(text.to_owned()))
            }
            Some(path) if UnixAddr::from_pathname(path).is_err() => {
                Err(AddressError::LongPath(text.to_owned()))
            }
            Some(path) => Ok(Self::Unix(path.into())),
        }
    }
}

impl Address {
    /// The IP address and the port, where there are such and the host is no name.
    pub fn socket_addr(&self) -> Option<SocketAddr> {
        match self {
            Self::Ip(endpoint) => Some(SocketAddr::new(endpoint.host.parse().ok()?, endpoint.port)),
            Self::Unix(_) => None,
        }
    }

    /// The same with the first of the addresses behind a name in its place. What is no name is not looked up, which takes a
    /// tokio runtime.
    ///
    /// # Errors
    /// Those of [`Endpoint::resolve`].
    pub async fn resolve(&self) -> io::Result<Self> {
        let Self::Ip(endpoint) = self else { return Ok(self.clone()) };
        let found = endpoint.resolve().await?;
        Ok((*found.first().ok_or(io::ErrorKind::NotFound)?).into())
    }

    /// Whether both are one place as far as can be told without looking names up; paths are compared from the root on.
    pub fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Unix(path), Self::Unix(other)) => {
                path == other
                    || absolute(path).ok().is_some_and(|path| absolute(other).is_ok_and(|o| o == path))
            }
            (Self::Ip(_), Self::Ip(_)) => {
                self == other || self.socket_addr().is_some_and(|addr| other.socket_addr() == Some(addr))
            }
            (Self::Ip(_), Self::Unix(_)) | (Self::Unix(_), Self::Ip(_)) => false,
        }
    }

    /// Whether it is the path of a unix socket.
    pub fn is_unix(&self) -> bool {
        matches!(self, Self::Unix(_))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(endpoint) => endpoint.fmt(f),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

impl From<SocketAddr> for Address {
    fn from(addr: SocketAddr) -> Self {
        Self::Ip(addr.into())
    }
}

impl From<Endpoint> for Address {
    fn from(endpoint: Endpoint) -> Self {
        Self::Ip(endpoint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_understood_and_shown_again() {
        for text in ["unix:/run/a.sock", "unix:a b", "unix:@name", "127.0.0.1:0", "[::1]:80", "host:7"] {
            assert_eq!(text.parse::<Address>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn one_place_is_known_in_other_words() {
        let address = |text: &str| text.parse::<Address>().unwrap();
        assert!(address("unix:a").is_same(&address("unix:./a")));
        assert!(address("[::1]:80").is_same(&address("[0::1]:80")));
        assert!(
            !address("unix:a").is_same(&address("unix:b")) && !address("a:1").is_same(&address("unix:a:1"))
        );
    }

    #[test]
    fn what_is_wrong_is_told() {
        let long = format!("unix:/{}", "a".repeat(200));
        let too_long = format!("path too long in `{long}`; unix sockets take some 100 bytes");
        for (text, told) in [
            ("unix:", "bad path in `unix:`; write unix:PATH"),
            ("/run/a.sock", "missing port in `/run/a.sock`; write HOST:PORT"),
            (&long, &too_long),
        ] {
            assert_eq!(text.parse::<Address>().unwrap_err().to_string(), told);
        }
    }
}
