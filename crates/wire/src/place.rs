//! Where something listens or is dialled, as people write it: `HOST:PORT` or `unix:PATH`.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
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
            Some(path) => Ok(Self::Unix(path.into())),
        }
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
    fn what_is_wrong_is_told() {
        for (text, told) in [
            ("unix:", "bad path in `unix:`; write unix:PATH"),
            ("/run/a.sock", "missing port in `/run/a.sock`; write HOST:PORT"),
        ] {
            assert_eq!(text.parse::<Address>().unwrap_err().to_string(), told);
        }
    }
}
