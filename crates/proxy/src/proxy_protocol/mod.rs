//! The header that says where a connection comes from, before its first byte: PROXY protocol, versions 1 and 2.

mod read;
mod receive;
#[cfg(test)]
mod tests;
mod write;

pub(crate) use receive::receive;

/// Which version of the PROXY protocol is spoken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ProxyProtocol {
    /// A line of text.
    V1,
    /// A binary block.
    V2,
}

/// How version 2 begins.
const SIGNATURE: [u8; 12] = *b"\r\n\r\n\0\r\nQUIT\n";
/// How version 1 begins.
const WORD: &[u8] = b"PROXY ";
