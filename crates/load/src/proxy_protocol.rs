//! The line or block that tells a server behind a proxy where a connection comes from: PROXY protocol, versions 1 and 2.

use std::net::SocketAddr;

/// Which version is spoken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ProxyProtocol {
    /// A line of text.
    V1,
    /// A binary block.
    V2,
}

/// How version 2 begins.
const SIGNATURE: [u8; 12] = *b"\r\n\r\n\0\r\nQUIT\n";

impl ProxyProtocol {
    /// What a connection begins with of which nobody can say where it comes from.
    pub(crate) fn unknown(self) -> Vec<u8> {
        match self {
            ProxyProtocol::V1 => b"PROXY UNKNOWN\r\n".to_vec(),
            ProxyProtocol::V2 => [&SIGNATURE[..], &[0x21, 0, 0, 0]].concat(),
        }
    }

    /// What a connection `from` an address `to` another begins with.
    pub(crate) fn header(self, from: SocketAddr, to: SocketAddr) -> Vec<u8> {
        match self {
            ProxyProtocol::V1 => {
                let family = if from.is_ipv4() { "TCP4" } else { "TCP6" };
                let (source, target) = (from.ip(), to.ip());
                format!("PROXY {family} {source} {target} {} {}\r\n", from.port(), to.port()).into_bytes()
            }
            ProxyProtocol::V2 => {
                let mut addresses = Vec::new();
                let family = match (from, to) {
                    (SocketAddr::V4(from), SocketAddr::V4(to)) => {
                        addresses.extend(from.ip().octets());
                        addresses.extend(to.ip().octets());
                        0x11
                    }
                    (from, to) => {
                        let v6 = |addr: SocketAddr| match addr {
                            SocketAddr::V4(addr) => addr.ip().to_ipv6_mapped().octets(),
                            SocketAddr::V6(addr) => addr.ip().octets(),
                        };
                        addresses.extend(v6(from));
                        addresses.extend(v6(to));
                        0x21
                    }
                };
                addresses.extend(from.port().to_be_bytes());
                addresses.extend(to.port().to_be_bytes());
                let mut header = SIGNATURE.to_vec();
                header.extend([0x21, family]);
                header.extend((addresses.len() as u16).to_be_bytes());
                header.extend(addresses);
                header
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addr(text: &str) -> SocketAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn version_1_is_a_line() {
        let header = ProxyProtocol::V1.header(addr("127.0.0.1:5"), addr("127.0.0.2:80"));
        assert_eq!(header, b"PROXY TCP4 127.0.0.1 127.0.0.2 5 80\r\n");
        let header = ProxyProtocol::V1.header(addr("[::1]:5"), addr("[::2]:80"));
        assert_eq!(header, b"PROXY TCP6 ::1 ::2 5 80\r\n");
    }

    #[test]
    fn where_a_connection_without_addresses_comes_from_is_unknown() {
        assert_eq!(ProxyProtocol::V1.unknown(), b"PROXY UNKNOWN\r\n");
        let header = ProxyProtocol::V2.unknown();
        assert_eq!((header.len(), &header[12..]), (16, [0x21, 0, 0, 0].as_slice()));
    }

    #[test]
    fn version_2_is_a_block_of_its_stated_length() {
        let header = ProxyProtocol::V2.header(addr("127.0.0.1:258"), addr("127.0.0.2:80"));
        assert_eq!(header[..12], SIGNATURE);
        assert_eq!(header[12..], [0x21, 0x11, 0, 12, 127, 0, 0, 1, 127, 0, 0, 2, 1, 2, 0, 80]);
        let header = ProxyProtocol::V2.header(addr("[::1]:258"), addr("[::2]:80"));
        assert_eq!((header.len(), &header[12..16]), (52, [0x21, 0x21, 0, 36].as_slice()));
    }
}
