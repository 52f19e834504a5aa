//! Links that carry datagrams: who a datagram is from, and the task that looks after one client.

mod flow;
mod inbox;
mod receiver;
mod serve;
mod store;
mod task;

pub(crate) use receiver::{Front, receive};
