//! The model from outside: what a plan does to a connection, and how specs read.

mod changes;
mod drive;
mod grammar;
mod lifecycle;
mod recut;
mod schedule;
mod units;
