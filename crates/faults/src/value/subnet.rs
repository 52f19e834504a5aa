//! Ranges of IP addresses: `10.0.0.0/8`, `192.168.1.7`, `fd00::/8`.

use super::{Value, ValueError};
use std::fmt;
use std::net::IpAddr;

/// An address and how many of its leading bits count.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Subnet {
    base: IpAddr,
    prefix: u8,
}

/// The bits of an address, at the top of 128, and how many it has.
fn bits(address: IpAddr) -> (u128, u8) {
    match address.to_canonical() {
        IpAddr::V4(v4) => (u128::from(v4.to_bits()) << 96, 32),
        IpAddr::V6(v6) => (v6.to_bits(), 128),
    }
}

impl Subnet {
    /// True where `address` lies in the range. An IPv4 address that is written as IPv6 counts as IPv4.
    pub fn contains(&self, address: IpAddr) -> bool {
        let ((base, width), (other, other_width)) = (bits(self.base), bits(address));
        let kept = 128 - u32::from(self.prefix);
        width == other_width && base.checked_shr(kept).unwrap_or(0) == other.checked_shr(kept).unwrap_or(0)
    }
}

impl From<IpAddr> for Subnet {
    fn from(address: IpAddr) -> Subnet {
        Subnet { base: address.to_canonical(), prefix: bits(address).1 }
    }
}

impl Value for Subnet {
    const KIND: &'static str = "address range";

    fn parse(text: &str) -> Result<Self, ValueError> {
        let (address, prefix) = text.split_once('/').unwrap_or((text, ""));
        let Ok(base) = address.parse::<IpAddr>() else {
            let error = ValueError::new(format!("`{address}` is not an IP address"));
            return Err(error.help("write `10.0.0.0/8`, or one address"));
        };
        let whole = Subnet::from(base);
        if !text.contains('/') {
            return Ok(whole);
        }
        match prefix.parse::<u8>() {
            Ok(prefix) if prefix <= whole.prefix => Ok(Subnet { prefix, ..whole }),
            _ => Err(ValueError::new(format!("`/{prefix}` is not a prefix of {base}"))
                .help(format!("write a length from /0 to /{}", whole.prefix))),
        }
    }

    fn render(&self) -> Option<String> {
        Some(self.to_string())
    }
}

impl fmt::Display for Subnet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.prefix == bits(self.base).1 {
            write!(f, "{}", self.base)
        } else {
            write!(f, "{}/{}", self.base, self.prefix)
        }
    }
}
