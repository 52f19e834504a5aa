//! The control API as Toxiproxy's clients know it, over sockets.

mod access;
mod api;
mod balance;
mod blocked;
mod conformance;
mod counts;
mod lifecycle;
mod populate;
mod squall;
mod traffic;
