//! What runs through a link: a stream of bytes, or datagrams.

use std::fmt;

/// What a link carries.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Carrier {
    /// A byte stream: TCP.
    Stream,
    /// Datagrams: UDP.
    Datagram,
}

/// What a kind of fault can act on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Carriers {
    /// Streams alone.
    Stream,
    /// Datagrams alone.
    Datagram,
    /// Either.
    Both,
}

impl Carriers {
    /// True where `carrier` is among them.
    pub fn include(self, carrier: Carrier) -> bool {
        match self {
            Carriers::Both => true,
            Carriers::Stream => carrier == Carrier::Stream,
            Carriers::Datagram => carrier == Carrier::Datagram,
        }
    }
}

impl fmt::Display for Carrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Carrier::Stream => "TCP",
            Carrier::Datagram => "UDP",
        })
    }
}

/// Why a fault makes no sense on the carrier that it does not act on, and what does.
#[derive(Clone, Copy, Debug)]
pub struct Misfit {
    /// The reason, as a clause: "TCP delivers every byte once".
    pub reason: &'static str,
    /// The nearest fault that fits, as one would write it.
    pub instead: &'static str,
}
