//! Local addresses that a load's connections come from.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A range of addresses of this host. Connections take them in turn.
///
/// ```
/// use squall_load::Source;
///
/// let source = Source::new("127.0.0.0".parse()?, 24).expect("a range");
/// assert_eq!(source.address(1).to_string(), "127.0.0.1");
/// assert_eq!(source.address(255).to_string(), "127.0.0.1");
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Source {
    network: IpAddr,
    prefix: u8,
}

impl Source {
    /// The addresses that have the first `prefix` bits of `network`; none where there are not as many.
    pub fn new(network: IpAddr, prefix: u8) -> Option<Source> {
        let bits = if network.is_ipv4() { 32 } else { 128 };
        (prefix <= bits).then_some(Source { network, prefix })
    }

    /// Whether its addresses are of version 4.
    pub fn is_ipv4(&self) -> bool {
        self.network.is_ipv4()
    }

    /// The address of connection `number`, from 1. The first and the last of a range of version 4 are nobody's.
    pub fn address(&self, number: u64) -> IpAddr {
        let index = u128::from(number.saturating_sub(1));
        match self.network {
            IpAddr::V4(network) => {
                let hosts = 1_u64 << (32 - u32::from(self.prefix));
                let base = u64::from(network.to_bits()) & !(hosts - 1);
                let (first, count) = if hosts > 2 { (1, hosts - 2) } else { (0, hosts) };
                let host = first + (index % u128::from(count)) as u64;
                // Below 2^32: the base has no bit that a host has.
                IpAddr::V4(Ipv4Addr::from_bits((base + host) as u32))
            }
            IpAddr::V6(network) => {
                let mask = u128::MAX.checked_shr(u32::from(self.prefix)).unwrap_or(0);
                let base = network.to_bits() & !mask;
                IpAddr::V6(Ipv6Addr::from_bits(base | (index & mask)))
            }
        }
    }
}

impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.network, self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(network: &str, prefix: u8) -> Vec<String> {
        let source = Source::new(network.parse().expect("an address"), prefix).expect("a range");
        (1..=3).map(|number| source.address(number).to_string()).collect()
    }

    #[test]
    fn connections_take_the_hosts_of_a_range_in_turn() {
        assert_eq!(addresses("127.0.0.9", 24), ["127.0.0.1", "127.0.0.2", "127.0.0.3"]);
        assert_eq!(addresses("127.0.0.0", 30), ["127.0.0.1", "127.0.0.2", "127.0.0.1"]);
        assert_eq!(addresses("127.0.0.6", 31), ["127.0.0.6", "127.0.0.7", "127.0.0.6"]);
        assert_eq!(addresses("127.0.0.6", 32), ["127.0.0.6", "127.0.0.6", "127.0.0.6"]);
        assert_eq!(addresses("10.0.0.0", 0), ["0.0.0.1", "0.0.0.2", "0.0.0.3"]);
        assert_eq!(addresses("::1", 128), ["::1", "::1", "::1"]);
        assert_eq!(addresses("fd00::", 64), ["fd00::", "fd00::1", "fd00::2"]);
        assert_eq!(Source::new("127.0.0.1".parse().expect("an address"), 33), None);
    }
}
