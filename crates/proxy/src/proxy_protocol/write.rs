//! The header as it is written.

use super::{ProxyProtocol, SIGNATURE};
use crate::live::Ends;
use std::net::{IpAddr, Ipv6Addr};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Version 2, on behalf of somebody.
const PROXIED: u8 = 0x21;
/// A stream between unix sockets.
const UNIX: u8 = 0x31;
/// Bytes of a path in version 2, the rest of them zeros.
const PATH: usize = 108;

impl ProxyProtocol {
    /// What tells of a connection between these two. Where one of them is IPv4 and the other IPv6, both are written as IPv6.
    /// Version 1 has no words for unix sockets.
    pub(crate) fn header(self, ends: &Ends) -> Vec<u8> {
        let (source, target) = match (ends, self) {
            (Ends::Ip { source, target }, _) => (source, target),
            (Ends::Unix(_), ProxyProtocol::V1) => return b"PROXY UNKNOWN\r\n".to_vec(),
            (Ends::Unix(path), ProxyProtocol::V2) => return paths(path),
        };
        let ports = [source.port(), target.port()];
        let [source, target] = [source, target].map(|addr| addr.ip().to_canonical());
        let both_v4 = source.is_ipv4() && target.is_ipv4();
        match (self, both_v4) {
            (ProxyProtocol::V1, true) => line("TCP4", source, target, ports),
            (ProxyProtocol::V1, false) => line("TCP6", wide(source).into(), wide(target).into(), ports),
            (ProxyProtocol::V2, true) => block(0x11, &[octets(source), octets(target)].concat(), ports),
            (ProxyProtocol::V2, false) => {
                block(0x21, &[wide(source).octets(), wide(target).octets()].concat(), ports)
            }
        }
    }
}

fn wide(ip: IpAddr) -> Ipv6Addr {
    match ip {
        IpAddr::V4(ip) => ip.to_ipv6_mapped(),
        IpAddr::V6(ip) => ip,
    }
}

fn octets(ip: IpAddr) -> Vec<u8> {
    match ip {
        IpAddr::V4(ip) => ip.octets().to_vec(),
        IpAddr::V6(ip) => ip.octets().to_vec(),
    }
}

fn line(family: &str, source: IpAddr, target: IpAddr, [from, to]: [u16; 2]) -> Vec<u8> {
    format!("PROXY {family} {source} {target} {from} {to}\r\n").into_bytes()
}

fn block(family: u8, addresses: &[u8], ports: [u16; 2]) -> Vec<u8> {
    let mut block = SIGNATURE.to_vec();
    // The addresses and four bytes of ports: 12 or 36.
    block.extend([PROXIED, family, 0, addresses.len() as u8 + 4]);
    block.extend(addresses);
    block.extend(ports.into_iter().flat_map(u16::to_be_bytes));
    block
}

/// Version 2 for a connection to a unix socket, from one without a name.
fn paths(target: &Path) -> Vec<u8> {
    let mut block = SIGNATURE.to_vec();
    block.extend([PROXIED, UNIX]);
    block.extend((2 * PATH as u16).to_be_bytes());
    let path = target.as_os_str().as_bytes();
    let mut addresses = [0; 2 * PATH];
    let len = path.len().min(PATH);
    addresses[PATH..PATH + len].copy_from_slice(&path[..len]);
    block.extend(addresses);
    block
}
