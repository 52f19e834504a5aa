//! Decisions: what faults decided, to be written down, compared, and replayed in place of the draws.

mod log;
mod replay;

pub use log::Decisions;
pub(crate) use log::Recorder;
pub(crate) use replay::Script;
pub use replay::{Replay, ReplayError};

use crate::direction::Direction;
use crate::key::ConnKey;
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;

/// One decision of a fault. There is no time in it: what a clock decides is no decision and is not written down.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Decision {
    /// The link's name.
    pub link: String,
    /// The connection in the keys of the draws: its place in accept order, or worker and attempt.
    pub connection: ConnKey,
    /// The direction it concerns.
    pub direction: Direction,
    /// The fault's name.
    pub fault: String,
    /// What was decided about: a segment, a datagram, a piece, by its number.
    pub index: u64,
    /// Where in the direction's bytes that is.
    pub offset: u64,
    /// What was decided.
    pub action: String,
    /// The number drawn with it, where there is one.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub value: u64,
}

/// The action that stands for "acted on this connection", once for each and direction.
pub(crate) const ACT: &str = "act";

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_zero(value: &u64) -> bool {
    *value == 0
}

impl Decision {
    /// Where the decision stands in a sorted log.
    fn place(&self) -> impl Ord + '_ {
        let Decision { link, connection, direction, fault, index, offset, action, value } = self;
        (link, connection, direction, fault, index, offset, action, value)
    }
}

impl PartialOrd for Decision {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Decision {
    fn cmp(&self, other: &Self) -> Ordering {
        self.place().cmp(&other.place())
    }
}
