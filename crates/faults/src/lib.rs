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

mod carrier;
pub mod catalogue;
mod decision;
mod direction;
mod engine;
mod fault;
mod gate;
mod key;
mod kind;
mod normal;
mod pacing;
mod params;
mod plan;
mod planned;
mod preset;
mod spec;
mod tick;
mod trace;
pub mod value;
mod welcome;
#[cfg(test)]
pub mod worked_example;

pub use carrier::{Carrier, Carriers, Misfit};
pub use catalogue::*;
pub use decision::{Decision, Decisions, Replay, ReplayError};
pub use direction::{Direction, Directions, Peer, Side};
pub use engine::{Action, Conn, Cx, Ending, How, Opening, Range};
pub use fault::{Fault, Rank};
pub use gate::{Admission, Entry, Gate, PortState, ServerAnswer, Welcome};
pub use key::{ConnKey, Draws, Lane, below, chance};
pub use kind::{Kind, find_kind, kind_names};
pub use params::{Absent, Items, Param, Params};
pub use plan::{DEFAULT_SEGMENT, LinkId, Plan, PlanError};
pub use planned::Planned;
pub use preset::{PRESETS, Preset, find_preset, nearest_preset, preset_names};
pub use spec::{
    After, FaultSpec, LinkedSpec, Part, PartError, Scope, Shape, SpecBuilder, SpecError, nearest,
};
pub use tick::Tick;
pub use trace::{Schedule, TraceError};
pub use value::{IndexSet, Pattern, Probability, Rate, Size, Subnet};
pub use welcome::PortPlan;
