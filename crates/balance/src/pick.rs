//! What is asked of a pool for a connection, and what it answers.

use crate::condition::Condition;
use crate::event::Event;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;

/// A member of one pool, by its place in the list.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct MemberId(pub(crate) u32);

impl MemberId {
    /// Its place in the list, from 0.
    pub fn index(self) -> usize {
        self.0 as usize
    }

    pub(crate) fn of(index: usize) -> MemberId {
        MemberId(u32::try_from(index).unwrap_or(u32::MAX))
    }
}

/// Where a connection comes from, for [`Algorithm::SourceHash`](crate::Algorithm::SourceHash).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Source<'a> {
    /// The client's address without its port. An IPv4 address inside an IPv6 one is the same source as itself.
    Ip(IpAddr),
    /// Anything else that tells clients apart. All connections of nobody in particular, such as those to a Unix socket, are
    /// one source: no bytes.
    Bytes(&'a [u8]),
}

impl Source<'_> {
    pub(crate) fn bytes(&self) -> Cow<'_, [u8]> {
        match self {
            Source::Ip(ip) => match ip.to_canonical() {
                IpAddr::V4(ip) => Cow::Owned(ip.octets().to_vec()),
                IpAddr::V6(ip) => Cow::Owned(ip.octets().to_vec()),
            },
            Source::Bytes(bytes) => Cow::Borrowed(bytes),
        }
    }
}

impl From<IpAddr> for Source<'_> {
    fn from(ip: IpAddr) -> Self {
        Source::Ip(ip)
    }
}

/// A connection that wants a member.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Arrival<'a> {
    /// Its number in accept order, from 1. With the seed and the attempt, it is the key of the draws.
    pub connection: u64,
    /// 1 for the first pick, one more for each after a dial that failed.
    pub attempt: u32,
    /// Where it comes from.
    pub source: Source<'a>,
    /// Members that are not to be picked, because it has tried them.
    pub tried: &'a [MemberId],
}

impl<'a> Arrival<'a> {
    /// The first attempt for connection `connection`, from nobody in particular.
    pub fn new(connection: u64) -> Arrival<'a> {
        Arrival { connection, attempt: 1, source: Source::Bytes(&[]), tried: &[] }
    }

    /// Sets where the connection comes from.
    #[must_use]
    pub fn source(self, source: impl Into<Source<'a>>) -> Arrival<'a> {
        Arrival { source: source.into(), ..self }
    }

    /// The attempt after those that met the members in `tried`, one each.
    #[must_use]
    pub fn tried(self, tried: &'a [MemberId]) -> Arrival<'a> {
        let attempts = u32::try_from(tried.len()).unwrap_or(u32::MAX);
        Arrival { attempt: attempts.saturating_add(1), tried, ..self }
    }
}

/// The members that were drawn and compared; only p2c draws more than it takes.
pub type Candidates = [Option<MemberId>; 2];

/// What a pool answered to an [`Arrival`].
#[derive(Clone, PartialEq, Eq, Debug)]
#[must_use = "the member counts this connection until it is told of its end"]
pub struct Pick {
    /// The connection's number.
    pub connection: u64,
    /// The attempt, from 1.
    pub attempt: u32,
    /// The member, which counts the connection from now on, or why there is none.
    pub member: Result<MemberId, NoMember>,
    /// For p2c those that were drawn, in that order: two, or one where there was no other.
    pub candidates: Candidates,
    /// What was noticed on the way: ejections and slow starts that are over.
    pub events: Vec<Event>,
}

/// Why no member could take a connection: how many were in which condition.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, thiserror::Error, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NoMember {
    /// Members by what kept them from it.
    pub conditions: BTreeMap<Condition, u32>,
}

impl fmt::Display for NoMember {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no member can take the connection")?;
        for (index, (condition, count)) in self.conditions.iter().enumerate() {
            write!(f, "{} {count} {condition}", if index == 0 { ":" } else { "," })?;
        }
        Ok(())
    }
}

/// A pick as a line of the decision log. There is no time in it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Decision {
    /// The pool's name.
    pub balancer: String,
    /// The connection's number.
    pub connection: u64,
    /// The attempt, from 1.
    pub attempt: u32,
    /// The member that was picked, by name.
    pub member: Option<String>,
    /// For p2c those that were drawn, in that order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub candidates: Vec<String>,
    /// Why there is no member.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<NoMember>,
}
