//! The fault model of squall: every fault as a pure function of byte ranges, time and keyed draws.
//!
//! Nothing here owns a socket, a task, a timer, a clock or a payload. A [`Conn`] is told that bytes arrived ([`Conn::push`])
//! and when, and answers what to do ([`Conn::pop`]) and when to ask again ([`Conn::next_due`]).
//!
//! - [`catalogue`]: every fault, one file each; [`Fault`] is what they implement
//! - [`FaultSpec`]: a fault as it was asked for, in the grammar of `--fault` or by the methods of [`Shape`]
//! - [`Plan`]: the faults in force on a link
//! - [`Conn`]: a connection under a plan
//! - [`value`]: durations, sizes, rates and the like, as people write them
//! - [`Lane`]: the draws behind every random decision

pub mod catalogue;
mod direction;
mod engine;
mod fault;
mod key;
mod kind;
mod params;
mod plan;
mod spec;
mod tick;
pub mod value;
#[cfg(test)]
pub mod worked_example;

pub use catalogue::*;
pub use direction::{Direction, Directions, Peer, Side};
pub use engine::{Action, Conn, Cx, Ending, How, Opening, Range};
pub use fault::{Carrier, Fault, Rank};
pub use key::{ConnKey, Lane, below, chance};
pub use kind::{Kind, find_kind, kind_names};
pub use params::{Absent, Items, Param, Params};
pub use plan::{DEFAULT_SEGMENT, LinkId, NameTaken, Plan, Planned};
pub use spec::{
    After, FaultSpec, LinkedSpec, Part, PartError, Scope, Shape, SpecBuilder, SpecError, nearest,
};
pub use tick::Tick;
pub use value::{IndexSet, Probability, Rate, Size, Subnet};
