//! Load generator: closed-loop clients that verify every byte that comes back.
//!
//! - [`Load`] is what is asked for; [`Load::start`] begins it, and [`Running::finish`] yields the [`Report`]
//! - `worker` is one connection's share of the requests, `exchange` one request
//! - `session` is the same over datagrams, `answers` which request a datagram answers

mod answers;
mod counters;
mod exchange;
mod plan;
mod report;
mod session;
mod worker;

pub use counters::{Connections, Counts, Errors, Integrity, Transfer};
pub use plan::{Load, Running};
pub use report::{Latency, Report, Strays, Throughput, Timing};
