//! Faults between two ends in one process: on tokio's clock, which may be paused, and without a socket.

mod core;
mod duplex;
mod faults;
mod stream;

pub use duplex::{DuplexEnd, duplex};
pub use faults::{FaultHandle, Faults};
pub use stream::Faulty;
