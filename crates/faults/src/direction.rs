//! Which way bytes run through a link, and which of its two peers is meant.

use crate::value::words;
use serde::{Deserialize, Serialize};
use std::fmt;

/// One way through a link.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// Client to server.
    Up,
    /// Server to client.
    Down,
}

impl Direction {
    /// Both ways, in the order in which they are listed everywhere.
    pub const BOTH: [Direction; 2] = [Direction::Up, Direction::Down];

    /// 0 for up, 1 for down: the place in a pair of anything kept per direction.
    pub const fn index(self) -> usize {
        self as usize
    }

    /// The other way.
    #[must_use]
    pub const fn reverse(self) -> Direction {
        match self {
            Direction::Up => Direction::Down,
            Direction::Down => Direction::Up,
        }
    }

    /// The peer that sends what runs this way.
    pub const fn sender(self) -> Peer {
        self.receiver().other()
    }

    /// The peer that receives what runs this way.
    pub const fn receiver(self) -> Peer {
        match self {
            Direction::Up => Peer::Server,
            Direction::Down => Peer::Client,
        }
    }
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Direction::Up => "up",
            Direction::Down => "down",
        })
    }
}

/// One end of a proxied connection.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Peer {
    /// Whoever connected to the link.
    Client,
    /// Whoever the link dialled.
    Server,
}

impl Peer {
    /// 0 for the client, 1 for the server: the place in a pair of anything kept per peer.
    pub const fn index(self) -> usize {
        self as usize
    }

    /// The other end.
    #[must_use]
    pub const fn other(self) -> Peer {
        match self {
            Peer::Client => Peer::Server,
            Peer::Server => Peer::Client,
        }
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Peer::Client => "client",
            Peer::Server => "server",
        })
    }
}

words! {
    /// The directions in which a fault acts.
    Directions, "direction", {
        /// Client to server.
        Up = "up" | "upstream",
        /// Server to client.
        Down = "down" | "downstream",
        /// Both ways: two independent states under one name, counted together.
        Both = "both",
    }
}

impl Directions {
    /// True where the fault acts on bytes that run this way.
    pub fn covers(self, direction: Direction) -> bool {
        match self {
            Directions::Both => true,
            Directions::Up => direction == Direction::Up,
            Directions::Down => direction == Direction::Down,
        }
    }
}

words! {
    /// The peers that something happens to.
    Side, "side", {
        /// Both peers.
        Both = "both",
        /// The peer that connected to the link; the other sees an orderly end.
        Client = "client",
        /// The peer that the link dialled; the other sees an orderly end.
        Server = "server",
    }
}

impl From<Peer> for Side {
    fn from(peer: Peer) -> Side {
        match peer {
            Peer::Client => Side::Client,
            Peer::Server => Side::Server,
        }
    }
}

impl Side {
    /// True where this side includes `peer`.
    pub fn includes(self, peer: Peer) -> bool {
        match self {
            Side::Both => true,
            Side::Client => peer == Peer::Client,
            Side::Server => peer == Peer::Server,
        }
    }
}
