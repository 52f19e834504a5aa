//! A load over connections: each has a worker that connects, sends, checks what comes, and connects again.

mod close;
mod connect;
mod flight;
mod line;
mod worker;

pub(crate) use flight::Flight;
pub(crate) use worker::Worker;
