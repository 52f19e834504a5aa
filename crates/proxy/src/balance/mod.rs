//! A link whose upstream is picked: the pool of a balancer with the sockets behind it.
//!
//! - [`Balance`] is what is asked for, [`BalancerHandle`] speaks for an operator while the link runs
//! - `balancer` is the pool behind its mutex; `assigned` one connection's place at a member, given back on every path
//! - `dial` picks and dials until a member answers; `upkeep` probes members and notices what is over
//! - [`Picks`] is the log of who was picked

mod assigned;
mod balancer;
mod builder;
mod check;
mod dial;
mod handle;
mod picks;
mod upkeep;

pub(crate) use assigned::{Assigned, Seat};
pub(crate) use balancer::Balancer;
pub use builder::{Balance, Member};
pub use check::Check;
pub(crate) use dial::connect;
pub use handle::{BalanceError, BalancerHandle};
pub use picks::Picks;
pub(crate) use upkeep::keep;
