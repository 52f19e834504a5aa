//! The model from outside: what a plan does to a connection, and how specs read.

mod changes;
mod churn;
mod datagram_drive;
mod datagrams;
mod decisions;
mod drive;
mod gates;
mod grammar;
mod kinds;
mod latency;
mod lifecycle;
mod loss;
mod presets;
mod rates;
mod recut;
mod schedule;
mod specs;
mod stacks;
mod triggers;
mod units;
mod updates;
