//! Load generator: clients in a closed or an open loop that verify every byte that comes back.
//!
//! - [`Load`] is what is asked for; [`Load::start`] begins it, and [`Running::finish`] yields the [`Report`]
//! - [`Schedule`] says when each operation of an open loop is due, [`Mix`] how large it is: pure functions of its number
//! - `stream` is a load over connections, `datagram` one over datagrams
//! - `talk` is what is said: seeded bytes, a text, frames, or HTTP by `http`

mod counters;
mod datagram;
mod deal;
mod draw;
mod generator;
mod histogram;
mod http;
mod mix;
mod moments;
mod plan;
mod proxy_protocol;
mod report;
mod running;
mod schedule;
mod shared;
mod source;
mod stream;
mod talk;
mod tally;

pub use counters::{Connections, Counts, Errors, Integrity, Transfer};
pub use generator::Generator;
pub use histogram::{Encoded, Latency};
pub use http::{Expect, Request, RequestError, Statuses};
pub use mix::Mix;
pub use moments::Moment;
pub use plan::{Close, Load};
pub use proxy_protocol::ProxyProtocol;
pub use report::{
    Document, Figures, FullConnections, FullCounts, FullIntegrity, FullTiming, Histograms, Interval,
    MergeError, Outcome, Plan, Report, RunInfo, SCHEMA, Strays, Threshold, Throughput, Timing, Way, Wrong,
    schema,
};
pub use running::Running;
pub use schedule::{Arrivals, Rate, Schedule};
pub use source::Source;
