//! The engine of the model: what runs a plan's faults over one connection, without payload, clock or sockets.

mod action;
mod conn;
mod cx;
mod line;
mod replan;
mod running;
mod slot;
mod stage;

pub use action::{Action, Ending, How, Range};
pub use conn::{Conn, Opening};
pub use cx::Cx;
pub(crate) use running::{Running, SharedState, share, start};
