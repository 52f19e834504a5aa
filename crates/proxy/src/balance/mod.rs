//! A link whose upstream is picked: the pool of a balancer with the sockets behind it.
//!
//! - [`Balance`] is what is asked for, [`BalancerHandle`] speaks for an operator while the link runs
//! - `balancer` is the pool behind its mutex, `roster` who its members are; `assigned` one connection's place at a member, given back on every path
//! - `dial` picks and dials until a member answers; `upkeep` probes members and notices what is over
//! - [`Departed`] are members that have left and whose connections go on
//! - [`Picks`] is the log of who was picked

mod assigned;
mod balancer;
mod builder;
mod check;
mod departed;
mod dial;
mod handle;
mod picks;
mod roster;
mod upkeep;

pub(crate) use assigned::{Assigned, Seat};
pub(crate) use balancer::Balancer;
pub use builder::{Balance, Member};
pub use check::Check;
pub use departed::Departed;
pub(crate) use dial::connect;
pub use handle::{BalanceError, BalancerHandle};
pub use picks::Picks;
pub(crate) use upkeep::keep;
